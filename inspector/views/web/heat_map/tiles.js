// The weights of a head that stays with Python: tiles of 32 × 32 blocks, fetched as one zooms and pans, kept, and drawn from
// coarser ones until they arrive.
(A.heat ||= {}).RemoteField = class {
  static SIDE = 32;

  constructor(head, axes, mode, margins) {
    Object.assign(this, { head, rows: axes.rows, cols: axes.cols, remote: true, arrived: 0 });
    this.stores = { mean: { levels: new Map() }, largest: { levels: new Map() } };
    this.use(false);
    this.factor =
      mode === "rescale" ? Float64Array.from(this.rows, (p) => (margins.rest[p] < 1 ? 1 / (1 - margins.rest[p]) : 0)) : null;
  }

  async prepare() {}

  /** Which blocks are shown from now on: means, or the largest weight of each. Both stay. */
  use(largest) {
    this.largest = largest;
    this.store = this.stores[largest ? "largest" : "mean"];
  }

  get levels() {
    return this.store.levels;
  }

  /** The overview of what is shown is here. */
  get seen() {
    return this.levels.size > 0;
  }

  allowed(row, col) {
    return this.head.allowed(this.rows[row], this.cols[col]);
  }

  /** One weight, if its tile is here; else NaN. */
  value(row, col) {
    const { SIDE } = A.heat.RemoteField,
      tile = this._tile(1, Math.floor(row / SIDE), Math.floor(col / SIDE));
    return tile ? tile[(row % SIDE) * SIDE + (col % SIDE)] * (this.factor ? this.factor[row] : 1) : NaN;
  }

  _tile(pool, r, c) {
    const level = (pool === 1 ? this.stores.mean : this.store).levels.get(pool);
    return level ? level.get(`${r} ${c}`) : undefined;
  }

  /** The rectangle of blocks that has to be fetched to show [r0, r1) × [c0, c1), in whole tiles; null when all of it is here. */
  wanted(pool, { r0, r1, c0, c1 }) {
    const { SIDE } = A.heat.RemoteField,
      box = { r0: Infinity, r1: 0, c0: Infinity, c1: 0 };
    for (let r = Math.floor(r0 / SIDE); r * SIDE < r1; r++) {
      for (let c = Math.floor(c0 / SIDE); c * SIDE < c1; c++) {
        if (this._tile(pool, r, c)) continue;
        Object.assign(box, {
          r0: Math.min(box.r0, r),
          r1: Math.max(box.r1, r + 1),
          c0: Math.min(box.c0, c),
          c1: Math.max(box.c1, c + 1),
        });
      }
    }
    return box.r1 ? { pool, ...box } : null;
  }

  /** Fetch a rectangle of tiles in one request. Bytes are enough for means; single weights come as they are. */
  async fetch({ pool, r0, r1, c0, c1 }) {
    const span = A.heat.RemoteField.SIDE * pool,
      row = this.rows[0],
      col = this.cols[0];
    const request = {
      kind: "tile",
      ...this.head.where,
      pool,
      small: pool > 1,
      ...(this.largest && pool > 1 ? { largest: true } : {}),
      q0: row + r0 * span,
      q1: row + Math.min(this.rows.length, r1 * span),
      k0: col + c0 * span,
      k1: col + Math.min(this.cols.length, c1 * span),
    };
    const store = pool === 1 ? this.stores.mean : this.store,
      values = this._values(await this.head.get(request));
    this._keep(
      store,
      pool,
      r0,
      c0,
      values,
      Math.ceil((request.q1 - request.q0) / pool),
      Math.ceil((request.k1 - request.k0) / pool),
    );
  }

  _values({ values, top }) {
    const read = A.bytes.decode(values);
    return values.dtype === "u8" ? Float32Array.from(read, (b) => top * (b / 255) ** 2) : read;
  }

  _keep(store, pool, r0, c0, values, rows, cols) {
    const { SIDE } = A.heat.RemoteField,
      level = this._level(store, pool);
    this.arrived++;
    for (let r = 0; r * SIDE < rows; r++) {
      for (let c = 0; c * SIDE < cols; c++) {
        const tile = new Float32Array(SIDE * SIDE),
          width = Math.min(SIDE, cols - c * SIDE);
        for (let i = 0; i < SIDE && r * SIDE + i < rows; i++) {
          const at = (r * SIDE + i) * cols + c * SIDE;
          tile.set(values.subarray(at, at + width), i * SIDE);
        }
        level.set(`${r0 + r} ${c0 + c}`, tile);
      }
    }
  }

  /** Tiles of one pool; the largest store keeps some 16 MB, the oldest go first. */
  _level({ levels }, pool) {
    if (!levels.has(pool)) levels.set(pool, new Map());
    const level = levels.get(pool);
    while (level.size > 4000) level.delete(level.keys().next().value);
    return level;
  }

  /** Blocks where they are here; elsewhere coarser ones, interpolated, each on the scale of its own level. */
  blocks(pool, box) {
    const { SIDE } = A.heat.RemoteField,
      width = box.c1 - box.c0,
      out = new Float32Array((box.r1 - box.r0) * width).fill(NaN);
    let complete = true;
    for (let r = Math.floor(box.r0 / SIDE); r * SIDE < box.r1; r++) {
      for (let c = Math.floor(box.c0 / SIDE); c * SIDE < box.c1; c++) {
        const tile = this._tile(pool, r, c),
          part = this._overlap(box, r, c);
        if (tile) this._copy(out, width, box, part, tile, r, c, pool);
        else {
          complete = false;
          this._stretch(out, width, box, part, pool);
        }
      }
    }
    this.complete = complete;
    return out;
  }

  _overlap(box, r, c) {
    const { SIDE } = A.heat.RemoteField;
    return {
      r0: Math.max(box.r0, r * SIDE),
      r1: Math.min(box.r1, (r + 1) * SIDE),
      c0: Math.max(box.c0, c * SIDE),
      c1: Math.min(box.c1, (c + 1) * SIDE),
    };
  }

  _copy(out, width, box, part, tile, r, c, pool) {
    const { SIDE } = A.heat.RemoteField,
      own = pool === 1 && this.factor;
    for (let i = part.r0; i < part.r1; i++) {
      const factor = own ? this.factor[i] : 1;
      for (let j = part.c0; j < part.c1; j++)
        out[(i - box.r0) * width + j - box.c0] = tile[(i - r * SIDE) * SIDE + j - c * SIDE] * factor;
    }
  }

  /** A part that is not here, from the nearest coarser level that is. Its values are brought to this level's scale, so colours stay. */
  _stretch(out, width, box, part, pool) {
    const { SIDE } = A.heat.RemoteField,
      row = part.r0 * pool,
      col = part.c0 * pool;
    const coarser = [...this.levels.keys()]
      .filter((p) => p > pool)
      .sort((a, b) => a - b)
      .find((p) => this._tile(p, Math.floor(row / p / SIDE), Math.floor(col / p / SIDE)));
    if (!coarser) return;
    const factor = this.fit(pool).top / this.fit(coarser).top,
      step = pool / coarser;
    for (let i = part.r0; i < part.r1; i++) {
      for (let j = part.c0; j < part.c1; j++) {
        out[(i - box.r0) * width + j - box.c0] = factor * this._between(coarser, (i + 0.5) * step - 0.5, (j + 0.5) * step - 0.5);
      }
    }
  }

  /** A value between blocks of a coarser level. */
  _between(pool, y, x) {
    const r = Math.max(0, Math.floor(y)),
      c = Math.max(0, Math.floor(x)),
      fy = Math.max(0, y - r),
      fx = Math.max(0, x - c);
    const a = this._at(pool, r, c),
      b = this._at(pool, r, c + 1) ?? a,
      d = this._at(pool, r + 1, c) ?? a,
      e = this._at(pool, r + 1, c + 1) ?? d;
    return (a * (1 - fx) + b * fx) * (1 - fy) + (d * (1 - fx) + e * fx) * fy;
  }

  _at(pool, r, c) {
    const { SIDE } = A.heat.RemoteField,
      tile = this._tile(pool, Math.floor(r / SIDE), Math.floor(c / SIDE));
    return tile ? tile[(r % SIDE) * SIDE + (c % SIDE)] : undefined;
  }

  /** The scale of a level: the head's own top for single weights, the overview's for its means, geometric between: fixed while one moves. */
  fit(pool) {
    const top = this.head.top || 1;
    if (pool === 1) return { top, largest: this.head.largest ?? top, above: 0.0005, sampled: true, broken: 0 };
    if (!this.store.coarse) this._readOverview();
    if (!this.store.coarse) return { top, largest: top, above: 0, broken: 0 };
    const { coarse } = this.store,
      share = Math.min(1, Math.log(pool) / Math.log(coarse.pool));
    return { ...coarse.fit, top: top ** (1 - share) * coarse.fit.top ** share, between: share > 0 && share < 1 };
  }

  _readOverview() {
    const pool = Math.max(0, ...this.levels.keys());
    if (pool < 2) return;
    const all = [].concat(...[...this.levels.get(pool).values()].map((tile) => Array.from(tile).filter((v) => v > 0)));
    if (all.length) this.store.coarse = { pool, fit: { ...A.heat.scale.fit(Float32Array.from(all), true), broken: 0 } };
  }
};
