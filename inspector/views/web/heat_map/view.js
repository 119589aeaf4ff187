// The heat map on its stage: builds the parts once, then draws what changed.
(A.heat ||= {}).View = class {
  constructor(stage) {
    this.stage = stage;
    this.map = new A.heat.Map(stage);
    this.does = this.actions();
    this.build();
  }

  build() {
    const { h, put } = A.dom,
      { stage, map, does } = this;
    this.tools = A.heat.tools.create(map, does);
    this.canvas = h("canvas", { class: "heat-canvas", "aria-hidden": "true" });
    this.cell = h("div", { role: "gridcell", id: "heat-cell" });
    this.row = h("div", { role: "row", class: "unseen" }, this.cell);
    this.surface = h(
      "div",
      { class: "heat-surface", role: "grid", tabindex: "0", "aria-activedescendant": "heat-cell", "aria-readonly": "true" },
      this.canvas,
      this.row,
    );
    this.navigator = A.navigator.create(stage);
    this.specials = A.specials.create(stage);
    this.joining = A.joining.create(stage);
    this.settings = A.heat.settings.create(stage);
    this.readout = A.heat.readout.create(map, does);
    this.minimap = A.heat.minimap.create(map, does);
    this.rowPanel = A.rowPanel.create(stage);
    this.headPanel = A.headPanel.create(stage);
    put(stage.rail, this.navigator.element, this.specials.element, this.joining.element, this.settings.element);
    put(stage.picture, this.tools.element, this.surface);
    put(stage.panel, this.readout.element, this.minimap.element, this.rowPanel.element, this.headPanel.element);
    A.heat.gestures.attach(this.surface, map, does);
  }

  /** What pointer, keyboard and buttons can do. */
  actions() {
    const { map } = this,
      moved =
        (fn) =>
        (...all) => {
          fn(...all);
          this.moved();
        };
    return {
      zoom: moved((steps, x, y) => map.zoomTo(map.camera.level + steps, x, y)),
      level: moved((level) => this.toLevel(level)),
      whole: moved(() => map.zoomTo(0)),
      pan: moved((dx, dy, end) => map.pan(dx, dy, end)),
      centre: moved((row, col) => map.centreOn(row, col)),
      point: (at, follow) => this.point(at, follow),
      leave: () => this.point(null),
      pick: (at) => this.stage.until(this.pick(at)),
      go: (at) => this.stage.until(this.pick(at, true)),
    };
  }

  async draw(changed) {
    const { map, stage } = this;
    await map.load();
    map.arrange(this.width(), this.height());
    const looked = map.lookAt(stage.selection.state.look);
    await this.overview();
    if (!looked && (changed.has("query") || changed.has("key") || changed.has("view") || changed.has("layer"))) {
      this.follow(changed);
      this.remember();
    }
    this.navigator.draw();
    this.specials.draw();
    this.joining.draw();
    if (map.field.remote) this.joining.element.hidden = true;
    this.paint();
    await Promise.all([this.words(true), this.fetch()]);
  }

  width() {
    return Math.max(280, this.stage.picture.clientWidth);
  }

  /** As high as the screen shows without scrolling, labels above and legend below included. */
  height() {
    if (this.stage.narrow()) return 640;
    const above = this.surface.getBoundingClientRect().top + window.scrollY,
      around = A.heat.layout.margins(this.width(), true).top + 150;
    return Math.max(320, Math.min(680, window.innerHeight - above - around));
  }

  /** A head that is far away begins with its overview. */
  async overview() {
    const { map } = this;
    if (!map.field.remote || map.field.seen) return;
    const level = map.levels[0],
      { rows, cols } = map.field;
    const box = A.heat.camera.sight({ x: 0, y: 0, w: Infinity, h: Infinity }, level, rows.length, cols.length).blocks;
    const wanted = map.field.wanted(level.pool, box);
    if (wanted) await map.field.fetch(wanted);
    map.refresh();
  }

  /** The pinned cell comes into sight when it was chosen elsewhere; a token that was searched for comes close enough to read. */
  follow(changed) {
    const { map } = this,
      at = map.pinned(),
      last = map.field.cols.length - 1;
    if (!at) return;
    const found = changed.has("query") && !changed.has("view") && map.state.key === null && !map.layout.words && map.whole;
    if (found) map.centreOn(at.row, Math.min(at.row, last), A.heat.tools.wordsLevel(map));
    else if (!map.inSight(at)) map.centreOn(at.row, at.col ?? Math.min(at.row, last));
  }

  toLevel(level) {
    const { map } = this,
      at = map.focus();
    if (level === 0 || !at) return map.zoomTo(level);
    return map.centreOn(at.row, at.col ?? Math.min(at.row, map.field.cols.length - 1), level);
  }

  /** The camera moved: paint now, fetch what is missing, say where. */
  moved() {
    this.map.refresh();
    this.soon();
    this.stage.until(this.fetch());
    clearTimeout(this.later);
    this.later = setTimeout(() => !this.gone && this.remember(), 150);
  }

  /** Where one looks now is part of the link. */
  remember() {
    const { map, stage } = this;
    if (map.looking === stage.selection.state.look || stage.selection.state.view !== "heat_map") return;
    map.looked = map.looking;
    stage.remember({ look: map.looked });
  }

  soon() {
    if (this.frame) return;
    const painted = new Promise((done) => (this.frame = requestAnimationFrame(done)));
    this.stage.until(
      painted.then(() => {
        this.frame = 0;
        if (!this.gone) this.paint();
      }),
    );
  }

  paint() {
    const { map } = this;
    if (!map.field) return;
    A.heat.picture.paint(map, this.canvas);
    this.surface.classList.toggle("zoomed", !map.whole);
    this.surface.dataset.plot = [map.layout.x, map.layout.y, map.layout.cell, map.sight.r0, map.sight.c0, map.level.pool].join(
      " ",
    );
    this.tools.draw();
    this.settings.draw(map);
    this.minimap.draw();
    this.readout.draw(this.weightsOf(map.focus()));
    this.speak();
  }

  /** One request at a time; the last place looked at wins. */
  async fetch() {
    const { map } = this,
      { field } = map;
    if (!field.remote || this.fetching) return;
    this.fetching = true;
    try {
      for (let wanted; (wanted = map.field.wanted(map.level.pool, map.sight.blocks));) {
        const asked = map.field;
        await asked.fetch(wanted);
        if (asked === map.field) {
          map.refresh();
          this.soon();
        }
      }
    } finally {
      this.fetching = false;
    }
  }

  /** The row in focus: [K] when it is here. */
  weightsOf(at) {
    return at ? this.map.head.rowNow(this.map.axes.rows[at.row]) : null;
  }

  /** Pointer or roving focus over a place; null for nowhere. */
  point(at, follow = false) {
    const { map } = this;
    if (JSON.stringify(at) === JSON.stringify(map.hover)) return;
    map.hover = at;
    if (at && follow && !map.inSight(at)) map.centreOn(at.row, at.col);
    this.stage.selection.hover(at ? { query: map.query(at.row).position, key: map.key(at.col).position } : null);
    if (follow) this.moved();
    else this.soon();
    this.stage.until(this.words(false));
  }

  /** Pin a place, or let it go when it is pinned. `show` also brings it into sight. */
  async pick(at, show = false) {
    const { map, stage } = this,
      to = await map.inside(at),
      pinned = map.pinned();
    const same = pinned && stage.selection.state.key !== null && pinned.row === to.row && pinned.col === to.col;
    if (show && !map.inSight(to)) map.centreOn(to.row, to.col);
    stage.selection.set(same ? { query: null, key: null } : { query: map.query(to.row).position, key: map.key(to.col).position });
  }

  /** Caption and the panel's row; a row that is far away is fetched only when it is pinned. */
  async words(live) {
    const { map, stage } = this,
      at = map.focus();
    let weights = this.weightsOf(at);
    if (at && !weights && (!map.hover || at.row === (map.pinned() || {}).row)) {
      weights = await map.row(at.row);
      if (at.col === null) return map.focus() && map.focus().row === at.row ? this.named(live, weights) : undefined;
    }
    if (JSON.stringify(at) !== JSON.stringify(map.focus())) return;
    if (at && weights)
      stage.caption(A.heat.finding.row(map, at.row, at.col, weights), A.heat.finding.how(map), { live: live && !map.hover });
    else if (!at) stage.caption(this.head(), A.heat.finding.how(map), { live });
    if (weights) this.readout.draw(weights);
    this.panel(at, weights);
  }

  /** A pinned row that was far away is here: its largest weight has its ring from now on. */
  named(live, weights) {
    const { map, stage } = this;
    this.paint();
    if (map.focus().col !== null) return this.words(live);
    const broken = weights.reduce((count, weight) => count + !Number.isFinite(weight), 0);
    stage.caption(A.captions.row({ query: map.query(map.focus().row), none: !broken, broken }), A.heat.finding.how(map), { live });
    return undefined;
  }

  head() {
    const { map } = this;
    if (this.headKey !== map.fieldKey) Object.assign(this, { headKey: map.fieldKey, headParts: A.heat.finding.head(map) });
    return this.headParts;
  }

  panel(at, weights) {
    const { map } = this;
    this.rowPanel.element.hidden = !weights;
    this.headPanel.element.hidden = !!weights && !map.stage.narrow();
    if (!weights) {
      this.panelKey = null;
      return this.headPanel.draw();
    }
    const key = [map.fieldKey, at.row, at.col].join(" ");
    if (key === this.panelKey) return null;
    this.panelKey = key;
    const learned = map.layer.learned_sink,
      parts = A.rowFacts.of(weights, map.axes.keys, map.state.special, { learned });
    return this.rowPanel.draw({ query: map.query(at.row), tokens: map.axes.keys, parts, restName: map.axes.restName, learned });
  }

  /** The grid as a screen reader meets it: its size, and the cell in focus in words. */
  speak() {
    const { map } = this,
      at = map.focus(),
      set = (node, name, value) => node.setAttribute(name, String(value));
    set(this.surface, "aria-rowcount", map.field.rows.length);
    set(this.surface, "aria-colcount", map.field.cols.length);
    set(this.surface, "aria-label", `Heat map of layer ${map.state.layer}, head ${map.state.heads[0]}. Arrows move, Enter pins.`);
    if (!at) {
      this.cell.textContent = "No cell in focus.";
      return;
    }
    const col = at.col ?? 0,
      value = map.at({ row: at.row, col });
    set(this.row, "aria-rowindex", at.row + 1);
    set(this.cell, "aria-colindex", col + 1);
    this.cell.textContent = `${map.query(at.row).label}, token ${map.query(at.row).position + 1} of ${map.axes.queries.length}, to ${map.key(col).label}: ${A.words.weight(value, 3)}`;
  }

  /** The picture for a file: drawn anew, not the screen's pixels. */
  file(kind) {
    return A.files[kind](this.stage, A.heat.picture.scene(this.map, true), this.map.roles);
  }

  dispose() {
    this.gone = true;
  }
};
