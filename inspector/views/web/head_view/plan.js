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
    const middle = Math.max(
      0,
      free.findIndex((key) => key >= centre),
    );
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

  function entries(free, close, chosen) {
    const first = close[0],
      last = close[close.length - 1],
      gathered = (test) =>
        [...chosen]
          .filter((k) => !close.includes(k) && test(k))
          .sort((a, b) => a - b)
          .map((key) => ({ key, gathered: true }));
    const left = (test) => {
      const more = free.filter((k) => test(k) && !chosen.has(k));
      return more.length ? [{ more }] : [];
    };
    return [
      ...gathered((k) => k < first),
      ...left((k) => k < first),
      ...close.map((key) => ({ key, gathered: false })),
      ...gathered((k) => k > last),
      ...left((k) => k > last),
    ];
  }

  return { rows, keys, ALL, WINDOW };
})();
