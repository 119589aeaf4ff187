// The Translate view on its stage: the date field, five alignments under one row in focus, and what their colours mean.
(A.dates ||= {}).View = class {
  constructor(stage) {
    Object.assign(this, { stage, facts: null, answer: null, hover: null, figures: [], characters: [] });
    const { h, put } = A.dom;
    this.form = A.dates.form.create(stage);
    this.cell = h("div", { role: "gridcell", id: "dates-cell" });
    this.spoken = h("div", { role: "grid", class: "unseen", "aria-label": "The row in focus" }, h("div", { role: "row" }, this.cell));
    this.grid = h("div", { class: "dates-grid", role: "group", tabindex: "0", "aria-label": "Five alignments. Up and down choose a character written, left and right one read, Enter pins.", "aria-activedescendant": "dates-cell" });
    this.legend = h("canvas", { class: "dates-legend", "aria-hidden": "true" });
    this.words = h("div", { class: "dates-words small" });
    put(stage.input, this.form.element);
    put(stage.picture, this.grid, h("div", { class: "dates-foot" }, this.legend, this.words));
  }

  /** The pinned row with what the pointer or the arrows are over in its place: {row, col}. */
  get focus() {
    const pinned = { row: this.stage.selection.state.position, col: null };
    return this.hover ? { row: this.hover.row ?? pinned.row, col: this.hover.col } : pinned;
  }

  async draw() {
    const { stage } = this, { state } = stage.selection;
    if (!this.facts) this.build(await A.dates.store.facts(stage));
    const answer = await this.ask(state.date);
    if (answer) this.take(answer);
    for (const figure of this.figures) A.dates.figure.take(figure, this.answer, state.cross);
    this.paint();
  }

  build(facts) {
    this.facts = facts;
    this.form.begin(facts, this.stage.selection.state.date);
    this.stage.caption(["Five models read a date …"], A.dates.foot.how({ theme: this.stage.theme() }));
    this.figures = facts.models.map((m) => A.dates.figure.create(this, m));
    A.dom.put(this.grid, this.figures.map((f) => f.element), this.spoken);
    for (const figure of this.figures) {
      const under = (event) => this.under(figure, event);
      figure.canvas.addEventListener("pointermove", (event) => event.pointerType !== "touch" && this.point(under(event)));
      figure.canvas.addEventListener("pointerleave", () => this.point(null));
      figure.canvas.addEventListener("click", (event) => this.pick(under(event)));
      const letter = (event) => (event.target.dataset.row === undefined ? null : { row: Number(event.target.dataset.row), col: null });
      figure.answer.addEventListener("pointerover", (event) => event.pointerType !== "touch" && this.point(letter(event)));
      figure.answer.addEventListener("pointerleave", () => this.point(null));
      figure.answer.addEventListener("click", (event) => this.pick(letter(event)));
    }
  }

  /** The answer to a text; one that no model takes is said beside the field, and the last picture stays. */
  async ask(text) {
    if (this.answer && this.answer.text === text) return null;
    try {
      return await A.dates.store.translation(this.stage, text);
    } catch (error) {
      if (!error.found) throw error;
      this.form.field.value = text;
      const kept = this.answer || (await A.dates.store.translation(this.stage, this.facts.examples[0]));
      if (!this.answer) this.take(kept);
      this.form.known = this.answer.text;
      this.form.field.value = text;
      this.form.fail(error);
      return null;
    }
  }

  take(answer) {
    this.answer = answer;
    this.characters = answer.characters;
    this.hover = null;
    this.form.draw(this.facts, answer);
  }

  paint() {
    const { stage } = this, theme = stage.theme(), gap = 20, ratio = Math.max(1, window.devicePixelRatio || 1);
    const style = getComputedStyle(this.grid), room = this.grid.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    Object.assign(this, { theme, ratio, roles: A.roles(theme), layout: A.dates.maps.layout(room, this.characters.length, Math.max(1, ...this.figures.map((f) => (f.map ? f.map.rows : 0))), gap, ratio) });
    this.grid.style.setProperty("--columns", String(this.layout.count));
    this.foot();
    this.mark();
  }

  /** What changes with the row in focus: the maps, the numbers, the caption. */
  mark() {
    for (const figure of this.figures) A.dates.figure.draw(figure, this);
    const { row } = this.focus, { position } = this.stage.selection.state;
    this.stage.caption(A.dates.words.caption({ ...this, row }), A.dates.foot.how(this), { live: row === position });
    this.spoken.setAttribute("aria-rowcount", String(Math.max(...this.figures.map((f) => (f.map ? f.map.rows : 0)))));
    this.spoken.setAttribute("aria-colcount", String(this.characters.length));
    this.cell.textContent = this.figures.map((f) => A.dates.figure.speak(f, this)).filter(Boolean).join(". ") || "No character in focus.";
  }

  foot() {
    const scene = new A.Scene(196, 30);
    A.heat.legend.bar(scene, 8, 1, 180, { theme: this.theme, top: 1, linear: false, roles: this.roles });
    A.paintScene(this.legend, scene, this.ratio);
    Object.assign(this.legend.style, { width: `${this.legend.width / this.ratio}px`, height: `${this.legend.height / this.ratio}px` });
    A.dom.put(this.words, A.dates.foot.lines(this).map((line) => A.dom.h("p", {}, line)));
  }

  under(figure, event) {
    const box = figure.canvas.getBoundingClientRect();
    return figure.map ? A.dates.maps.hit(this.layout, figure.map.rows, event.clientX - box.left, event.clientY - box.top) : null;
  }

  point(at) {
    if (JSON.stringify(at) === JSON.stringify(this.hover) || !this.answer) return;
    this.hover = at;
    this.mark();
  }

  pick(at) {
    if (!at || at.row === null) return;
    const { selection } = this.stage;
    this.hover = null;
    selection.set({ position: selection.state.position === at.row ? -1 : at.row });
    this.mark();
  }

  key(event) {
    const target = event.composedPath()[0], rows = Math.max(0, ...this.figures.map((f) => (f.map ? f.map.rows : 0))), { row, col } = this.focus, { position } = this.stage.selection.state;
    if ("[],.".includes(event.key)) return true;
    if (event.key === "Escape") {
      if (!this.hover && position < 0) return false;
      if (this.hover) this.point(null); else this.stage.selection.set({ position: -1 });
      return true;
    }
    if (!rows || (target !== this.grid && target !== document.body)) return false;
    const clip = (v, count) => Math.max(0, Math.min(count - 1, v)), down = { ArrowUp: -1, ArrowDown: 1 }[event.key], across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === "Enter" || event.key === " ") this.pick(row < 0 ? null : { row, col: null });
    else if (down) this.point({ row: row < 0 ? 0 : clip(row + down, rows), col });
    else if (across) this.point({ row: row < 0 ? 0 : row, col: clip(col === null ? (across > 0 ? 0 : this.characters.length - 1) : col + across, this.characters.length) });
    else return false;
    return true;
  }
};
