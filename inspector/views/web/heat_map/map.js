// The state of one heat map: which head, which window of it, which colours. Everything drawn is drawn from here.
(A.heat ||= {}).Map = class {
  constructor(stage) {
    Object.assign(this, {
      stage,
      field: null,
      fieldKey: "",
      camera: null,
      levels: [],
      hover: null,
      plotKey: "",
      emptyRows: new Map(),
      looked: null,
    });
  }

  get level() {
    return this.levels[this.camera.level];
  }
  get whole() {
    return this.camera.level === 0;
  }
  get layer() {
    return this.stage.data.layer(this.state.group, this.state.layer);
  }

  /** The data with pieces joined to words, where the reader wants that, there are pieces, and the head is here. */
  joined(state, head) {
    const { data } = this.stage,
      lists = [data.queryTokens(state.group, state.layer), data.keyTokens(state.group, state.layer)];
    if (!state.words || !head.local || !lists.some(A.merged.any)) return data;
    this.starts = lists.map(A.merged.starts);
    return (data.joined ||= A.merged.data(data));
  }

  /** Read the selection and make sure the head is here; true when it is another map than before. */
  async load() {
    const { stage } = this,
      { state } = stage.selection,
      plain = await stage.data.head(state.group, state.layer, state.heads[0]),
      data = this.joined(state, plain),
      head = data === stage.data ? plain : await data.head(state.group, state.layer, state.heads[0]);
    const joined = data !== stage.data,
      key = [stage.data.manifest.id, state.group, state.layer, state.heads[0], state.special, joined].join("/");
    if (key !== this.fieldKey) {
      const axes = A.heat.axes.read(data, state, head),
        margin = await head.marginals();
      const field = new (head.local ? A.heat.LocalField : A.heat.RemoteField)(head, axes, state.special, margin);
      await field.prepare();
      if (stage.selection.state !== state) return this.load();
      Object.assign(this, {
        axes,
        margin,
        head,
        field,
        fieldKey: key,
        isJoined: joined,
        hover: null,
        emptyRows: new Map(),
        receivedOf: null,
        barredOf: null,
      });
    }
    this.state = state;
    return key;
  }

  /** Sizes, zoom levels, camera and colours for a width and height in pixels. */
  arrange(width, height) {
    const { rows, cols } = this.field,
      ratio = Math.max(1, window.devicePixelRatio || 1),
      theme = this.stage.theme();
    const margins = A.heat.layout.margins(width, this.axes.folded),
      box = A.heat.layout.box(width, height, margins, ratio);
    const shape = [rows.length, cols.length, rows[0], cols[0], box.w, box.h, ratio, this.field.remote].join(" ");
    Object.assign(this, { margins, box, ratio, theme, roles: A.roles(theme), width });
    if (shape !== this.shape) {
      const before =
        this.camera && this.lastCounts === `${rows.length} ${cols.length}`
          ? { scale: A.heat.camera.scale(this.level) / this.lastRatio, centre: this.middle(), whole: this.whole }
          : null;
      this.levels = A.heat.camera.levels(rows.length, cols.length, box.w, box.h, ratio, this.field.remote);
      this.camera = this.first(before);
      Object.assign(this, { shape, lastCounts: `${rows.length} ${cols.length}`, lastRatio: ratio });
    }
    this.refresh();
  }

  first(before) {
    const { rows, cols } = this.field;
    if (!before || before.whole)
      return A.heat.camera.clamp({ level: 0, x: 0, y: 0 }, this.levels[0], rows.length, cols.length, this.box);
    return A.heat.camera.centre(
      this.levels,
      A.heat.camera.nearest(this.levels, before.scale * this.ratio),
      before.centre.row,
      before.centre.col,
      rows.length,
      cols.length,
      this.box,
    );
  }

  /** What follows from the camera and the settings. */
  refresh() {
    const { rows, cols } = this.field,
      { state } = this;
    this.sight = A.heat.camera.sight(this.camera, this.level, rows.length, cols.length);
    this.layout = A.heat.layout.measure(this, this.width);
    this.linear = state.colour === "linear";
    this.common = state.scale === "common";
    this.largest = state.pooling === "largest" && this.level.pool > 1;
    this.field.use(state.pooling === "largest");
    this.fit = this.field.fit(this.level.pool, this.largest);
    this.top = this.common ? 1 : this.fit.top;
    this.receivedTop = this._received().reduce((top, v) => Math.max(top, v), 0);
  }

  middle() {
    const s = A.heat.camera.scale(this.level);
    return { row: (this.camera.y + this.camera.h / 2) / s, col: (this.camera.x + this.camera.w / 2) / s };
  }

  /** How close and where one looks, as a link says it: pixels a weight, row and column in the middle; null for the whole map. */
  get looking() {
    if (this.whole) return null;
    const { row, col } = this.middle(),
      round = (x) => Math.round(x * 100) / 100;
    return [A.heat.camera.scale(this.level) / this.ratio, row, col].map(round).join(",");
  }

  /** Looks where a link says, once; true when that moved the camera. */
  lookAt(look) {
    if (look === this.looked) return false;
    this.looked = look;
    if (look === null) this.zoomTo(0);
    else {
      const [size, row, col] = look.split(",").map(Number);
      this.centreOn(row - 0.5, col - 0.5, A.heat.camera.nearest(this.levels, Math.max(size, 1e-6) * this.ratio));
    }
    return true;
  }

  /** Move the camera; the rest follows. */
  look(camera) {
    this.camera = camera;
    this.refresh();
  }

  zoomTo(level, x = this.camera.w / 2, y = this.camera.h / 2) {
    const { rows, cols } = this.field;
    this.look(A.heat.camera.zoom(this.camera, this.levels, level, x, y, rows.length, cols.length, this.box));
  }

  pan(dx, dy, snap = false) {
    const { rows, cols } = this.field,
      moved = A.heat.camera.clamp(
        { ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy },
        this.level,
        rows.length,
        cols.length,
        this.box,
      );
    this.look(snap ? A.heat.camera.snap(moved, this.level, rows.length, cols.length, this.box) : moved);
  }

  centreOn(row, col, level = this.camera.level) {
    const { rows, cols } = this.field;
    this.look(A.heat.camera.centre(this.levels, level, row, col, rows.length, cols.length, this.box));
  }

  inSight({ row, col }) {
    const { r0, r1, c0, c1 } = this.sight;
    return row >= r0 && row < r1 && (col === null || col === undefined || (col >= c0 && col < c1));
  }

  /**
   * The pinned row and column as places on this map; null when the row is not drawn. A piece stands with its word. Without a pinned
   * key it is the row's largest, which the caption names; col is null while a row that is far away is not here.
   */
  pinned() {
    const { query, key } = this.state,
      of = (position, axis) => (this.isJoined ? this.starts[axis][position] : position),
      row = query === null ? undefined : this.axes.rowOf.get(of(query, 0));
    if (row === undefined) return null;
    return { row, col: key === null ? this.strongestIn(row) : (this.axes.colOf.get(of(key, 1)) ?? null) };
  }

  /** The column of a row's largest weight among those drawn; null while the row is not here. */
  strongestIn(row) {
    const { axes, head, state } = this,
      weights = head.rowNow(axes.rows[row]);
    if (!weights) return null;
    const best = A.habits.largest(
      weights,
      axes.cols.filter((p) => state.special === "draw" || !axes.keys[p].rest),
    );
    return best === null ? null : axes.colOf.get(best);
  }

  /** The pinned link as it is drawn. */
  link() {
    const at = this.field && this.state ? this.pinned() : null;
    if (!at || at.col === null) return null;
    const weights = this.head.rowNow(this.axes.rows[at.row]);
    if (!weights) return null;
    const key = this.key(at.col);
    return { query: this.query(at.row), key, weight: weights[key.position] * (this.field.factor ? this.field.factor[at.row] : 1) };
  }

  focus() {
    return this.hover || this.pinned();
  }

  query(row) {
    return this.axes.queries[this.axes.rows[row]];
  }
  key(col) {
    return this.axes.keys[this.axes.cols[col]];
  }

  /** Mean attention a column receives, as the rows are drawn. */
  received(col) {
    return this._received()[col];
  }

  _received() {
    if (this.receivedOf) return this.receivedOf;
    const { rows, cols, factor, remote } = this.field;
    if (remote || !factor) return (this.receivedOf = Float64Array.from(cols, (p) => this.margin.received[p]));
    const sums = new Float64Array(cols.length),
      seen = new Float64Array(cols.length);
    for (let r = 0; r < rows.length; r++)
      for (let c = 0; c < cols.length; c++)
        if (this.field.allowed(r, c)) {
          sums[c] += this.field.value(r, c);
          seen[c]++;
        }
    return (this.receivedOf = sums.map((v, c) => (seen[c] ? v / seen[c] : 0)));
  }

  /** No key is allowed in this row. */
  empty(row) {
    if (!this.head.mask) return false;
    if (!this.emptyRows.has(row)) {
      let some = false;
      for (let j = 0; j < this.head.keys && !some; j++) some = this.head.allowed(this.axes.rows[row], j);
      this.emptyRows.set(row, !some);
    }
    return this.emptyRows.get(row);
  }

  /** How many keys the mask lets a row see. */
  allowedKeys(row) {
    if (!this.head.mask) return this.head.keys;
    let count = 0;
    for (let j = 0; j < this.head.keys; j++) if (this.head.allowed(this.axes.rows[row], j)) count++;
    return count;
  }

  /** Whether the mask forbids anything that this map draws. */
  anyBarred() {
    if (this.barredOf === null) {
      const { rows, cols } = this.field,
        last = rows.length - 1,
        end = cols.length - 1;
      this.barredOf = [
        [0, 0],
        [0, end],
        [last, 0],
        [last, end],
      ].some(([r, c]) => !this.field.allowed(r, c));
    }
    return this.barredOf;
  }

  /** The value of the block under a place: a weight, or the mean (largest) of a block. */
  at({ row, col }) {
    const { pool } = this.level,
      r = Math.floor(row / pool),
      c = Math.floor(col / pool);
    if (pool === 1 && this.field.remote) return this.field.value(row, col);
    return this.field.blocks(pool, { r0: r, r1: r + 1, c0: c, c1: c + 1 }, this.largest)[0];
  }

  /** The largest weight drawn: {row, col, value}. */
  strongest() {
    if (this.strongestKey !== this.fieldKey) {
      const { rows, cols } = this.field,
        best = { row: 0, col: 0, value: -1 };
      for (let row = 0; row < rows.length; row++) {
        const line = this.field.blocks(1, { r0: row, r1: row + 1, c0: 0, c1: cols.length });
        for (let col = 0; col < cols.length; col++)
          if (line[col] > best.value) Object.assign(best, { row, col, value: line[col] });
      }
      Object.assign(this, { strongestKey: this.fieldKey, strongestAt: best.value >= 0 ? best : null });
    }
    return this.strongestAt;
  }

  /** The largest single weight inside the block at a place, fetched if it is not here. */
  async inside({ row, col }) {
    const { pool } = this.level,
      { rows, cols, remote } = this.field;
    if (pool === 1) return { row, col };
    const r1 = Math.min(rows.length, row + pool),
      c1 = Math.min(cols.length, col + pool);
    const values = remote
      ? (await this.head.tile({ q0: rows[row], q1: rows[r1 - 1] + 1, k0: cols[col], k1: cols[c1 - 1] + 1, pool: 1 })).values
      : this.field.blocks(1, { r0: row, r1, c0: col, c1 });
    let best = 0;
    for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
    return { row: row + Math.floor(best / (c1 - col)), col: col + (best % (c1 - col)) };
  }

  /** Weights of one row as the model gave them: [K]. */
  row(row) {
    return this.head.row(this.axes.rows[row]);
  }
};
