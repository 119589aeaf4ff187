// The reference view on its stage: two rows of aligned maps, a third when a window is chosen, one cross-hair through all.
(A.reference ||= {}).View = class {
  constructor(stage) {
    Object.assign(this, { stage, data: null, hover: null, fitError: "", sizes: null, loaded: "" });
    this.focus = () => this.hover || this.pinned();
    this.build();
  }

  build() {
    const { h, put } = A.dom,
      { stage } = this,
      make = A.reference.figure.create;
    this.figures = [
      make("model"),
      make("reference"),
      make("difference", true),
      make("additive"),
      make("missed", true),
      make("near"),
      make("far", true),
    ];
    const [model, reference, difference, additive, missed, near, far] = this.figures.map((f) => f.element);
    this.verdict = A.reference.verdict.create(stage);
    this.cell = h("div", { role: "gridcell", id: "ref-cell" });
    this.spoken = h("div", { role: "grid", class: "unseen", "aria-label": "The weight under the cross-hair" }, h("div", { role: "row" }, this.cell));
    this.grid = h(
      "div",
      {
        class: "ref-grid",
        role: "group",
        tabindex: "0",
        "aria-label": "Aligned maps. Arrows move the cross-hair, Enter pins.",
        "aria-activedescendant": "ref-cell",
      },
      model,
      reference,
      difference,
      this.verdict.fit,
      additive,
      missed,
      this.verdict.local,
      near,
      far,
      this.spoken,
    );
    this.legend = h("canvas", { class: "ref-legend", "aria-hidden": "true" });
    this.foot = h(
      "div",
      { class: "ref-foot" },
      this.legend,
      h(
        "p",
        { class: "small" },
        "Model, reference and fit share this scale (square root of the weight). Each difference has its own scale, printed beside it.",
      ),
    );
    this.navigator = A.navigator.create(stage);
    this.window = A.reference.windows.create(stage);
    put(stage.rail, this.navigator.element, this.window.element);
    put(stage.picture, this.grid, this.foot);
    for (const figure of this.figures) {
      figure.canvas.addEventListener(
        "pointermove",
        (event) => event.pointerType !== "touch" && this.point(this.under(figure, event)),
      );
      figure.canvas.addEventListener("pointerleave", () => this.point(null));
      figure.canvas.addEventListener("click", (event) => this.pick(this.under(figure, event)));
    }
  }

  get hidden() {
    return this.stage.selection.state.hidden;
  }

  async draw() {
    const { stage } = this,
      { state } = stage.selection,
      base = {
        group: state.group,
        layer: state.layer,
        head: state.heads[0],
        ...(state.window === null ? {} : { window: state.window }),
      };
    const key = JSON.stringify([stage.data.manifest.id, base, state.hidden]);
    this.navigator.draw();
    this.window.draw(stage.data.layer(state.group, state.layer).keys);
    if (key !== this.loaded) await this.load(base, state, key);
    if (this.loaded === key) this.paint();
  }

  /** Right or wrong first, which is quick; then the fit, which takes its time. A page carries both in one answer. */
  async load(base, state, key) {
    const { stage } = this,
      current = () => stage.selection.state === state || JSON.stringify(stage.selection.state) === JSON.stringify(state);
    const take = (answer) => {
      this.data = A.reference.maps.read(answer, {
        queries: stage.data.queryTokens(state.group, state.layer),
        keys: stage.data.keyTokens(state.group, state.layer),
      });
    };
    this.fitError = "";
    const away = stage.host !== "app" && this.byHand(base, state);
    if (stage.host === "app") {
      take(await stage.request("compare", base));
      if (!current()) return;
      this.paint();
    }
    try {
      const answer = await stage.request("compare", { ...(away || base), hidden: state.hidden });
      if (!current()) return;
      take(away ? A.reference.windows.narrow(answer, base.window) : answer);
      this.sizes = (answer.fit && answer.fit.sizes) || this.sizes;
    } catch (error) {
      if (stage.host !== "app" || !error.found) throw error;
      this.fitError = `${error.found} ${error.do || ""}`;
    }
    this.loaded = key;
    this.hover = null;
  }

  /** A page has nobody to ask for a window; from a text to itself the weights it carries are enough. The request without it, or null. */
  byHand({ window, ...rest }, { group, layer }) {
    const at = this.stage.data.layer(group, layer);
    return window === undefined || at.queries !== at.keys || at.learned_sink ? null : rest;
  }

  paint() {
    const { stage, data } = this,
      narrow = stage.picture.clientWidth < 700,
      columns = narrow ? 1 : 3,
      gap = 20;
    Object.assign(this, {
      theme: stage.theme(),
      roles: A.roles(stage.theme()),
      ratio: Math.max(1, window.devicePixelRatio || 1),
    });
    const room = Math.floor((stage.picture.clientWidth - 28 - gap * (columns - 1)) / columns) - 88;
    this.size = A.reference.maps.fit(data, Math.max(120, Math.min(272, room)), this.ratio);
    this.grid.classList.toggle("has-local", !!data.local);
    for (const figure of this.figures) A.reference.figure.draw(figure, this);
    this.verdict.draw(this);
    const scene = new A.Scene(196, 30);
    A.heat.legend.bar(scene, 8, 1, 180, { theme: this.theme, top: 1, linear: false, roles: this.roles });
    A.paintScene(this.legend, scene, this.ratio);
    Object.assign(this.legend.style, {
      width: `${this.legend.width / this.ratio}px`,
      height: `${this.legend.height / this.ratio}px`,
    });
    stage.caption(A.reference.words.caption(this), A.reference.words.how(this));
    this.speak();
  }

  /** The pinned token and key; without a key the row's largest weight, among words where what rests is folded away elsewhere. */
  pinned() {
    const { data } = this,
      { query, key } = this.stage.selection.state,
      row = query === null || !data ? -1 : data.rows.indexOf(query);
    if (row < 0) return null;
    return { row, col: key === null || data.cols.indexOf(key) < 0 ? this.strongest(row) : data.cols.indexOf(key) };
  }

  strongest(row) {
    const { data } = this,
      { special } = this.stage.selection.state,
      value = (col) => A.reference.maps.at(data, "model", { row, col }),
      free = data.cols.map((_, col) => col).filter((col) => special === "draw" || !data.keys[data.cols[col]].rest);
    return free.reduce((best, col) => (value(col) > value(best) ? col : best), free[0] ?? 0);
  }

  link({ row, col }) {
    const { h } = A.dom,
      { data } = this;
    return [
      h("bdi", { class: "is-query", dir: "auto" }, A.captions.quote(data.queries[data.rows[row]])),
      " → ",
      h("bdi", { class: "is-key", dir: "auto" }, A.captions.quote(data.keys[data.cols[col]])),
    ];
  }

  under(figure, event) {
    const box = figure.canvas.getBoundingClientRect(),
      { size, data } = this;
    if (!data || !size) return null;
    const row = Math.floor((event.clientY - box.top - 4) / size.cell) * size.pool,
      col = Math.floor((event.clientX - box.left - 4) / size.cell) * size.pool;
    return row >= 0 && col >= 0 && row < data.rows.length && col < data.cols.length ? { row, col } : null;
  }

  point(at) {
    if (JSON.stringify(at) === JSON.stringify(this.hover) || !this.data) return;
    this.hover = at;
    this.stage.selection.hover(at ? { query: this.data.rows[at.row], key: this.data.cols[at.col] } : null);
    for (const figure of this.figures) A.reference.figure.mark(figure, this);
    this.speak();
  }

  pick(at) {
    if (!at) return;
    const { data, stage } = this,
      query = data.rows[at.row],
      key = data.cols[at.col],
      same = stage.selection.state.query === query && stage.selection.state.key === key;
    stage.selection.set(same ? { query: null, key: null } : { query, key });
  }

  key(event) {
    const target = event.composedPath()[0];
    if (!this.data || (target !== this.grid && target !== document.body)) return false;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key],
      from = this.focus(),
      { pool } = this.size,
      { rows, cols } = this.data;
    if (event.key === "Enter" || event.key === " ") {
      this.pick(from);
      return !!from;
    }
    if (event.key === "Escape" && this.hover) {
      this.point(null);
      return true;
    }
    if (!step) return false;
    const clip = (v, count) => Math.max(0, Math.min(count - 1, v)),
      at = from || { row: 0, col: 0 };
    this.point(from ? { row: clip(at.row + step[0] * pool, rows.length), col: clip(at.col + step[1] * pool, cols.length) } : at);
    return true;
  }

  speak() {
    const at = this.focus(),
      { data } = this;
    this.spoken.setAttribute("aria-rowcount", String(data.rows.length));
    this.spoken.setAttribute("aria-colcount", String(data.cols.length));
    const said = this.figures
      .filter((f) => data.values[f.name])
      .map((f) => at && `${f.title.textContent} ${A.reference.words.value(f, this, at)}`);
    this.cell.textContent = at
      ? `${data.queries[data.rows[at.row]].label} to ${data.keys[data.cols[at.col]].label}: ${said.join(", ")}`
      : "No cell in focus.";
  }

  table() {
    const { data } = this,
      shown = this.figures.filter((f) => data.values[f.name]),
      at = this.pinned(),
      rows = at ? [at.row] : data.rows.map((_, r) => r);
    return {
      caption: "Weights of the model, the reference and the fit.",
      columns: ["query position", "query", "key position", "key", ...shown.map((f) => f.title.textContent)],
      rows: rows.flatMap((row) =>
        data.cols.map((position, col) => [
          data.rows[row],
          data.queries[data.rows[row]].label,
          position,
          data.keys[position].label,
          ...shown.map((f) => A.reference.maps.at(data, f.name, { row, col })),
        ]),
      ),
    };
  }
};
