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
    const about = (key) => ({
      query,
      key: key === undefined ? null : sheet.keyTokens[key],
      weight: weights[key],
      mean: sheet.means[h] ? sheet.means[h][key] : 0,
      sameAxis: sheet.sameAxis,
    });
    const rank = chosen === null ? 0 : order.indexOf(chosen);
    if (rank > 0 && !broken) return [...named, ...A.captions.chosen({ ...about(chosen), rank: rank + 1 })];
    const rest = sheet.fold && sheet.special === "fold" ? sheet.margins[h].rest[q] : 0;
    return [...named, ...A.captions.row({ ...about(order[0]), rest, restName: sheet.restName, broken })];
  }

  /** The caption of a key in focus: who gives it most. */
  function column(sheet, key) {
    const rows = sheet.queryTokens
      .filter(content)
      .map((t) => t.position)
      .filter((q) => sheet.heads[0].rowNow(q));
    const best = rows.reduce((a, q) => (a === null || sheet.mean(q)[key] > sheet.mean(a)[key] ? q : a), null);
    const mean = sheet.means.reduce((sum, m) => sum + (m ? m[key] : 0), 0) / sheet.heads.length;
    return A.captions.column({
      key: sheet.keyTokens[key],
      query: best === null ? null : sheet.queryTokens[best],
      weight: best === null ? 0 : sheet.mean(best)[key],
      mean,
    });
  }

  /** Habits of the first chosen head, as means over the words of the text. */
  function habits(sheet) {
    const head = sheet.heads[0],
      words = sheet.queryTokens.filter(content),
      mean = head.small
        ? received(
            sheet,
            0,
            words.map((t) => t.position),
          )
        : sheet.margins[0].received;
    const rest =
      sheet.special === "fold"
        ? words.reduce((sum, t) => sum + sheet.margins[0].rest[t.position], 0) / Math.max(1, words.length)
        : 0;
    const best = sheet.keyTokens
      .filter((t) => !t.padding && !(sheet.fold && t.rest))
      .reduce((a, t) => (a === null || mean[t.position] > mean[a.position] ? t : a), null);
    const facts = {
      previous: 0,
      next: 0,
      self: 0,
      same: 0,
      rest,
      restName: sheet.restName,
      top: best ? { key: best, mean: mean[best.position] } : null,
    };
    if (!head.small || !sheet.sameAxis || sheet.queryTokens.length !== sheet.keyTokens.length) return facts;
    return Object.assign(facts, steps(sheet, words));
  }

  function steps(sheet, words) {
    const sums = { previous: 0, next: 0, self: 0, same: 0 },
      counts = { previous: 0, next: 0, self: 0, same: 0 },
      places = new Map();
    for (const t of words) places.set(t.label, [...(places.get(t.label) || []), t.position]);
    for (const t of words) {
      const row = sheet.row(0, t.position),
        at = t.position,
        near = { previous: at - 1, next: at + 1, self: at };
      for (const [name, key] of Object.entries(near))
        if (sheet.keyTokens[key] && content(sheet.keyTokens[key])) {
          sums[name] += row[key];
          counts[name]++;
        }
      const twins = places.get(t.label).filter((k) => k !== at);
      if (twins.length) {
        sums.same += twins.reduce((sum, k) => sum + row[k], 0);
        counts.same++;
      }
    }
    return Object.fromEntries(Object.keys(sums).map((name) => [name, counts[name] ? sums[name] / counts[name] : 0]));
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
