// The two columns of tokens with what stands beside them: rest bars on the left, weights on the right.
(A.headView ||= {}).columns = (() => {
  /** A token as SVG text, its position in small digits where it needs one. side: "query" (right-aligned) or "key". */
  function name(token, { side, x, y, room, position }) {
    const { svg, n } = A.dom,
      { fit, width } = A.tokens;
    const digits = position ? width(` ${token.position}`, 11) + 3 : 0,
      text = fit(A.words.token(token), room - digits);
    const rtl = A.words.direction(token.label) === "rtl",
      left = side === "key";
    const anchor = left === rtl ? "end" : "start";
    const label = svg(
      "text",
      { x: n(x), y: n(y + 5), class: "token", "text-anchor": anchor, direction: rtl ? "rtl" : "ltr" },
      text,
    );
    if (!position) return [label];
    const at = x + (left ? 1 : -1) * (width(text, 14, 600) + 4);
    return [
      label,
      svg("text", { x: n(at), y: n(y + 5), class: "position", "text-anchor": left ? "start" : "end" }, token.position),
    ];
  }

  function heads(geo, sheet, received) {
    const { svg, n } = A.dom,
      y = geo.narrow ? 20 : 18,
      words = geo.narrow
        ? ["rest", "from", "to"]
        : [`on ${A.rowPanel.shortRest(sheet.restName)}`, "token that looks", "token looked at"];
    const text = (x, anchor, words_, name_) =>
      svg("text", { x: n(x), y, class: `head-word ${name_ || ""}`, "text-anchor": anchor }, words_);
    return svg(
      "g",
      { "aria-hidden": "true" },
      geo.rest && !geo.blank
        ? text(
            geo.restAt,
            "start",
            A.tokens.fit(words[0], geo.narrow ? 40 : geo.queryEnd - geo.restAt - A.tokens.width(words[1], 12) - 8, 12),
          )
        : null,
      text(geo.queryEnd, "end", words[1]),
      text(geo.keyStart, "start", words[2]),
      text(geo.right, "end", received, "weight-word"),
      geo.bar
        ? ["start", "end"].map((at) =>
            svg("text", {
              class: `tick-word bar-${at}`,
              x: n(geo.barStart + (at === "end" ? geo.bar : 0)),
              y: 31,
              "text-anchor": at === "end" ? "middle" : "start",
            }),
          )
        : null,
    );
  }

  /** One query row: [rest bar and number] and the token, in one group that takes the pointer and the keyboard focus. */
  function query(sheet, geo, q, { order, count, resting, summary, tab }) {
    const { svg, n } = A.dom,
      token = sheet.queryTokens[q],
      y = geo.y(q),
      barred = A.headView.sheet.barred(sheet, q);
    const cell = svg(
      "g",
      {
        role: "gridcell",
        class: `query${resting ? " resting" : ""}${barred ? " barred" : ""}`,
        "data-query": q,
        tabindex: tab ? "0" : "-1",
        "aria-label": summary,
        "aria-selected": "false",
      },
      svg("rect", {
        class: "hit",
        x: n(geo.restAt - 4),
        y: n(y - geo.pitch / 2),
        width: n(geo.lineStart - geo.restAt + 4),
        height: n(geo.pitch),
      }),
      svg("rect", {
        class: "ground",
        x: n(geo.queryStart - 6),
        y: n(y - Math.min(11, geo.pitch / 2)),
        width: n(geo.queryEnd - geo.queryStart + 12),
        height: n(Math.min(22, geo.pitch)),
        rx: 4,
      }),
      geo.rest && !geo.blank && !resting && !barred ? rest(sheet, geo, q, y) : null,
      name(token, {
        side: "query",
        x: geo.queryEnd,
        y,
        room: geo.queryWidth,
        position: geo.twice.query.has(token.label) && !token.rest,
      }),
      svg("circle", { class: "dot", cx: n(geo.lineStart), cy: n(y), r: 3.5 }),
    );
    return svg("g", { role: "row", "aria-rowindex": order, "aria-label": `${order} of ${count}` }, cell);
  }

  function rest(sheet, geo, q, y) {
    const { svg, n } = A.dom,
      value = sheet.rest(q);
    const number = svg(
      "text",
      { x: n(geo.restNumber), y: n(y + 4.5), class: "number rest-number", "text-anchor": "end" },
      geo.narrow ? A.words.short(value) : A.words.weight(value, 2),
    );
    if (geo.narrow) return number;
    return [
      svg("rect", { class: "track", x: n(geo.restAt), y: n(y - 4), width: geo.restWidth, height: 8 }),
      svg("rect", {
        class: "rest-bar",
        x: n(geo.restAt),
        y: n(y - 4),
        width: n(geo.restWidth * Math.min(1, Math.max(0, value))),
        height: 8,
        fill: "url(#rest-hatch)",
      }),
      number,
    ];
  }

  /** One key entry, or a ⋯; returns {element, entry, bars, number} for weights to be filled in. */
  function key(sheet, geo, entry, at) {
    const { svg, n } = A.dom,
      y = geo.keyY(at),
      bars = svg("g", { class: "bars" });
    const number = svg("text", { x: n(geo.right), y: n(y + 4.5), class: "number", "text-anchor": "end" });
    const hit = svg("rect", {
      class: "hit",
      x: n(geo.lineEnd),
      y: n(y - geo.pitch / 2),
      width: n(geo.right - geo.lineEnd + 4),
      height: n(geo.pitch),
    });
    let label,
      resting = false;
    if (entry.more) {
      const text = `⋯ ${A.words.count(entry.more.length)} more`;
      label = [
        svg("text", { x: n(geo.keyStart), y: n(y + 4.5), class: "more" }, text),
        geo.narrow
          ? null
          : svg("path", {
              class: "more-line",
              d: `M${n(geo.keyStart + A.tokens.width(text, 12) + 6)} ${n(y)}H${n(geo.right - 40)}`,
            }),
      ];
    } else {
      const token = sheet.keyTokens[entry.key];
      resting = token.rest && sheet.fold;
      label = name(token, {
        side: "key",
        x: geo.keyStart,
        y,
        room: geo.keyWidth,
        position: entry.gathered || (geo.twice.key.has(token.label) && !token.rest),
      });
    }
    const element = svg(
      "g",
      {
        class: `key${entry.more ? " is-more" : ""}${resting ? " resting" : ""}`,
        "data-at": at,
        ...(entry.more ? {} : { "data-key": entry.key }),
      },
      hit,
      label,
      bars,
      number,
    );
    return { element, entry, at, y, bars, number, resting };
  }

  /** Rules beside the two texts of a pair. */
  function segments(sheet, geo, plan, keys) {
    if (!geo.side) return null;
    const { svg, n } = A.dom,
      half = geo.pitch / 2 - 2;
    const runs = (items, tokens) => {
      const out = [];
      items.forEach(({ token, y }) => {
        const last = out[out.length - 1],
          s = tokens[token] ? tokens[token].segment : -1;
        if (s < 0 || tokens[token].rest) return;
        if (last && last.s === s) last.to = y;
        else out.push({ s, from: y, to: y });
      });
      return out;
    };
    const rule =
      (x, side) =>
      ({ s, from, to }) => [
        svg("path", { class: "segment-rule", d: `M${n(x)} ${n(from - half)}V${n(to + half)}` }),
        svg(
          "text",
          {
            class: "segment-name",
            x: n(x + (side === "left" ? -5 : 5)),
            y: n(from + 4),
            "text-anchor": side === "left" ? "end" : "start",
          },
          "AB"[s] ?? s,
        ),
      ];
    return svg(
      "g",
      { "aria-hidden": "true" },
      runs(
        plan.rows.map((q) => ({ token: q, y: geo.y(q) })),
        sheet.queryTokens,
      ).map(rule(geo.queryStart - 8, "left")),
      runs(
        keys.map((e, at) => ({ token: e.key, y: geo.keyY(at) })).filter((e) => e.token !== undefined),
        sheet.keyTokens,
      ).map(rule(geo.keyEnd + 6, "right")),
    );
  }

  return { name, heads, query, key, segments };
})();
