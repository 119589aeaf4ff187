// The five steps on their stage: the date, the choices, the stepper; then a formula, a sentence and the picture of one step.
(A.steps ||= {}).View = class {
  constructor(stage) {
    Object.assign(this, { stage, facts: null, data: null, hover: null, regions: [] });
    const { h, put } = A.dom;
    this.form = A.dates.form.create(stage);
    this.controls = A.steps.controls.create(stage);
    this.title = h("h3", { class: "steps-title", tabindex: "-1" });
    this.formula = h("div", { class: "steps-formula" });
    this.sentence = h("p", { class: "steps-sentence" });
    this.symbols = h("dl", { class: "steps-symbols" });
    this.canvas = h("canvas", { class: "steps-canvas", "aria-hidden": "true" });
    this.cell = h("div", { role: "gridcell", id: "steps-cell" });
    this.grid = h("div", { class: "steps-picture", role: "grid", tabindex: "0", "aria-activedescendant": "steps-cell" }, this.canvas, h("div", { role: "row", class: "unseen" }, this.cell));
    this.readout = h("p", { class: "steps-readout small" });
    put(stage.input, this.form.element);
    put(stage.picture, this.controls.choose, this.controls.stepper,
      h("div", { class: "steps-body" }, h("section", { class: "steps-text", "aria-live": "polite" }, this.title, this.formula, this.sentence, this.symbols), h("div", { class: "steps-side" }, this.grid, this.readout)));
    this.canvas.addEventListener("pointermove", (event) => this.point(this.under(event)));
    this.canvas.addEventListener("pointerdown", (event) => this.point(this.under(event)));
    this.canvas.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && this.point(null));
  }

  get position() {
    const { position } = this.stage.selection.state, last = this.data.steps.length - 1;
    return Math.min(position < 0 ? 6 : position, last);
  }

  get at() { return this.stage.selection.state.step; }
  get step() { return this.data.steps[this.position]; }

  async draw() {
    const { stage } = this, { state } = stage.selection;
    if (!this.facts) {
      this.facts = await A.dates.store.facts(stage);
      this.form.begin(this.facts, state.date);
    }
    await this.ask(state);
    this.hover = null;
    this.paint();
  }

  /** The steps of a text; one that no model takes, or that a page does not carry, is said beside the field and the last picture stays. */
  async ask({ date, attention }) {
    try {
      this.take(await A.dates.store.steps(this.stage, date, attention));
    } catch (error) {
      if (!error.found) throw error;
      const kept = this.data ? this.data.text : this.facts.examples[0];
      if (!this.data || this.data.attention !== attention) this.take(await A.dates.store.steps(this.stage, kept, attention));
      this.form.field.value = date;
      this.form.fail(error);
    }
  }

  take(data) {
    this.data = data;
    this.form.draw(this.facts, data);
  }

  paint() {
    const { stage, at } = this, theme = stage.theme(), { h, put } = A.dom, { STEPS, symbols } = A.steps.words;
    Object.assign(this, { theme, roles: A.roles(theme), ratio: Math.max(1, window.devicePixelRatio || 1) });
    A.steps.controls.draw(this.controls, this);
    this.title.textContent = `Step ${at} of 5: ${STEPS[at - 1].name}`;
    put(this.formula, this.data.formulas[STEPS[at - 1].formula].split(", \\quad").map((tex) => A.tex.element(tex, { block: true })));
    this.sentence.textContent = A.steps.words.sentence(this);
    put(this.symbols, symbols(this).map(([tex, text]) => [h("dt", {}, A.tex.element(tex)), h("dd", {}, text)]));
    this.grid.setAttribute("aria-label", `${STEPS[at - 1].name} in numbers. Arrows move through them.`);
    this.width = Math.max(240, this.grid.clientWidth);
    const { scene, regions } = A.steps.pictures.draw(this, this.width);
    Object.assign(this, { scene, regions });
    this.mark();
    stage.caption(A.steps.words.caption(this), A.steps.words.how(this));
  }

  /** The picture with a ring at the number in focus, which is read out below. */
  mark() {
    const scene = new A.Scene(this.scene.width, this.scene.height), { hover, roles } = this;
    scene.items.push(...this.scene.items);
    if (hover) {
      const { region: r, row, col } = hover, wide = r.w / r.cols, grow = Math.max(1, (7 - wide) / 2);
      const box = [r.x + col * wide - grow, r.y + row * r.pitch - 1, wide + 2 * grow, r.line + 2];
      scene.rect(...box, { stroke: roles.card, width: 4 });
      scene.rect(...box, { stroke: roles.query, width: 2 });
    }
    A.paintScene(this.canvas, scene, this.ratio);
    Object.assign(this.canvas.style, { width: `${this.canvas.width / this.ratio}px`, height: `${this.canvas.height / this.ratio}px` });
    const said = hover ? hover.region.say(hover.row, hover.col) : "";
    this.readout.textContent = said || "Point at a number, or use the arrow keys, to read it.";
    this.cell.textContent = said || "No number in focus.";
  }

  under(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    const region = this.regions.find((r) => x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h);
    return region ? { region, row: Math.min(region.rows - 1, Math.floor((y - region.y) / region.pitch)), col: Math.floor(((x - region.x) / region.w) * region.cols) } : null;
  }

  point(at) {
    const now = this.hover;
    if (at === now || (at && now && at.region === now.region && at.row === now.row && at.col === now.col)) return;
    this.hover = at;
    this.mark();
  }

  key(event) {
    const target = event.composedPath()[0], { key } = event, { position } = this, { selection } = this.stage;
    if (!this.data) return false;
    if (key === "[" || key === "]") { this.controls.move(key === "]" ? 1 : -1); return true; }
    if (key === "," || key === ".") { selection.set({ position: Math.max(0, Math.min(this.data.steps.length - 1, position + (key === "." ? 1 : -1))) }); return true; }
    if (key === "Escape" && this.hover) { this.point(null); return true; }
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[key];
    if (!step || (target !== this.grid && target !== document.body)) return false;
    this.point(this.hover ? this.beside(this.hover, step) : { region: this.regions[0], row: 0, col: 0 });
    return true;
  }

  /** The number one step further; up and down lead from one block of numbers to the next. */
  beside({ region, row, col }, [down, across]) {
    const to = row + down, next = this.regions[this.regions.indexOf(region) + down], clip = (v, count) => Math.max(0, Math.min(count - 1, v));
    if (down && (to < 0 || to >= region.rows) && next) return { region: next, row: down > 0 ? 0 : next.rows - 1, col: clip(Math.floor((col / region.cols) * next.cols), next.cols) };
    return { region, row: clip(to, region.rows), col: clip(col + across, region.cols) };
  }
};
