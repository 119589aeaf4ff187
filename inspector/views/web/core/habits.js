// What the rows of a head do, counted one by one, so that a sentence about "every token" is true of every token.
// A row looks at its largest key exactly where its own caption says so: more than 0.2, and no less than what rests.
A.habits = (() => {
  const LOOKS = 0.2;

  /** The key a row looks at, or null where it rests or spreads its attention; best is its largest key drawn. */
  const aim = (best, weight, rest) => (best !== null && weight > LOOKS && !(rest > weight) ? best : null);

  /** The largest of the keys drawn: the first of equals; null where none is a positive number. */
  function largest(row, drawn) {
    let best = null;
    for (const k of drawn) if (row[k] > (best === null ? 0 : row[best]) && row[k] < Infinity) best = k;
    return best;
  }

  /** Positions drawn on an axis: no padding, and what is folded away only where it is drawn like any token. */
  const drawn = (tokens, folded) => tokens.filter((t) => !t.padding && !(folded && t.rest)).map((t) => t.position);

  /**
   * Counts and means over `rows`. keys: all tokens looked at; shown: the positions of those drawn; row(q): [K] as drawn;
   * rest(q): what rests, as drawn; square: from a text to itself.
   * {rows, looking: Map key → rows that look at it, aim: Map row → key or null, spread, rest, previous, next, self: {n, mean},
   * same: {n, of, mean}, top: {key, mean}, most: {key, n, mean}}
   */
  function count({ rows, keys, shown, row, rest, square }) {
    const found = { rows: rows.length, looking: new Map(), aim: new Map(), spread: 0, rest: 0, broken: 0 },
      sums = new Float64Array(keys.length),
      beside = square ? neighbours(keys, shown) : null,
      habits = Object.fromEntries(["previous", "next", "self", "same"].map((name) => [name, { n: 0, of: 0, sum: 0 }]));
    for (const q of rows) {
      const weights = row(q),
        best = largest(weights, shown),
        resting = rest(q),
        at = aim(best, best === null ? 0 : weights[best], resting);
      if (shown.some((k) => !Number.isFinite(weights[k]))) found.broken++;
      found.aim.set(q, at);
      found.rest += resting / rows.length;
      if (at !== null) found.looking.set(at, (found.looking.get(at) || 0) + 1);
      else if (best !== null && !(resting > LOOKS && resting > weights[best])) found.spread++;
      for (const k of shown) if (weights[k] > 0 && weights[k] < Infinity) sums[k] += weights[k];
      if (beside) for (const [name, to] of Object.entries(beside(q))) add(habits[name], weights, at, to);
    }
    const mean = (k) => (rows.length ? sums[k] / rows.length : 0),
      top = shown.reduce((a, k) => (a === null || sums[k] > sums[a] ? k : a), null),
      most = [...found.looking].reduce((a, [k, n]) => (!a || n > a.n || (n === a.n && sums[k] > sums[a.at]) ? { at: k, n } : a), null);
    return {
      ...found,
      ...Object.fromEntries(Object.entries(habits).map(([name, h]) => [name, { n: h.n, of: h.of, mean: h.of ? h.sum / h.of : 0 }])),
      top: top === null || !(sums[top] > 0) ? null : { key: keys[top], mean: mean(top) },
      most: most && { key: keys[most.at], n: most.n, mean: mean(most.at) },
    };
  }

  function add(habit, weights, at, to) {
    if (!to.length) return;
    habit.of++;
    habit.n += to.includes(at);
    for (const k of to) if (Number.isFinite(weights[k])) habit.sum += weights[k];
  }

  /** For a row the keys drawn that are the token before it, after it, itself, and its equals elsewhere. */
  function neighbours(keys, shown) {
    const real = keys.filter((t) => !t.padding).map((t) => t.position),
      order = new Map(real.map((p, i) => [p, i])),
      here = new Set(shown),
      places = new Map();
    const known = (k) => !keys[k].unknown; // two words that the model cannot read need not be one
    for (const k of shown.filter(known)) places.set(keys[k].label, [...(places.get(keys[k].label) || []), k]);
    const only = (k) => (here.has(k) ? [k] : []);
    return (q) => {
      const i = order.get(q);
      return {
        previous: only(real[i - 1]),
        next: only(real[i + 1]),
        self: only(q),
        same: known(q) ? (places.get(keys[q].label) || []).filter((k) => k !== q) : [],
      };
    };
  }

  /** How many of the other rows look at a key: {n, of}. */
  const others = (found, q, key) => ({
    n: (found.looking.get(key) || 0) - (found.aim.get(q) === key ? 1 : 0),
    of: found.rows - (found.aim.has(q) ? 1 : 0),
  });

  /** Of a head too long to be counted: its means over the rows that may see a key, and what rests. */
  function means({ mask }, { keys, shown, margins, rest }) {
    const { received } = margins,
      best = shown.reduce((a, k) => (a === null || received[k] > received[a] ? k : a), null),
      bound = (x) => x !== null && x !== undefined;
    return {
      rest,
      top: best === null || !(received[best] > 0) ? null : { key: keys[best], mean: received[best] },
      seeing: !!mask && (bound(mask.left) || bound(mask.right)),
    };
  }

  return { count, means, others, drawn, largest, aim, LOOKS };
})();
