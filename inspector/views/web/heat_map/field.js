// The weights of a head that is here, as the map shows them: rows and columns picked, rescaled if asked, averaged into blocks.
(A.heat ||= {}).LocalField = class {
  constructor(head, axes, mode, margins) {
    Object.assign(this, { head, rows: axes.rows, cols: axes.cols, remote: false, fits: new Map() });
    this.factor =
      mode === "rescale" ? Float64Array.from(this.rows, (p) => (margins.rest[p] < 1 ? 1 / (1 - margins.rest[p]) : 0)) : null;
  }

  /** Compute all rows without freezing the page. */
  async prepare() {
    let since = performance.now();
    for (const position of this.rows) {
      this.head.rowNow(position);
      if (performance.now() - since > 40) {
        await new Promise((done) => setTimeout(done));
        since = performance.now();
      }
    }
  }

  /** One weight as drawn. */
  value(row, col) {
    return this.head.rowNow(this.rows[row])[this.cols[col]] * (this.factor ? this.factor[row] : 1);
  }

  /** Whether the mask lets a row see a column. */
  allowed(row, col) {
    return this.head.allowed(this.rows[row], this.cols[col]);
  }

  /** Blocks [r0, r1) × [c0, c1) of pool × pool weights, their means or their largest: Float32Array, row by row. */
  blocks(pool, { r0, r1, c0, c1 }, largest = false) {
    const out = new Float32Array((r1 - r0) * (c1 - c0));
    for (let r = r0; r < r1; r++) this._line(out.subarray((r - r0) * (c1 - c0), (r - r0 + 1) * (c1 - c0)), pool, r, c0, largest);
    return out;
  }

  _line(out, pool, block, c0, largest) {
    const from = block * pool,
      to = Math.min(this.rows.length, from + pool),
      { cols } = this;
    for (let r = from; r < to; r++) {
      const row = this.head.rowNow(this.rows[r]),
        factor = this.factor ? this.factor[r] : 1;
      for (let c = 0; c < out.length; c++) {
        const first = (c0 + c) * pool,
          last = Math.min(cols.length, first + pool);
        for (let j = first; j < last; j++) {
          const v = row[cols[j]] * factor;
          out[c] = largest ? Math.max(out[c], v) : out[c] + v;
        }
      }
    }
    if (!largest && pool > 1)
      for (let c = 0; c < out.length; c++) out[c] /= (to - from) * (Math.min(cols.length, (c0 + c + 1) * pool) - (c0 + c) * pool);
  }

  /** The colour scale of a level: over the whole map, so that it does not change while one moves. */
  fit(pool, largest = false) {
    const key = `${pool} ${largest}`;
    if (!this.fits.has(key)) {
      const all = this.blocks(
        pool,
        { r0: 0, r1: Math.ceil(this.rows.length / pool), c0: 0, c1: Math.ceil(this.cols.length / pool) },
        largest,
      );
      let broken = 0;
      for (const v of all) if (!Number.isFinite(v)) broken++;
      this.fits.set(key, { ...A.heat.scale.fit(all, A.heat.scale.isLong(this.rows.length, this.cols.length)), broken });
    }
    return this.fits.get(key);
  }

  /** Means or largest: blocks() is told each time. */
  use() {}

  /** Nothing has to be fetched. */
  wanted() {
    return null;
  }
};
