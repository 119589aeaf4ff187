// All heads of a group as a small grid, shaded by a measure: position is memory, so it replaces a layer menu.
A.navigator = {
  /** {element, draw()} for the rail. */
  create(stage) {
    const { h } = A.dom;
    const title = h("h3", { class: "label" }),
      menu = h("select", { class: "select", "aria-label": "Measure that shades the heads" });
    const grid = h("div", { class: "nav-grid", role: "grid" }),
      legend = h("div", { class: "nav-legend" }),
      unit = h("p", { class: "small" });
    const element = h("section", { class: "navigator" }, title, menu, h("div", { class: "nav-scroll" }, grid), legend, unit);
    menu.addEventListener("change", () => {
      stage.selection.set({ measure: menu.value });
    });
    grid.addEventListener("keydown", (event) => A.navigator.key(stage, grid, event));
    return { element, draw: () => A.navigator.draw(stage, { title, menu, grid, legend, unit }) };
  },

  /** The measure that shades: the reader's choice, else the first that has values. */
  measure(stage) {
    const { group, measure } = stage.selection.state,
      values = stage.data.measures(group);
    const names = stage.data.manifest.measures.map((m) => m.name).filter((name) => values[name]);
    return names.includes(measure) ? measure : names[0] || null;
  },

  draw(stage, { title, menu, grid, legend, unit }) {
    const { h, put } = A.dom,
      { group, layer } = stage.selection.state,
      heads = A.choices.heads(stage.selection.state),
      { layers } = stage.data.group(group);
    const name = A.navigator.measure(stage),
      values = stage.data.measures(group),
      definition = stage.data.measure(name);
    const columns = Math.max(...layers.map((l) => l.heads)),
      total = layers.reduce((sum, l) => sum + l.heads, 0);
    title.textContent = name ? `All ${A.words.plural(total, "head")}, shaded by` : `All ${A.words.plural(total, "head")}`;
    menu.hidden = !name;
    put(
      menu,
      stage.data.manifest.measures
        .filter((m) => values[m.name])
        .map((m) => h("option", { value: m.name, selected: m.name === name }, m.title)),
    );
    const flat = name ? values[name].flat().filter((v) => v !== null && Number.isFinite(v)) : [];
    const low = Math.min(0, definition && definition.low !== null && definition.low !== undefined ? definition.low : 0, ...flat),
      high = Math.max(...flat, low + 1e-9);
    const theme = stage.theme(),
      gap = columns > 16 ? 1 : 1.5,
      size = Math.max(5, Math.min(17, (200 - columns * gap) / columns));
    grid.style.gridTemplateColumns = `14px repeat(${columns}, ${size}px)`;
    grid.style.setProperty("--cell", `${size}px`);
    grid.style.gap = `${gap}px`;
    const step = columns <= 12 ? 1 : columns <= 32 ? 4 : 8;
    const headers = Array.from({ length: columns }, (_, i) =>
      h("span", { class: "nav-head", role: "columnheader" }, i % step ? "" : i),
    );
    const rows = layers.map((l, r) =>
      h(
        "div",
        { role: "row", class: "nav-row" },
        h("span", { class: "nav-head", role: "rowheader" }, r % (layers.length <= 16 ? 1 : 4) ? "" : l.index),
        Array.from({ length: l.heads }, (_, head) =>
          A.navigator.cell(stage, l, head, {
            value: name ? values[name][r][head] : null,
            low,
            high,
            theme,
            definition,
            on: l.index === layer && heads.includes(head),
            first: l.index === layer && stage.selection.state.heads[0] === head,
          }),
        ),
      ),
    );
    const focused = A.dom.focused(),
      held = focused && grid.contains(focused);
    put(grid, h("div", { role: "row", class: "nav-row" }, h("span", { class: "nav-head" }), headers), rows);
    grid.setAttribute("aria-label", "Layers by heads");
    A.navigator.reveal(grid.parentNode, grid.querySelector(".on"));
    if (held) grid.querySelector("[tabindex='0']").focus({ preventScroll: true });
    put(
      legend,
      name
        ? [
            h("span", {}, A.words.measure(low, null).replace(/\.00$/, "")),
            h("i", { class: "ramp", style: { background: A.navigator.ramp(theme) } }),
            h("span", {}, A.words.measure(high, definition)),
          ]
        : "",
    );
    unit.textContent = definition ? A.navigator.unit(stage, definition) : "";
  },

  /** Scroll the navigator itself, never the page, until a cell is in sight. */
  reveal(box, cell) {
    if (!cell) return;
    const outer = box.getBoundingClientRect(),
      inner = cell.getBoundingClientRect();
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 2;
    if (inner.left < outer.left || inner.right > outer.right) box.scrollLeft += inner.left - outer.left - outer.width / 2;
  },

  unit: (stage, definition) => definition.text || definition.title,
  ramp: (theme) =>
    `linear-gradient(to right, ${Array.from({ length: 9 }, (_, i) => A.colour.sequential(i / 8, theme)).join(", ")})`,

  cell(stage, layer, head, { value, low, high, theme, definition, on, first }) {
    const known = value !== null && value !== undefined && Number.isFinite(value),
      failed = layer.passed === false && (!layer.failing || layer.failing.includes(head));
    const words = `Layer ${layer.index}, head ${head}${known ? `: ${A.words.measure(value, definition)}` : ""}${failed ? ", failed its check" : ""}`;
    return A.dom.h("button", {
      type: "button",
      role: "gridcell",
      class: `nav-cell${on ? " on" : ""}${failed ? " failed" : ""}${known ? "" : " none"}`,
      "data-layer": layer.index,
      "data-head": head,
      "aria-label": words,
      title: words,
      "aria-selected": String(on),
      tabindex: first ? "0" : "-1",
      style: known ? { background: A.colour.sequential((value - low) / (high - low), theme) } : {},
      on: { click: () => stage.selection.set({ layer: layer.index, heads: [head] }) },
    });
  },

  key(stage, grid, event) {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!step || event.target.getAttribute("role") !== "gridcell") return;
    const rows = [...grid.querySelectorAll(".nav-row")].slice(1).map((row) => [...row.querySelectorAll(".nav-cell")]);
    const r = rows.findIndex((row) => row.includes(event.target)),
      c = rows[r].indexOf(event.target),
      to = (rows[r + step[0]] || [])[c + step[1]];
    event.preventDefault();
    event.stopPropagation();
    if (to) to.click();
  },
};
