// Beside all heads: which measure, its highest eight and lowest four heads as buttons, and where one head stands among all.
(A.allHeads ||= {}).panel = (() => {
  function create(stage) {
    const { h, put } = A.dom,
      menu = h("select", { class: "select", "aria-label": "Measure under each head" }),
      lists = h("div", { class: "heads-lists" }),
      strips = h("section", { class: "head-panel" });
    menu.addEventListener("change", () => stage.selection.set({ measure: menu.value }));
    put(stage.panel, h("section", {}, h("h3", { class: "label" }, "Measure under each head"), menu, lists), strips);
    return { draw: (state) => draw(stage, state, menu, lists), strips: (state) => among(stage, state, strips) };
  }

  function draw(stage, state, menu, lists) {
    const { h, put } = A.dom,
      values = stage.data.measures(stage.selection.state.group);
    put(
      menu,
      stage.data.manifest.measures
        .filter((m) => values[m.name])
        .map((m) => h("option", { value: m.name, selected: m.name === state.measure }, m.title)),
    );
    menu.disabled = !state.measure;
    const { flat } = state,
      high = flat.slice(0, Math.min(8, Math.ceil(flat.length / 2))),
      low = flat.slice(high.length).slice(-4);
    const list = (title, cells) =>
      cells.length ? [h("p", { class: "small heads-title" }, title), cells.map((cell) => line(stage, state, cell))] : null;
    put(
      lists,
      state.definition ? h("p", { class: "small heads-text" }, state.definition.text || "") : null,
      list("highest", high),
      list("lowest", low),
    );
  }

  function line(stage, state, cell) {
    const { h } = A.dom,
      share = Math.max(0, (cell.value - state.range.low) / (state.range.high - state.range.low));
    return h(
      "button",
      {
        type: "button",
        class: `bar-line press${state.chosen(cell) ? " is-chosen" : ""}`,
        "aria-label": `Layer ${cell.layer}, head ${cell.head}: ${A.words.measure(cell.value, state.definition)}`,
        on: { click: () => stage.selection.set({ layer: cell.layer, heads: [cell.head] }) },
      },
      h("span", { class: "bar-name" }, `L${cell.layer} H${cell.head}`),
      h(
        "span",
        { class: "bar-slot" },
        h("i", { class: `bar-fill ${state.resting ? "rest" : ""}`, style: { width: `${100 * share}%` } }),
      ),
      h("span", { class: "bar-value" }, A.words.measure(cell.value, null)),
    );
  }

  /** The head under the pointer, else the chosen one. */
  function among(stage, state, slot) {
    const { h, put } = A.dom,
      { group } = stage.selection.state,
      values = stage.data.measures(group);
    const cell = state.hover || state.layout.cells.find(state.chosen),
      known = stage.data.manifest.measures
        .filter((m) => values[m.name] && values[m.name].flat().some((v) => v !== null))
        .slice(0, 5);
    if (!cell || !known.length) return put(slot);
    return put(
      slot,
      h(
        "h3",
        { class: "label" },
        A.headPanel.title(state.theme, cell.layer, [cell.head], state.count),
      ),
      known.map((m) => A.headPanel.strip(m, values[m.name], cell.row, [cell.head])),
    );
  }

  return { create, among };
})();
