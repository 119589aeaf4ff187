// The view's own settings: which links are hidden, and for pairs of texts a table that is also a filter.
(A.headView ||= {}).rail = (() => {
  const STEPS = 200;
  // The slider is quadratic, so that small weights, where it matters, have most of its way.
  const toSlider = (threshold) => Math.round(STEPS * Math.sqrt(Math.min(1, threshold / 0.5)));
  const fromSlider = (step) => Number((0.5 * (step / STEPS) ** 2).toPrecision(2));

  function threshold(stage) {
    const { h } = A.dom,
      words = h("span", {}),
      field = h("input", { class: "slider", type: "range", min: 0, max: STEPS, step: 1, "aria-label": "Hide links under" });
    field.addEventListener("input", () => stage.selection.set({ threshold: fromSlider(Number(field.value)) }));
    const element = h("label", { class: "threshold" }, h("span", { class: "label block" }, words), field);
    const draw = (value) => {
      words.textContent = value > 0 ? `Hide links under ${A.headView.legend.limit(value)}` : "All links drawn";
      if (A.dom.focused() !== field) field.value = String(toSlider(value));
      field.setAttribute("aria-valuetext", words.textContent);
    };
    return { element, draw };
  }

  /** Mean share of a row's attention by segment: from A, B; to A, B, special. Cells are buttons that filter the links. */
  function pairs(stage) {
    const element = A.dom.h("section", { class: "pairs" });
    return { element, draw: (sheet) => drawPairs(stage, element, sheet) };
  }

  function drawPairs(stage, element, sheet) {
    const { h, put } = A.dom,
      segments = new Set(sheet.queryTokens.map((t) => t.segment)),
      { pairs: on } = stage.selection.state;
    element.hidden = !(segments.has(0) && segments.has(1));
    if (element.hidden) return put(element);
    const shares = table(sheet),
      cell = (from, to) => {
        const value = shares[from][to],
          name = from + to;
        return h(
          "td",
          {},
          h(
            "button",
            {
              type: "button",
              class: "pair-cell",
              "aria-pressed": String(on === name),
              "data-pair": name,
              "aria-label": `From ${from} to ${to === "S" ? "special tokens" : to}: ${A.words.percent(value)}. Show only these links`,
              on: { click: () => stage.selection.set({ pairs: on === name ? null : name }) },
            },
            A.words.percent(value),
          ),
        );
      };
    const row = (from) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, `from ${from}`),
        ["A", "B", "S"].map((to) => cell(from, to)),
      );
    return put(
      element,
      h("h3", { class: "label" }, "Attention between the two texts"),
      h(
        "table",
        { class: "pair-table" },
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("td"),
            ["to A", "to B", "special"].map((t) => h("th", { scope: "col" }, t)),
          ),
        ),
        h("tbody", {}, row("A"), row("B")),
      ),
      h(
        "p",
        { class: "small" },
        on
          ? "Only these links are drawn; press again for all."
          : `Mean share of a row${sheet.heads.every((head) => head.small) ? "" : ", of those shown so far"}. Press a cell to see only those links.`,
      ),
    );
  }

  function table(sheet) {
    const shares = { A: { A: 0, B: 0, S: 0 }, B: { A: 0, B: 0, S: 0 } },
      counts = { A: 0, B: 0 };
    const of = (t) => (t.rest || t.special ? "S" : ("AB"[t.segment] ?? "S")),
      local = sheet.heads.every((head) => head.small);
    for (const q of sheet.queryTokens) {
      const from = of(q);
      if (q.padding || from === "S" || (!local && !sheet.heads[0].rowNow(q.position))) continue;
      const row = sheet.mean(q.position);
      counts[from]++;
      for (const k of sheet.keyTokens) if (!k.padding) shares[from][of(k)] += row[k.position];
    }
    for (const from of ["A", "B"]) for (const to of ["A", "B", "S"]) shares[from][to] /= Math.max(1, counts[from]);
    return shares;
  }

  return { threshold, pairs, toSlider, fromSlider };
})();
