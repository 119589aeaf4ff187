// The numbers of one picture: rows of the chosen heads as they are to be shown (folded, drawn or rescaled), means, facts.
(A.headView ||= {}).sheet = (() => {
  /** Loads what a picture needs and returns a sheet; `wanted` are the query positions shown. */
  async function load(data, state, wanted) {
    const { group, layer, special, query } = state,
      { sheet } = A.headView;
    const queryTokens = data.queryTokens(group, layer),
      keyTokens = data.keyTokens(group, layer);
    const heads = await Promise.all(state.heads.map((h) => data.head(group, layer, h)));
    const margins = await Promise.all(heads.map((head) => head.marginals()));
    const from = Math.min(...wanted),
      to = Math.max(...wanted) + 1;
    await Promise.all(heads.map((head) => head.rows(from, to)));
    if (query !== null && (query < from || query >= to)) await Promise.all(heads.map((head) => head.row(query)));
    const made = {
      heads,
      margins,
      queryTokens,
      keyTokens,
      special,
      info: data.layer(group, layer),
      restName: data.restName(group, layer),
      fold: special !== "draw",
      sameAxis: data.group(group).query_axis === data.group(group).key_axis,
      rowCache: new Map(),
      ranks: new WeakMap(),
    };
    made.row = (head, i) => sheet.row(made, head, i);
    made.mean = (i) => sheet.mean(made, i);
    made.rest = (i) => (made.special === "fold" ? margins.reduce((sum, m) => sum + m.rest[i], 0) / heads.length : 0);
    made.means = sheet.columns(made);
    return made;
  }

  /** Row i of the h-th chosen head as shown: [K]. Rescaled rows leave out the rest and sum to 1. */
  function row(sheet, h, i) {
    const key = `${h} ${i}`;
    if (!sheet.rowCache.has(key)) sheet.rowCache.set(key, made(sheet, sheet.heads[h].rowNow(i)));
    return sheet.rowCache.get(key);
  }

  function made(sheet, raw) {
    if (sheet.special !== "rescale" || !raw) return raw;
    let free = 0;
    for (const t of sheet.keyTokens) if (!t.rest) free += raw[t.position];
    return Float32Array.from(raw, (w, j) => (sheet.keyTokens[j].rest || !(free > 0) ? 0 : w / free));
  }

  /** The mean over the chosen heads of row i. */
  function mean(sheet, i) {
    if (sheet.heads.length === 1) return row(sheet, 0, i);
    const key = `mean ${i}`;
    if (!sheet.rowCache.has(key)) {
      const out = new Float32Array(sheet.keyTokens.length);
      for (let h = 0; h < sheet.heads.length; h++) {
        const one = row(sheet, h, i);
        for (let j = 0; j < out.length; j++) out[j] += one[j] / sheet.heads.length;
      }
      sheet.rowCache.set(key, out);
    }
    return sheet.rowCache.get(key);
  }

  /** What the average token gives each key, per chosen head: [K]; null where rescaled rows would all have to be fetched. */
  function columns(sheet) {
    if (sheet.special !== "rescale") return sheet.margins.map((m) => m.received);
    return sheet.heads.map((head, h) => (head.small ? rescaledColumns(sheet, head, h) : null));
  }

  function rescaledColumns(sheet, head) {
    const sums = new Float64Array(head.keys),
      seen = new Float64Array(head.keys);
    for (const t of sheet.queryTokens) {
      if (t.rest || t.special || t.padding) continue;
      const shown = made(sheet, head.rowNow(t.position));
      for (let j = 0; j < head.keys; j++)
        if (head.allowed(t.position, j)) {
          sums[j] += shown[j];
          seen[j]++;
        }
    }
    return Float32Array.from(sums, (sum, j) => (seen[j] ? sum / seen[j] : 0));
  }

  /** Keys of a row from the strongest, without padding and, unless drawn, without the rest: [positions]. Sorted once a row. */
  function ranked(sheet, weights) {
    if (!sheet.ranks.has(weights)) {
      const shown = sheet.keyTokens.filter((t) => !t.padding && !(sheet.fold && t.rest) && Number.isFinite(weights[t.position]));
      sheet.ranks.set(
        weights,
        shown.map((t) => t.position).sort((a, b) => weights[b] - weights[a] || a - b),
      );
    }
    return sheet.ranks.get(weights);
  }

  /** No key may be seen from here: the row is empty, or the kernel made it even for want of anything better. */
  function barred(sheet, i) {
    const head = sheet.heads[0],
      row = head.rowNow(i);
    if (row && row.every((w) => w === 0)) return true;
    if (!head.ruled) return false;
    for (let j = 0; j < head.keys; j++) if (head.allowed(i, j)) return false;
    return true;
  }

  return { load, row, mean, columns, ranked, barred };
})();
