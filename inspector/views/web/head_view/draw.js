// The still picture: columns, lines, legend. What changes under the pointer is laid over it in focus.js.
(A.headView ||= {}).draw = (() => {
  const KEY_WEIGHTS = [0.05, 0.25, 0.5, 1];

  function patterns() {
    const { svg } = A.dom;
    const hatch = (id, size, name, paths) =>
      svg(
        "pattern",
        { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
        paths.map((d) => svg("path", { d, class: name })),
      );
    return svg(
      "defs",
      {},
      hatch("rest-hatch", 4, "hatch-rest", ["M1 0V4"]),
      hatch("barred-hatch", 4, "hatch-barred", ["M1 0V4"]),
      hatch("broken-hatch", 4, "hatch-broken", ["M1 0V4", "M0 1H4"]),
    );
  }

  /** Puts everything into the svg element; returns the parts that focus.js changes. */
  function all(element, scene) {
    const { svg, put } = A.dom,
      { columns } = A.headView,
      { sheet, geo, plan, keys, found } = scene;
    const made = keys.map((entry, at) => columns.key(sheet, geo, entry, at));
    const lines = svg(
      "g",
      { class: "lines", "aria-hidden": "true" },
      found.links.map((link) => line(scene, link)),
    );
    const over = svg("g", { class: "over-lines", "aria-hidden": "true" });
    const rows = plan.rows.map((q, i) =>
      columns.query(sheet, geo, q, {
        order: q + 1,
        count: sheet.queryTokens.length,
        tab: q === scene.stop,
        resting: sheet.fold && sheet.queryTokens[q].rest,
        summary: scene.summary(q),
      }),
    );
    const legend = legendOf(scene),
      height = geo.bottom + legend.height + 10;
    element.setAttribute("width", geo.width);
    element.setAttribute("height", Math.ceil(height));
    element.setAttribute("viewBox", `0 0 ${geo.width} ${Math.ceil(height)}`);
    element.setAttribute("aria-rowcount", sheet.queryTokens.length);
    put(
      element,
      patterns(),
      columns.heads(geo, sheet, ""),
      lines,
      over,
      columns.segments(sheet, geo, plan, keys),
      svg("g", { role: "rowgroup" }, rows),
      svg(
        "g",
        { class: "keys-column", "aria-hidden": "true" },
        made.map((k) => k.element),
      ),
      legend.element,
    );
    return {
      lines,
      over,
      keys: made,
      queries: new Map(plan.rows.map((q, i) => [q, rows[i].firstChild])),
      weightWord: element.querySelector(".weight-word"),
      ends: ["start", "end"].map((at) => element.querySelector(`.bar-${at}`)),
    };
  }

  /** One link as a path. */
  function line(scene, { h, q, at, w, more }) {
    const { svg } = A.dom,
      { links } = A.headView,
      { geo, colours } = scene,
      colour = colours[h];
    return svg("path", {
      d: links.curve(geo.lineStart, geo.y(q), geo.lineEnd, geo.keyY(at)),
      class: more ? "line bundle" : "line",
      "stroke-width": A.dom.n(links.width(w, colours.length)),
      "stroke-dasharray": more ? "3 4" : colour.dash,
      style: {
        ...(more ? {} : { stroke: colour.stroke }),
        "--o": links.opacity(w).toFixed(3),
        "--d": links.dimmed(w).toFixed(3),
      },
    });
  }

  /** Line samples and the sentence that says how much is drawn. */
  function legendOf(scene) {
    const { svg, n } = A.dom,
      { geo, colours } = scene,
      { links } = A.headView,
      top = geo.bottom + 24,
      wide = geo.width > 640;
    const samples = KEY_WEIGHTS.map((w, i) => [
      svg("path", {
        class: "line sample",
        d: `M${n(geo.edge + 2 + i * 36)} ${n(top)}h24`,
        "stroke-width": n(links.width(w, colours.length)),
        style: { stroke: colours.length > 1 ? "var(--muted)" : colours[0].stroke, "--o": links.opacity(w).toFixed(3) },
      }),
      svg("text", { class: "tick-word", x: n(geo.edge + 14 + i * 36), y: n(top + 16), "text-anchor": "middle" }, w),
    ]);
    const x = wide ? geo.edge + 160 : geo.edge,
      y = wide ? top + 3 : top + 36;
    const lines = A.tokens.wrap(scene.legend, geo.width - x - geo.edge, 12);
    return {
      element: svg(
        "g",
        { class: "legend" },
        svg("g", { "aria-hidden": "true" }, samples),
        lines.map((words, i) => svg("text", { class: "legend-words", x: n(x), y: n(y + 18 * i) }, words)),
      ),
      height: (wide ? 30 : 48) + 18 * lines.length,
    };
  }

  return { all, line };
})();

/** The hues of the heads drawn, with their names, for a file that has no chips. */
A.headView.swatches = ({ colours, state }) =>
  state.heads.slice(0, 8).map((head, i) => ({ stroke: colours[i].stroke, label: `head ${head}` }));
