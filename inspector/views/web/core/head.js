// One head, whichever way it came: all weights, queries and keys to compute them from, or rows fetched when needed.
A.Head = class {
  constructor(answer, where, layer, get) {
    Object.assign(this, { where, layer, get, form: answer.form, cache: new Map(), top: answer.top ?? null });
    this.queries = layer.queries;
    this.keys = layer.keys;
    this.mask = answer.mask
      ? { ...answer.mask, keys: A.bytes.decode(answer.mask.keys) }
      : layer.causal
        ? { right: 0, offset: layer.keys - layer.queries }
        : null;
    this.local = answer.form !== "remote";
    // The rule that was really used, not one guessed from "causal"; and whether all rows at once are a matter of milliseconds.
    this.ruled = !!answer.mask;
    this.small = this.local && this.queries * this.keys <= 2 ** 22;
    if (answer.form === "dense") this.weights = A.bytes.decode(answer.weights);
    else if (answer.form === "scores") this._prepare(answer);
    else this.sent = { received: A.bytes.decode(answer.received), rest: A.bytes.decode(answer.rest) };
  }

  _prepare(answer) {
    const query = Float64Array.from(A.bytes.decode(answer.query)),
      key = Float64Array.from(A.bytes.decode(answer.key));
    this.source = {
      query,
      key,
      width: answer.query.shape[1],
      keys: this.keys,
      scale: answer.scale,
      mask: this.mask,
      softcap: answer.softcap ?? null,
      sink: answer.sink ?? null,
      scratch: new Float64Array(this.keys),
    };
  }

  allowed(i, j) {
    return A.softmax.allowed(this.mask, i, j);
  }

  /** Row i at once, for heads that are here: [K] float32. */
  rowNow(i) {
    if (this.weights) return this.weights.subarray(i * this.keys, (i + 1) * this.keys);
    if (!this.cache.has(i)) {
      if (!this.source) return null;
      if (this.cache.size * this.keys > 2 ** 22) this.cache.clear();
      this.cache.set(i, A.softmax.row(this.source, i, new Float32Array(this.keys)));
    }
    return this.cache.get(i);
  }

  /** Row i: [K] float32. */
  async row(i) {
    return this.rowNow(i) || (await this.rows(i, i + 1));
  }

  /** Rows from … to − 1 in one array: [to − from, K] float32. */
  async rows(from, to) {
    if (this.weights) return this.weights.subarray(from * this.keys, to * this.keys);
    if (!this.local) await this._fetch(from, to);
    const out = new Float32Array((to - from) * this.keys);
    for (let i = from; i < to; i++) out.set(this.rowNow(i), (i - from) * this.keys);
    return out;
  }

  /** Gets the rows of a range that are not here yet; of the others, the oldest beyond 256 are let go. */
  async _fetch(first, last) {
    let from = first,
      to = last;
    while (from < to && this.cache.has(from)) from++;
    while (to > from && this.cache.has(to - 1)) to--;
    if (from >= to) return;
    const rows = A.bytes.decode((await this.get({ kind: "rows", ...this.where, from, to })).weights);
    for (let i = from; i < to; i++) this.cache.set(i, rows.subarray((i - from) * this.keys, (i - from + 1) * this.keys));
    for (const i of [...this.cache.keys()]) {
      if (this.cache.size <= 256) break;
      if (i < first || i >= last) this.cache.delete(i);
    }
  }

  /** Means of pool × pool weights over a rectangle: {values [rows, cols], rows, cols, pool}. */
  async tile({ q0, q1, k0, k1, pool = 1 }) {
    const rows = Math.ceil((q1 - q0) / pool),
      cols = Math.ceil((k1 - k0) / pool);
    if (!this.local) {
      const answer = await this.get({ kind: "tile", ...this.where, q0, q1, k0, k1, pool });
      return { values: A.bytes.decode(answer.values), rows, cols, pool };
    }
    return { values: this._pooled(q0, q1, k0, k1, pool, rows, cols), rows, cols, pool };
  }

  _pooled(q0, q1, k0, k1, pool, rows, cols) {
    const values = new Float32Array(rows * cols),
      sums = new Float64Array(cols);
    for (let r = 0; r < rows; r++) {
      const from = q0 + r * pool,
        to = Math.min(q1, from + pool);
      sums.fill(0);
      for (let i = from; i < to; i++) {
        const row = this.rowNow(i);
        for (let j = k0; j < k1; j++) sums[Math.floor((j - k0) / pool)] += row[j];
      }
      for (let c = 0; c < cols; c++)
        values[r * cols + c] = sums[c] / ((to - from) * (Math.min(k1, k0 + (c + 1) * pool) - k0 - c * pool));
    }
    return values;
  }

  /** Means over all content queries, turned into means over those that may see the key: early keys of a causal head would win otherwise. */
  _perSeeing(received) {
    const { left, right, offset } = this.mask || {},
      bound = (x) => x !== null && x !== undefined;
    if (!bound(left) && !bound(right)) return received;
    const upTo = new Uint32Array(this.queries + 1);
    for (let i = 0; i < this.queries; i++) {
      const t = this.axes.queryTokens[i];
      upTo[i + 1] = upTo[i] + (t.rest || t.special || t.padding ? 0 : 1);
    }
    const at = (i) => upTo[Math.max(0, Math.min(this.queries, i))],
      all = upTo[this.queries];
    return received.map((mean, j) => {
      const seen = at(bound(left) ? j - offset + left + 1 : this.queries) - at(bound(right) ? j - offset - right : 0);
      return seen ? Math.min(1, (mean * all) / seen) : 0;
    });
  }

  /** rest [Q]: mass on the folded keys (and a learned sink); received [K]: mean over the content queries that may see the key. */
  async marginals() {
    if (this.given) return this.given;
    if (this.sent) return (this.given = { rest: this.sent.rest, received: this._perSeeing(this.sent.received) });
    const { queryTokens, keyTokens } = this.axes,
      rest = new Float32Array(this.queries),
      received = new Float64Array(this.keys),
      seen = new Float64Array(this.keys);
    const folded = keyTokens.filter((t) => t.rest).map((t) => t.position);
    let rested = performance.now();
    for (let i = 0; i < this.queries; i++) {
      if (!this.small && performance.now() - rested > 30) {
        await new Promise((go) => setTimeout(go));
        rested = performance.now();
      }
      const row = this.rowNow(i),
        content = !queryTokens[i].rest && !queryTokens[i].special && !queryTokens[i].padding;
      let sum = 0,
        mass = 0;
      for (let j = 0; j < this.keys; j++) sum += row[j];
      for (const j of folded) mass += row[j];
      rest[i] = this.layer.learned_sink ? mass + Math.max(0, 1 - sum) : mass;
      if (content)
        for (let j = 0; j < this.keys; j++)
          if (this.allowed(i, j)) {
            received[j] += row[j];
            seen[j]++;
          }
    }
    return (this.given = { rest, received: Float32Array.from(received, (sum, j) => (seen[j] ? sum / seen[j] : 0)) });
  }
};
