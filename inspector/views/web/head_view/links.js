// Which links are drawn, how wide, how strong, and what share of the attention they carry.
(A.headView ||= {}).links = (() => {
  const MOST = 4000;
  /** What is hidden at first: under 0.05, in long texts under 5/N. */
  const auto = (tokens) => Math.min(0.05, Number((5 / tokens).toPrecision(2)));
  const width = (w, heads) => Math.max(0.8, (heads > 1 ? 4.5 : 6.5) * w);
  const opacity = (w) => 0.22 + 0.78 * Math.sqrt(w);
  const dimmed = (w) => 0.1 + 0.25 * w;

  /** Does a link belong to the segment filter ("AB", "AS", …; null: all do)? */
  function within(pairs, query, key) {
    if (!pairs) return true;
    const of = (t) => (t.rest || t.special ? "S" : ("AB"[t.segment] ?? "S"));
    return of(query) === pairs[0] && of(key) === pairs[1];
  }

  /** Links at or over the threshold between listed tokens, the weakest first: {links, drawn, total, shares per head}. */
  function collect(sheet, rows, keys, { threshold, pairs }) {
    const { queryTokens, keyTokens, fold } = sheet,
      links = [],
      resting = pairs && pairs[1] === "S";
    let drawn = 0,
      total = 0;
    for (let h = 0; h < sheet.heads.length; h++) {
      for (const q of rows) {
        if (fold && queryTokens[q].rest) continue;
        const row = sheet.row(h, q);
        for (const t of keyTokens)
          if (Number.isFinite(row[t.position]) && !t.padding && (!fold || !t.rest || resting) && within(pairs, queryTokens[q], t))
            total += row[t.position];
        keys.forEach((entry, at) => {
          if (entry.more) return;
          const w = row[entry.key],
            key = keyTokens[entry.key];
          if (!(w >= threshold && w < Infinity) || (fold && key.rest && !resting) || !within(pairs, queryTokens[q], key)) return;
          links.push({ h, q, at, key: entry.key, w });
          drawn += w;
        });
      }
    }
    links.sort((a, b) => a.w - b.w);
    const left = links.length > MOST ? links.splice(0, links.length - MOST) : [];
    return { links, drawn: drawn - left.reduce((sum, l) => sum + l.w, 0), total, capped: left.length > 0 };
  }

  /** An S-curve with level ends. */
  function curve(x0, y0, x1, y1) {
    const { n } = A.dom,
      bend = (x1 - x0) * 0.48;
    return `M${n(x0)} ${n(y0)}C${n(x0 + bend)} ${n(y0)} ${n(x1 - bend)} ${n(y1)} ${n(x1)} ${n(y1)}`;
  }

  return { auto, width, opacity, dimmed, within, collect, curve };
})();
