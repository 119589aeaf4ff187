// What is laid over the still picture: one row with its numbers, one key with those who look at it, or nothing.
(A.headView ||= {}).focus = (() => {
  /** From which weight on the links of what is in focus are drawn: fainter ones than in the still picture, which the legend says. */
  const floor = ({ threshold, sheet }) => Math.min(threshold, sheet.heads.length > 1 ? 0.02 : 0.01);

  /** Show {query}, {key} or null on a drawn scene. */
  function show(scene, focus) {
    const { put } = A.dom,
      { parts, element, state } = scene,
      row = focus && focus.query !== undefined;
    element.classList.toggle("focused", !!focus);
    put(parts.over, row ? rowLines(scene, focus.query) : focus ? keyLines(scene, focus.key) : null);
    for (const [q, cell] of parts.queries) {
      cell.classList.toggle("on", row && q === focus.query);
      cell.classList.toggle("pinned", q === state.query);
      cell.setAttribute("aria-selected", String(q === state.query));
    }
    const weights = row ? scene.sheet.mean(focus.query) : scene.received;
    const heads = scene.sheet.heads.length,
      what = row ? "weight" : "received",
      top = row ? scene.tops.row : scene.tops.received,
      ends = state.blank ? ["", ""] : ["0", A.words.exact(top, 2)];
    parts.weightWord.textContent = state.blank ? "" : heads > 1 && !scene.geo.narrow ? `${what}, mean of ${heads}` : what;
    parts.ends.forEach((node, i) => {
      if (node) node.textContent = ends[i];
    });
    fillKeys(scene, focus, weights, row ? focus.query : null);
  }

  function rowLines(scene, q) {
    const { sheet, keys, geo, state } = scene,
      out = [],
      least = floor(scene);
    if (geo.y(q) === undefined) return out;
    for (let h = 0; h < sheet.heads.length; h++) {
      const row = sheet.row(h, q);
      keys.forEach((entry, at) => {
        if (entry.more) return;
        const w = row[entry.key],
          key = sheet.keyTokens[entry.key];
        if (w >= least && w < Infinity && !(sheet.fold && key.rest)) out.push({ h, q, at, key: entry.key, w });
      });
    }
    keys.forEach((entry, at) => {
      if (entry.more) {
        const w = sum(sheet.mean(q), entry.more);
        if (w >= 0.005) out.push({ h: 0, q, at, w, more: true });
      }
    });
    return out.sort((a, b) => a.w - b.w).map((l) => A.headView.draw.line(scene, l));
  }

  function keyLines(scene, key) {
    const at = scene.keys.findIndex((entry) => entry.key === key),
      { sheet, plan } = scene,
      out = [];
    if (at < 0) return out;
    for (let h = 0; h < sheet.heads.length; h++)
      for (const q of plan.rows)
        if (!(sheet.fold && sheet.queryTokens[q].rest)) {
          const w = sheet.row(h, q)[key];
          if (w < Infinity && w >= floor(scene)) out.push({ h, q, at, key, w });
        }
    return out.sort((a, b) => a.w - b.w).map((l) => A.headView.draw.line(scene, l));
  }

  const sum = (weights, keys) => keys.reduce((total, k) => total + (weights[k] || 0), 0);

  function fillKeys(scene, focus, weights, q) {
    const { parts, sheet, state } = scene,
      few = parts.keys.length <= 10,
      chosen = chosenKey(scene, focus, weights);
    const values = parts.keys.map(({ entry, resting }) =>
      resting ? 0 : entry.more ? sum(weights, entry.more) : weights[entry.key],
    );
    const top = q === null ? scene.tops.received : scene.tops.row;
    parts.keys.forEach((slot, i) => {
      if (state.blank) {
        slot.number.textContent = "";
        return A.dom.put(slot.bars);
      }
      const { entry, element, resting } = slot,
        value = values[i],
        own = !entry.more && entry.key === chosen;
      element.classList.toggle("chosen", own);
      element.classList.toggle("strong", !!focus && value >= 0.02);
      element.classList.toggle("pinned-key", own && state.key === entry.key);
      slot.number.textContent = resting || (value < (entry.more ? 0.0005 : 0.005) && !few) ? "" : A.words.weight(value);
      return A.dom.put(slot.bars, entry.more || resting ? null : bars(scene, slot, q, value, top));
    });
  }

  /** Bars of one key: one per head in its hue, end to end; cross-hatched where there is no number; a hairline where it is not allowed. */
  function bars(scene, slot, q, value, top) {
    const { svg, n } = A.dom,
      { geo, sheet, colours } = scene;
    if (!geo.bar) return null;
    const box = (x, width, props) => svg("rect", { x: n(x), y: n(slot.y - 4), width: n(width), height: 8, ...props });
    if (!Number.isFinite(value)) return box(geo.barStart, geo.bar, { class: "broken", fill: "url(#broken-hatch)" });
    if (q !== null && value === 0 && !sheet.heads[0].allowed(q, slot.entry.key))
      return box(geo.barStart, geo.bar, { class: "barred-box", fill: "url(#barred-hatch)" });
    let x = geo.barStart;
    return colours.map((colour, h) => {
      const one = (q === null ? scene.receivedBy[h] : sheet.row(h, q))[slot.entry.key] / colours.length,
        width = geo.bar * Math.min(1, one / top);
      const made =
        one > 0
          ? box(x, Math.max(width, colours.length > 1 ? 0 : 0.75), { style: { fill: colour.stroke }, class: "weight-bar" })
          : null;
      x += width;
      return made;
    });
  }

  function chosenKey(scene, focus, weights) {
    if (!focus) return null;
    if (focus.query === undefined) return focus.key;
    const { state, sheet } = scene;
    if (focus.query === state.query && state.key !== null) return state.key;
    return A.headView.sheet.ranked(sheet, weights)[0];
  }

  return { show, sum, floor };
})();
