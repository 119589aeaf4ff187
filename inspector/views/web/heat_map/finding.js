// The caption of the map: what the row in focus does, or what the head does.
(A.heat ||= {}).finding = (() => {
  /** Parts of a sentence for a row's own weights ([K]). */
  function row(map, index, col, weights) {
    const { axes, state } = map,
      query = map.query(index),
      learned = map.layer.learned_sink;
    const facts = A.rowFacts.of(weights, axes.keys, state.special, { shown: 1, learned });
    const first = facts.top[0],
      base = { query, restName: axes.restName, sameAxis: axes.square };
    if (map.empty(index)) return A.captions.row({ ...base, none: true });
    if (facts.broken) return A.captions.row({ ...base, broken: facts.broken });
    const mean = (key) => map.received(axes.colOf.get(key));
    if (
      col !== null &&
      col !== undefined &&
      first &&
      axes.cols[col] !== first.key &&
      weights[axes.cols[col]] < weights[first.key]
    ) {
      const key = map.key(col),
        weight = weights[key.position] * facts.scale;
      return A.captions.chosen({ ...base, key, weight, mean: mean(key.position), rank: rank(map, weights, key.position) });
    }
    return A.captions.row({
      ...base,
      key: first && first.weight > 0 ? axes.keys[first.key] : null,
      weight: first ? first.weight : 0,
      mean: first ? mean(first.key) : 0,
      rest: facts.rest.weight,
    });
  }

  /** 1 for the largest weight of the keys drawn. */
  function rank(map, weights, position) {
    let above = 0;
    for (const p of map.axes.cols) if (weights[p] > weights[position]) above++;
    return above + 1;
  }

  /** What the head does on average, from rows that are here. */
  function head(map) {
    const { field, axes, margin } = map,
      facts = {
        previous: 0,
        next: 0,
        self: 0,
        same: 0,
        restName: axes.restName,
        rest: mean(field.rows.map((p) => margin.rest[p])),
        top: strongest(map),
      };
    if (map.state.special === "rescale" || !axes.restName) facts.rest = 0;
    if (!field.remote && axes.square) Object.assign(facts, diagonals(map));
    return A.captions.head(facts);
  }

  const mean = (values) => (values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0);

  /** Mean over all rows, those that may not see the key included: a key that only the last row sees is not what everyone looks at. */
  function overall(map) {
    const { rows, cols, remote } = map.field,
      sums = new Float64Array(cols.length);
    if (remote) return sums.map((_, c) => map.received(c));
    for (let r = 0; r < rows.length; r++)
      for (let c = 0; c < cols.length; c++) {
        const v = map.field.value(r, c);
        if (v > 0) sums[c] += v / rows.length;
      }
    return sums;
  }

  function strongest(map) {
    const mean = overall(map);
    let best = -1;
    for (let c = 0; c < mean.length; c++) if (mean[c] > (best < 0 ? 0 : mean[best])) best = c;
    return best < 0 ? null : { key: map.key(best), mean: mean[best] };
  }

  /** Mean weight on the token before, after, on itself, and summed over other tokens with the same label. */
  function diagonals(map) {
    const { field, axes } = map,
      before = [],
      after = [],
      self = [],
      same = [],
      places = new Map();
    axes.cols.forEach((p, c) => {
      const { label } = axes.keys[p];
      places.set(label, [...(places.get(label) || []), c]);
    });
    axes.rows.forEach((p, r) => {
      const at = (position) => {
        const c = axes.colOf.get(position);
        return c === undefined ? null : field.value(r, c);
      };
      const put = (list, v) => {
        if (v !== null && Number.isFinite(v)) list.push(v);
      };
      put(before, at(map.isJoined ? axes.rows[r - 1] : p - 1));
      put(after, at(map.isJoined ? axes.rows[r + 1] : p + 1));
      put(self, at(p));
      const others = (places.get(axes.queries[p].label) || []).filter((c) => axes.cols[c] !== p);
      if (others.length) same.push(others.reduce((sum, c) => sum + field.value(r, c), 0));
    });
    return { previous: mean(before), next: mean(after), self: mean(self), same: mean(same) };
  }

  /** How to read the picture, in one line. */
  function how(map) {
    const more = map.theme === "dark" ? "brighter" : "darker",
      start = `Row = token that looks, column = token looked at, ${more} = more attention.`;
    const end =
      map.whole && map.level.pool === 1 && map.layout.words
        ? "Click a cell to select it in every view."
        : "Wheel or pinch to zoom, drag to move, double-click for the whole text.";
    const words = map.isJoined ? " To a word: the sum over its pieces; from a word: their mean." : "";
    return map.state.special === "rescale" && map.axes.restName
      ? `${A.captions.rescaled(map.axes.restName)} ${start}${words}`
      : `${start} ${words ? words.trim() : end}`;
  }

  return { row, head, how, rank };
})();
