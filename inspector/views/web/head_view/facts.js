// What is worth saying about a row, a key or a whole head: numbers for captions, summaries and lists.
(A.headView ||= {}).facts = (() => {
  const content = (t) => !t.rest && !t.special && !t.padding;

  /** The caption of a row in focus; with several heads it is about the one that looks hardest. */
  function row(sheet, state, q) {
    const { ranked, barred } = A.headView.sheet,
      query = sheet.queryTokens[q];
    if (barred(sheet, q)) return A.captions.row({ query, none: true });
    const tops = sheet.heads
      .map((_, h) => ({ h, order: ranked(sheet, sheet.row(h, q)) }))
      .map((x) => ({ ...x, w: x.order.length ? sheet.row(x.h, q)[x.order[0]] : 0 }));
    const { h, order } = tops.reduce((a, b) => (b.w > a.w ? b : a)),
      weights = sheet.row(h, q),
      named = sheet.heads.length > 1 ? [`Head ${state.heads[h]}: `] : [];
    const broken = weights.reduce((count, w) => count + !Number.isFinite(w), 0),
      chosen = state.query === q && state.key !== null ? state.key : null;
    const counts = sheet.heads[h].small ? count(sheet, h) : null;
    const about = (key) => ({
      query,
      key: key === undefined ? null : sheet.keyTokens[key],
      weight: weights[key],
      mean: sheet.means[h] ? sheet.means[h][key] : 0,
      others: counts && key !== undefined ? A.habits.others(counts, q, key) : null,
      sameAxis: sheet.sameAxis,
      folded: sheet.special === "fold" && !!sheet.restName,
    });
    const rank = chosen === null ? 0 : order.indexOf(chosen);
    if (rank > 0 && !broken) return [...named, ...A.captions.chosen({ ...about(chosen), rank: rank + 1 })];
    const rest = resting(sheet, h)(q);
    return [...named, ...A.captions.row({ ...about(order[0]), rest, restName: sheet.restName, broken })];
  }

  /** What of a row rests beside the keys drawn, for the h-th chosen head. */
  const resting = (sheet, h) => (q) => (sheet.special === "fold" ? sheet.margins[h].rest[q] : 0);

  /** The rows of the h-th chosen head counted one by one, once for each way to draw it. */
  function count(sheet, h) {
    const head = sheet.heads[h],
      kept = (head.counted ||= new Map());
    if (!kept.has(sheet.special))
      kept.set(
        sheet.special,
        A.habits.count({
          rows: A.habits.drawn(sheet.queryTokens, sheet.fold),
          keys: sheet.keyTokens,
          shown: A.habits.drawn(sheet.keyTokens, sheet.fold),
          row: (q) => sheet.row(h, q),
          rest: resting(sheet, h),
          square: sheet.sameAxis && sheet.queryTokens.length === sheet.keyTokens.length,
        }),
      );
    return kept.get(sheet.special);
  }

  /** The caption of a key in focus: who gives it most. */
  function column(sheet, key) {
    const words = sheet.queryTokens.filter(content).map((t) => t.position),
      rows = words.filter((q) => sheet.heads.every((head) => head.rowNow(q)));
    const best = rows.reduce((a, q) => (a === null || sheet.mean(q)[key] > sheet.mean(a)[key] ? q : a), null);
    const known = sheet.means.every((m) => m);
    return A.captions.column({
      key: sheet.keyTokens[key],
      query: best === null ? null : sheet.queryTokens[best],
      weight: best === null ? 0 : sheet.mean(best)[key],
      mean: known ? sheet.means.reduce((sum, m) => sum + m[key], 0) / sheet.heads.length : null,
      some: rows.length < words.length,
    });
  }

  /** What the first chosen head does: counted where its rows are at hand, else the means that came with it. */
  function habits(sheet) {
    const [head] = sheet.heads,
      [margins] = sheet.margins;
    if (head.small) return count(sheet, 0);
    const words = sheet.queryTokens.filter(content);
    return A.habits.means(head, {
      keys: sheet.keyTokens,
      shown: A.habits.drawn(sheet.keyTokens, sheet.fold),
      margins,
      rest: sheet.special === "fold" ? words.reduce((sum, t) => sum + margins.rest[t.position], 0) / Math.max(1, words.length) : 0,
    });
  }

  /** The strongest links between words: of the whole text where its rows are here, else of the rows shown. */
  function strongest(sheet, rows, pairs, count = 8) {
    const from = sheet.heads.every((h) => h.small) ? sheet.queryTokens.filter((t) => !t.padding).map((t) => t.position) : rows,
      best = [];
    for (const q of from) {
      if (sheet.fold && sheet.queryTokens[q].rest) continue;
      const weights = sheet.mean(q);
      for (const t of sheet.keyTokens) {
        const w = weights[t.position];
        if (
          t.padding ||
          !A.headView.links.within(pairs, sheet.queryTokens[q], t) ||
          (sheet.fold && t.rest && !(pairs && pairs[1] === "S")) ||
          !(w > 0) ||
          (best.length === count && w <= best[count - 1].w)
        )
          continue;
        best.push({ q, key: t.position, w });
        best.sort((a, b) => b.w - a.w);
        best.length = Math.min(best.length, count);
      }
    }
    return best;
  }

  /** "it, token 11 of 25: looks at animal 0.57, CLS 0.14, it 0.11." */
  function summary(sheet, q) {
    const weights = sheet.mean(q),
      token = sheet.queryTokens[q],
      start = `${token.label}, token ${q + 1} of ${sheet.queryTokens.length}`;
    if (A.headView.sheet.barred(sheet, q)) return `${start}: no allowed key.`;
    const top = [];
    for (const t of sheet.keyTokens) {
      const w = weights[t.position];
      if (t.padding || !(w > 0) || (top.length === 3 && w <= weights[top[2].position])) continue;
      top.push(t);
      top.sort((x, y) => weights[y.position] - weights[x.position]);
      top.length = Math.min(top.length, 3);
    }
    return `${start}: looks at ${top.map((t) => `${t.label} ${A.words.weight(weights[t.position], 2)}`).join(", ") || "nothing"}.`;
  }

  /** Mean over the given rows: what each key receives, [K]. */
  function received(sheet, h, rows) {
    const out = new Float64Array(sheet.keyTokens.length),
      counted = rows.filter((q) => !(sheet.fold && sheet.queryTokens[q].rest));
    for (const q of counted) {
      const row = sheet.row(h, q);
      for (let j = 0; j < out.length; j++) out[j] += row[j] / counted.length;
    }
    return out;
  }

  return { row, column, habits, strongest, summary, received };
})();
