// All heads and all measures as a table that sorts by any column.
(A.atlas ||= {}).table = (() => {
  function create(stage, does) {
    const { h } = A.dom,
      head = h("thead", {}),
      body = h("tbody", {}),
      table = h("table", { class: "atlas-table" }, head, body);
    const made = {
      element: h("div", { class: "atlas-scroll", tabindex: "0", role: "region", "aria-label": "All heads as a table" }, table),
      head,
      body,
      key: "",
      rising: false,
      by: "measure",
    };
    body.addEventListener("pointerover", (event) => {
      const row = event.target.closest("tr");
      if (row) does.point({ layer: Number(row.dataset.layer), head: Number(row.dataset.head) });
    });
    body.addEventListener("pointerleave", () => does.point(null));
    body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row) does.choose({ layer: Number(row.dataset.layer), head: Number(row.dataset.head) });
    });
    made.draw = (state) => draw(stage, made, state);
    made.mark = (state) => mark(made, state);
    return made;
  }

  /** The chosen measure's column stands first. */
  function columns(stage, state) {
    const values = stage.data.measures(state.group),
      known = stage.data.manifest.measures.filter((m) => values[m.name] && values[m.name].flat().some((v) => v !== null));
    return [...known.filter((m) => m.name === state.measure), ...known.filter((m) => m.name !== state.measure)];
  }

  function draw(stage, made, state) {
    const { h, put } = A.dom,
      all = columns(stage, state),
      key = [stage.data.manifest.id, state.group, state.measure, made.rising, made.by].join(" ");
    if (key === made.key) return mark(made, state);
    made.key = key;
    const values = stage.data.measures(state.group),
      sort = (by) => {
        if (by === "head" ? made.by === "head" : made.by === "measure" && by === state.measure) made.rising = !made.rising;
        else made.rising = by === "head";
        made.by = by === "head" ? "head" : "measure";
        if (by !== "head" && by !== state.measure) stage.selection.set({ measure: by });
        else draw(stage, made, state);
      };
    const header = (by, text, on) =>
      h(
        "th",
        { scope: "col", "aria-sort": on ? (made.rising ? "ascending" : "descending") : "none" },
        h(
          "button",
          { type: "button", dataset: { sort: by }, on: { click: () => sort(by) } },
          text,
          h("span", { "aria-hidden": "true" }, on ? (made.rising ? " ↑" : " ↓") : ""),
        ),
      );
    put(
      made.head,
      h(
        "tr",
        {},
        header("head", "Head", made.by === "head"),
        all.map((m) => header(m.name, m.title, made.by === "measure" && m.name === state.measure)),
        h("th", { scope: "col" }, "Pattern"),
      ),
    );
    put(
      made.body,
      order(state, made).map((c) =>
        h(
          "tr",
          { dataset: { layer: c.layer, head: c.head } },
          h("th", { scope: "row" }, h("button", { type: "button" }, `L${c.layer} H${c.head}`)),
          all.map((m) =>
            h(
              "td",
              { class: m.name === state.measure ? "is-measure" : null },
              A.words.measure(values[m.name][c.row][c.head], null),
            ),
          ),
          h("td", { class: "atlas-pattern" }, state.names[c.row][c.head]),
        ),
      ),
    );
    return mark(made, state);
  }

  function order(state, { by, rising }) {
    const sign = rising ? 1 : -1,
      place = (a, b) => a.row - b.row || a.head - b.head;
    if (by === "head") return [...state.every].sort((a, b) => sign * place(a, b));
    return [...state.every].sort(
      (a, b) => (a.value === null ? 1 : b.value === null ? -1 : sign * (a.value - b.value)) || place(a, b),
    );
  }

  function mark(made, state) {
    for (const row of made.body.children) {
      const c = { layer: Number(row.dataset.layer), head: Number(row.dataset.head) };
      row.classList.toggle("on", state.chosen(c));
      row.classList.toggle("over", !!state.hover && state.hover.layer === c.layer && state.hover.head === c.head);
    }
  }

  return { create };
})();
