// Which tokens are rows and columns of the map, and what each is called.
(A.heat ||= {}).axes = (() => {
  /** Positions drawn on one axis: no padding; tokens at rest only where they are drawn like any other. */
  function shown(tokens, mode) {
    const real = tokens.filter((t) => !t.padding),
      words = mode === "draw" ? real : real.filter((t) => !t.rest);
    return (words.length ? words : real).map((t) => t.position);
  }

  /** One run of positions, rest tokens inside it included: maps that are fetched in tiles cannot leave single tokens out. */
  function run(tokens, mode) {
    const some = shown(tokens, mode),
      first = some[0],
      last = some[some.length - 1];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  /** {rows, cols: positions; queries, keys: all tokens; folded: whether something is left to a side bar; padding: positions not drawn}. */
  function read(data, state, head) {
    const queries = data.queryTokens(state.group, state.layer),
      keys = data.keyTokens(state.group, state.layer);
    const pick = head.local ? shown : run,
      rows = pick(queries, state.special),
      cols = pick(keys, state.special);
    const rowOf = new Map(rows.map((p, i) => [p, i])),
      colOf = new Map(cols.map((p, i) => [p, i]));
    return {
      queries,
      keys,
      rows,
      cols,
      rowOf,
      colOf,
      restName: data.restName(state.group, state.layer),
      folded: state.special === "fold" && !!data.restName(state.group, state.layer),
      padding: queries.filter((t) => t.padding && !t.merged).length,
      square: data.group(state.group).query_axis === data.group(state.group).key_axis,
    };
  }

  /** Positions at round steps, for axes too dense for words: at most one per `room` cells. */
  function steps(positions, room) {
    const least = Math.max(1, room),
      power = 10 ** Math.floor(Math.log10(least));
    const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= least);
    return positions.map((p, i) => ({ index: i, position: p })).filter((t) => t.position % step === 0);
  }

  return { read, shown, run, steps };
})();
