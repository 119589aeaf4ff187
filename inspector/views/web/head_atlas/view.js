// The head atlas on its stage: grid, scatter and table of the same heads, linked.
(A.atlas ||= {}).View = class {
  constructor(stage) {
    Object.assign(this, { stage, hover: null, state: null });
    this.does = {
      point: (cell) => this.point(cell),
      choose: (cell) => cell && stage.selection.set({ layer: cell.layer, heads: [cell.head] }),
    };
    this.build();
  }

  build() {
    const { h, put } = A.dom,
      { stage, does } = this;
    const pair = (name, more) => ({
      base: h("canvas", { "aria-hidden": "true" }),
      over: h("canvas", { class: "atlas-over", "aria-hidden": "true" }),
      ...more,
      name,
    });
    this.grid = pair("grid");
    this.scatter = pair("scatter");
    this.cell = h("div", { role: "gridcell", id: "atlas-cell" });
    this.row = h("div", { role: "row", class: "unseen" }, this.cell);
    this.surface = h(
      "div",
      { class: "atlas-surface", role: "grid", tabindex: "0", "aria-readonly": "true", "aria-activedescendant": "atlas-cell" },
      this.grid.base,
      this.grid.over,
      this.row,
    );
    this.dots = h("div", { class: "atlas-surface atlas-dots", role: "img" }, this.scatter.base, this.scatter.over);
    this.by = this.menu("Coloured by", "measure");
    this.against = this.menu("Against", "against");
    this.table = A.atlas.table.create(stage, does);
    this.strips = h("section", { class: "head-panel" });
    put(
      stage.picture,
      h("div", { class: "atlas-tools" }, this.by.element, this.against.element),
      h("div", { class: "atlas-body" }, h("div", { class: "atlas-left" }, this.surface, this.dots), this.table.element),
    );
    put(stage.panel, h("section", {}, (this.text = h("p", { class: "small" }))), this.strips);
    this.listen(this.surface, (x, y) => A.atlas.grid.hit(this.state.grid, x, y));
    this.listen(this.dots, (x, y) => A.atlas.scatter.hit(this.state.scatter, x, y));
  }

  menu(label, setting) {
    const { h } = A.dom,
      { stage } = this,
      select = h("select", {
        class: "select",
        "aria-label": label,
        on: { change: () => stage.selection.set({ [setting]: select.value }) },
      });
    return { element: h("label", { class: "atlas-menu small" }, label, select), select };
  }

  listen(surface, find) {
    const at = (event) => {
      const box = surface.getBoundingClientRect();
      return this.state ? find(event.clientX - box.left, event.clientY - box.top) : null;
    };
    surface.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.point(at(event)));
    surface.addEventListener("pointerleave", () => this.point(null));
    surface.addEventListener("click", (event) => this.does.choose(at(event)));
    surface.addEventListener("dblclick", (event) => at(event) && this.open());
  }

  draw() {
    this.state = this.read();
    const { stage, state } = this,
      fill = (select, chosen, skip) =>
        A.dom.put(
          select,
          stage.data.manifest.measures
            .filter((m) => stage.data.measures(state.group)[m.name] && m.name !== skip)
            .map((m) => A.dom.h("option", { value: m.name, selected: m.name === chosen }, m.title)),
        );
    this.by.element.hidden = this.against.element.hidden = !state.measure;
    fill(this.by.select, state.measure);
    fill(this.against.select, state.other && state.other.name, state.measure);
    this.text.textContent = state.definition
      ? `${state.definition.text || state.definition.title}${state.definition.source ? ` (${state.definition.source})` : ""}`
      : "";
    this.show(this.grid.base, A.atlas.grid.scene(state));
    this.dots.hidden = !state.scatter.dots.length;
    this.show(this.scatter.base, A.atlas.scatter.scene(state));
    this.dots.setAttribute(
      "aria-label",
      state.other ? `${state.definition.title} against ${state.other.definition.title}, one dot a head` : "",
    );
    this.table.draw(state);
    this.mark();
    stage.caption(A.atlas.words.caption(state), A.atlas.words.how(state));
  }

  read() {
    const { stage } = this,
      told = A.allHeads.measured(stage),
      { data } = stage,
      ratio = Math.max(1, window.devicePixelRatio || 1);
    const width = Math.floor(this.surface.clientWidth || stage.picture.clientWidth),
      values = data.measures(told.group);
    const names = data.manifest.measures.map((m) => m.name).filter((n) => values[n] && n !== told.measure),
      name = names.includes(stage.selection.state.against)
        ? stage.selection.state.against
        : names.find((n) => n === "entropy") || names[0];
    const other = name
      ? {
          name,
          definition: data.measure(name),
          value: (row, head) => (Number.isFinite(values[name][row][head] ?? NaN) ? values[name][row][head] : null),
        }
      : null;
    const layerMeans = told.layers.map((l, row) => {
      const some = told.every.filter((c) => c.row === row && c.value !== null);
      return { layer: l.index, mean: some.length ? some.reduce((sum, c) => sum + c.value, 0) / some.length : null };
    });
    const state = { ...told, ratio, other, layerMeans, names: A.allHeads.names.of(data, told.group, null), hover: this.hover };
    state.span = A.atlas.grid.span(state);
    state.grid = A.atlas.grid.layout(state, width);
    state.scatter = A.atlas.scatter.layout(state, width);
    return state;
  }

  show(canvas, scene) {
    A.paintScene(canvas, scene, this.state.ratio);
    canvas.style.width = `${canvas.width / this.state.ratio}px`;
    canvas.style.height = `${canvas.height / this.state.ratio}px`;
  }

  mark() {
    const { state } = this,
      set = (node, name, value) => node.setAttribute(name, String(value));
    state.hover = this.hover;
    this.show(this.grid.over, A.atlas.grid.marks(state));
    this.show(this.scatter.over, A.atlas.scatter.marks(state));
    this.table.mark(state);
    const cell =
      state.every.find((c) => this.hover && c.layer === this.hover.layer && c.head === this.hover.head) ||
      state.every.find(state.chosen);
    A.allHeads.panel.among(this.stage, { ...state, layout: { cells: state.every }, hover: cell }, this.strips);
    set(
      this.surface,
      "aria-label",
      `Layers by heads, coloured by ${state.definition ? state.definition.title : "nothing"}. Arrows move, Enter chooses, Enter again opens.`,
    );
    set(this.surface, "aria-rowcount", state.layers.length);
    set(this.surface, "aria-colcount", Math.max(...state.layers.map((l) => l.heads)));
    if (!cell) return;
    set(this.row, "aria-rowindex", cell.row + 1);
    set(this.cell, "aria-colindex", cell.head + 1);
    this.cell.textContent = A.allHeads.words.head(state, cell);
  }

  point(cell) {
    if (
      JSON.stringify(cell && [cell.layer, cell.head]) === JSON.stringify(this.hover && [this.hover.layer, this.hover.head]) ||
      !this.state
    )
      return;
    this.hover = cell;
    this.stage.selection.hover(cell ? { layer: cell.layer, head: cell.head } : null);
    this.mark();
  }

  open() {
    const to = ["head_view", "heat_map"].find((name) => this.stage.data.manifest.views.some((v) => v.name === name));
    if (to) this.stage.selection.set({ view: to });
  }

  key(event) {
    const { state } = this,
      target = event.composedPath()[0];
    if (!state || target !== this.surface) return false;
    const is = (a) => (c) => c.layer === a.layer && c.head === a.head,
      from = (this.hover && state.every.find(is(this.hover))) || state.every.find(state.chosen) || state.every[0];
    if (event.key === "Enter" || event.key === " ") {
      if (state.chosen(from)) this.open();
      else this.does.choose(from);
      return true;
    }
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!step) return false;
    const to = state.every.find((c) => c.row === from.row + step[0] && c.head === from.head + step[1]);
    if (to) this.point(to);
    return true;
  }

  numbers() {
    const { stage, state } = this,
      values = stage.data.measures(state.group),
      known = stage.data.manifest.measures.filter((m) => values[m.name]);
    return {
      caption: `Measures of ${A.words.plural(state.count, "head")}.`,
      columns: ["layer", "head", ...known.map((m) => m.title), "pattern"],
      rows: state.every.map((c) => [
        c.layer,
        c.head,
        ...known.map((m) => values[m.name][c.row][c.head] ?? ""),
        state.names[c.row][c.head],
      ]),
    };
  }

  /** Grid above scatter, with their marks. */
  scene() {
    const state = { ...this.state, hover: null },
      made = A.atlas.grid.scene(state);
    made.items.push(...A.atlas.grid.marks(state).items);
    return made;
  }

  file(kind) {
    return A.files[kind](this.stage, this.scene(), this.state.roles);
  }
};
