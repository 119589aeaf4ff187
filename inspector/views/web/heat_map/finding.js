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
    const mean = (key) => map.received(axes.colOf.get(key)),
      counts = counted(map),
      others = (key) => (counts ? A.habits.others(counts, query.position, key) : null);
    if (
      col !== null &&
      col !== undefined &&
      first &&
      axes.cols[col] !== first.key &&
      weights[axes.cols[col]] < weights[first.key]
    ) {
      const key = map.key(col),
        weight = weights[key.position] * facts.scale,
        folded = state.special === "fold" && !!axes.restName;
      return A.captions.chosen({ ...base, key, weight, mean: mean(key.position), rank: rank(map, weights, key.position), folded });
    }
    return A.captions.row({
      ...base,
      key: first && first.weight > 0 ? axes.keys[first.key] : null,
      weight: first ? first.weight : 0,
      mean: first ? mean(first.key) : 0,
      others: first ? others(first.key) : null,
      rest: facts.rest.weight,
    });
  }

  /** 1 for the largest weight of the keys drawn. */
  function rank(map, weights, position) {
    let above = 0;
    for (const p of map.axes.cols) if (weights[p] > weights[position]) above++;
    return above + 1;
  }

  /** The rows drawn, counted one by one; null while they stay with Python. */
  function counted(map) {
    const { field, axes, head, state } = map;
    if (field.remote) return null;
    const kept = (head.countedInMap ||= new Map()); // the rows of a map may be more than those of One head
    if (!kept.has(state.special))
      kept.set(
        state.special,
        A.habits.count({
          rows: axes.rows,
          keys: axes.keys,
          shown: axes.cols,
          row: (q) => rowOf(field, head, axes.rowOf.get(q)),
          rest: (q) => (state.special === "fold" ? map.margin.rest[q] : 0),
          square: axes.square && axes.queries.length === axes.keys.length,
        }),
      );
    return kept.get(state.special);
  }

  /** A row as it is drawn: [K]. */
  function rowOf({ rows, factor }, head, r) {
    const row = head.rowNow(rows[r]);
    return factor ? row.map((w) => w * factor[r]) : row;
  }

  /** What the head does: counted, or of a head that is far away its means. */
  function head(map) {
    const { axes, margin, state } = map,
      restName = state.special === "fold" ? axes.restName : "",
      rest = () => axes.rows.filter((p) => !axes.queries[p].rest).reduce((sum, p, _, all) => sum + margin.rest[p] / all.length, 0);
    const shown = axes.cols.filter((p) => state.special === "draw" || !axes.keys[p].rest);
    return A.captions.head(
      counted(map) || A.habits.means(map.head, { keys: axes.keys, shown, margins: margin, rest: restName ? rest() : 0 }),
      restName,
    );
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
