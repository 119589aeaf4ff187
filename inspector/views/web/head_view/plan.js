// Which tokens stand in the two columns. Short texts: all. Long ones: a window of rows on the left, and on the right the
// strongest keys from anywhere, the neighbourhood, and ⋯ for what is left out, so that a row still adds up.
(A.headView ||= {}).plan = (() => {
  const ALL = 40,
    WINDOW = 28,
    GATHERED = 14;
  const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

  /** The query rows: {rows, above, below, from, long}. from: first row wanted, or null to centre on the pinned token. */
  function rows(tokens, pinned, from) {
    const real = tokens.filter((t) => !t.padding).map((t) => t.position);
    if (real.length <= ALL) return { rows: real, above: 0, below: 0, from: 0, long: false };
    const at = pinned === null ? 0 : Math.max(0, real.indexOf(pinned)) - Math.floor(WINDOW / 2);
    const start = clamp(from === null ? at : from, 0, real.length - WINDOW);
    return {
      rows: real.slice(start, start + WINDOW),
      above: start,
      below: real.length - start - WINDOW,
      from: start,
      long: true,
    };
  }

  /**
   * The key entries in reading order: {key, gathered} or {more: [keys]}.
   * score: [K] how strongly each key is looked at from here; centre: the position whose neighbourhood is shown;
   * folded keys are left out of long lists (they have the rest bar) and stay in short ones.
   */
  function keys(tokens, { score, centre, floor, fold }) {
    const real = tokens.filter((t) => !t.padding).map((t) => t.position);
    if (real.length <= ALL) return real.map((key) => ({ key, gathered: false }));
    const free = real.filter((key) => !(fold && tokens[key].rest)),
      room = WINDOW;
    const strong = [...free].sort((a, b) => score[b] - score[a] || a - b).filter((key) => score[key] >= floor);
    const found = free.findIndex((key) => key >= centre),
      middle = found < 0 ? free.length - 1 : found;
    const near = (size) => {
      const start = clamp(middle - Math.floor(size / 2), 0, free.length - size);
      return free.slice(start, start + size);
    };
    let close = near(room - GATHERED),
      chosen = strong.filter((key) => !close.includes(key)).slice(0, GATHERED);
    close = near(room - chosen.length);
    chosen = chosen.filter((key) => !close.includes(key));
    close = near(room - chosen.length);
    return entries(free, close, new Set(chosen));
  }

  /** Keys in reading order; ⋯ follows the gathered keys of its side. A ⋯ for a single key would be no gain: the key stands there. */
  function entries(free, close, chosen) {
    const near = new Set(close);
    const side = (test) => {
      const here = free.filter((key) => test(key) && !near.has(key)),
        more = here.filter((key) => !chosen.has(key)),
        listed = more.length > 1 ? here.filter((key) => chosen.has(key)) : here;
      return [...listed.map((key) => ({ key, gathered: true })), ...(more.length > 1 ? [{ more }] : [])];
    };
    return [
      ...side((key) => key < close[0]),
      ...close.map((key) => ({ key, gathered: false })),
      ...side((key) => key > close[0]),
    ];
  }

  return { rows, keys, ALL, WINDOW };
})();
