// All heads on their stage.
(A.allHeads ||= {}).View = class {
  constructor(stage) {
    this.stage = stage;
    this.hover = null;
    this.build();
  }

  build() {
    const { h, put } = A.dom,
      { stage } = this;
    const canvas = (name) => h("canvas", { class: name, "aria-hidden": "true" });
    this.base = canvas("heads-base");
    this.over = canvas("heads-over");
    this.cell = h("div", { role: "gridcell", id: "heads-cell" });
    this.row = h("div", { role: "row", class: "unseen" }, this.cell);
    this.surface = h(
      "div",
      { class: "heads-surface", role: "grid", tabindex: "0", "aria-readonly": "true", "aria-activedescendant": "heads-cell" },
      this.base,
      this.over,
      this.row,
    );
    this.tools = A.allHeads.tools.create(stage);
    this.panel = A.allHeads.panel.create(stage);
    this.places = h("div", { class: "heads-places", "aria-hidden": "true", hidden: true });
    put(stage.picture, this.tools.element, this.surface, this.places);
    const on = (name, fn) => this.surface.addEventListener(name, fn);
    on("pointermove", (event) => event.pointerType !== "touch" && this.point(this.under(event)));
    on("pointerleave", () => this.point(null));
    on("click", (event) => this.choose(this.under(event)));
    on("dblclick", (event) => this.under(event) && this.open());
  }

  async draw() {
    const { stage } = this,
      { group } = stage.selection.state;
    const here = stage.data.measured(group);
    this.surface.hidden = this.tools.element.hidden = stage.panel.hidden = !here;
    this.places.hidden = here;
    if (!here) return this.wait();
    const maps = await stage.data.maps(group);
    if (group !== stage.selection.state.group) return;
    this.state = this.read(maps);
    this.paint();
    this.panel.draw(this.state);
    stage.caption(A.allHeads.words.caption(this.state), A.allHeads.words.how(this.state));
  }

  /** The heads of a long text are measured first; their places stand meanwhile. */
  wait() {
    const { h, put } = A.dom,
      { layers } = this.stage.data.group(this.stage.selection.state.group),
      columns = Math.max(...layers.map((l) => l.heads));
    this.state = null;
    this.places.style.gridTemplateColumns = `repeat(${columns}, minmax(4px, 112px))`;
    put(
      this.places,
      layers.flatMap((l) => Array.from({ length: columns }, (_, head) => h("i", { class: head < l.heads ? "place" : null }))),
    );
    this.stage.caption(
      A.allHeads.words.caption({ unmeasured: A.measuring.words(this.stage.data) }),
      A.measuring.going(this.stage.data)
        ? "Maps and measures of all heads appear here when they are there; single heads can be looked at meanwhile."
        : "Maps and measures of all heads appear here once they are measured; single heads can be looked at without.",
    );
  }

  /** Everything drawing needs, from data and selection. */
  read(raw) {
    const { stage } = this,
      { data } = stage,
      { group, as, order } = stage.selection.state,
      told = A.allHeads.measured(stage),
      { layers } = told;
    const maps = A.allHeads.thumbs.read(raw, layers, A.allHeads.names.shown(data.keyTokens(group, told.layer)).length);
    const ratio = Math.max(1, window.devicePixelRatio || 1),
      width = Math.max(280, stage.picture.clientWidth);
    const layout =
      order === "ranked"
        ? A.allHeads.layout.ranked(layers, told.values, width, maps, ratio, as === "lines")
        : A.allHeads.layout.grid(layers, width, maps, ratio, as === "lines");
    return { ...told, maps, layout, ratio, lines: as === "lines", hover: null, names: A.allHeads.names.of(data, group, maps) };
  }

  paint() {
    const { state } = this,
      scene = A.allHeads.picture.scene(state);
    state.height = scene.height;
    this.show(this.base, scene);
    this.hover =
      (this.hover && state.layout.cells.find((c) => c.layer === this.hover.layer && c.head === this.hover.head)) || null;
    this.tools.draw(state);
    this.surface.dataset.places = state.layout.cells
      .map((c) => `${c.layer}.${c.head}:${Math.round(c.x + state.layout.w / 2)},${Math.round(c.y + state.layout.h / 2)}`)
      .join(" ");
    this.mark();
  }

  show(canvas, scene) {
    A.paintScene(canvas, scene, this.state.ratio);
    canvas.style.width = `${canvas.width / this.state.ratio}px`;
    canvas.style.height = `${canvas.height / this.state.ratio}px`;
  }

  /** Only what the pointer changes. */
  mark() {
    const { state } = this;
    state.hover = this.hover;
    this.show(this.over, A.allHeads.picture.marks(state));
    this.panel.strips(state);
    this.tools.say(this.hover ? A.allHeads.words.head(state, this.hover) : "");
    const cell = this.hover || state.layout.cells.find(state.chosen) || state.layout.cells[0],
      set = (node, name, value) => node.setAttribute(name, String(value));
    set(this.surface, "aria-label", `All ${state.count} heads. Arrows move, Enter chooses, Enter again opens.`);
    set(
      this.surface,
      "aria-rowcount",
      state.layout.ranked ? Math.ceil(state.layout.cells.length / state.layout.columns) : state.layers.length,
    );
    set(this.surface, "aria-colcount", state.layout.columns);
    set(this.row, "aria-rowindex", cell.row + 1);
    set(this.cell, "aria-colindex", cell.head + 1);
    set(this.cell, "aria-selected", state.chosen(cell));
    this.cell.textContent = A.allHeads.words.head(state, cell);
  }

  under(event) {
    const box = this.surface.getBoundingClientRect();
    return this.state ? A.allHeads.layout.hit(this.state.layout, event.clientX - box.left, event.clientY - box.top) : null;
  }

  point(cell) {
    if (cell === this.hover) return;
    this.hover = cell;
    this.surface.classList.toggle("over-head", !!cell);
    this.stage.selection.hover(cell ? { layer: cell.layer, head: cell.head } : null);
    this.mark();
  }

  choose(cell) {
    if (cell) this.stage.selection.set({ layer: cell.layer, heads: [cell.head] });
  }

  /** The chosen head in the view of one head. */
  open() {
    const { views } = this.stage.data.manifest,
      to = ["head_view", "heat_map"].find((name) => views.some((v) => v.name === name));
    if (to) this.stage.selection.set({ view: to });
  }

  key(event) {
    const { state } = this,
      target = event.composedPath()[0];
    if (!state || (target !== this.surface && target !== document.body)) return false;
    const { cells, columns, ranked } = state.layout,
      from = this.hover || cells.find(state.chosen) || cells[0],
      at = cells.indexOf(from);
    if (event.key === "Enter" || event.key === " ") {
      if (state.chosen(from)) this.open();
      else this.choose(from);
      return true;
    }
    const down = (step) =>
      ranked
        ? cells[at + step * columns]
        : cells.find((c) => c.row === from.row + step && c.head === Math.min(from.head, state.layers[c.row].heads - 1));
    const to = {
      ArrowLeft: () => cells[at - 1],
      ArrowRight: () => cells[at + 1],
      ArrowUp: () => down(-1),
      ArrowDown: () => down(1),
      Home: () => cells[0],
      End: () => cells[cells.length - 1],
    }[event.key];
    if (!to) return false;
    if (to()) this.point(to());
    return true;
  }

  table() {
    if (!this.state) return { caption: `${A.measuring.words(this.stage.data)}.`, columns: ["layer", "head"], rows: [] };
    const { stage, state } = this,
      values = stage.data.measures(stage.selection.state.group),
      known = stage.data.manifest.measures.filter((m) => values[m.name]);
    return {
      caption: `Measures of ${A.words.plural(state.count, "head")}.`,
      columns: ["layer", "head", ...known.map((m) => m.title), "pattern"],
      rows: state.layout.cells.map((c) => [
        c.layer,
        c.head,
        ...known.map((m) => values[m.name][c.row][c.head] ?? ""),
        state.names[c.row][c.head],
      ]),
    };
  }

  scene() {
    const scene = A.allHeads.picture.scene(this.state),
      marks = A.allHeads.picture.marks({ ...this.state, hover: null, height: scene.height });
    scene.items.push(...marks.items);
    return scene;
  }

  file(kind) {
    if (!this.state) throw { found: `${A.measuring.words(this.stage.data)}.`, do: "Have them measured first." };
    return A.files[kind](this.stage, this.scene(), this.state.roles);
  }
};
