// Where things stand: five columns and the rows, in px, for the width there is.
(A.headView ||= {}).geometry = (() => {
  const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

  function widest(tokens, positions, twice, max) {
    let most = 0;
    for (const at of positions) {
      const t = tokens[at];
      most = Math.max(
        most,
        A.tokens.width(A.words.token(t), 14, 500) + (twice.has(t.label) ? A.tokens.width(` ${t.position}`, 11) + 3 : 0),
      );
    }
    return clamp(Math.ceil(most), 40, max);
  }

  /** All x and y of a picture. rows and keys come from the plan; bars says whether a rest column is there. */
  function measure({ width, height, plan, keys, sheet, narrow, segments, blank }) {
    const edge = narrow ? 8 : 14,
      count = Math.max(plan.rows.length, keys.length),
      rest = sheet.special === "fold" && !!sheet.restName;
    const room = height / count,
      pitch = narrow ? 25 : count <= 12 ? 32 : Math.floor(clamp(room, 19, 24));
    const twice = { query: A.tokens.repeated(sheet.queryTokens), key: A.tokens.repeated(sheet.keyTokens) };
    const side = segments ? (narrow ? 22 : 16) : 0,
      max = narrow ? Math.max(52, width * 0.24) : Math.min(190, width * 0.22);
    const restAt = edge,
      restNumber = narrow ? edge + 20 : edge + 82,
      afterRest = rest ? restNumber + (narrow ? 6 : 10) : edge;
    const queryWidth = widest(sheet.queryTokens, plan.rows, twice.query, max);
    const keyWidth = widest(
      sheet.keyTokens,
      keys.filter((k) => !k.more).map((k) => k.key),
      twice.key,
      max,
    );
    const heading = narrow
      ? 0
      : edge +
        A.tokens.width("token that looks", 12) +
        (rest ? A.tokens.width(`on ${A.rowPanel.shortRest(sheet.restName)}`, 12) + 16 : 0);
    const queryEnd = Math.max(Math.min(heading, width * 0.34), afterRest + side + queryWidth + (narrow ? 0 : 8)),
      right = width - edge,
      bar = narrow ? 0 : clamp(width * 0.12, 48, 96);
    const keyStart = right - 42 - (bar ? bar + 12 : 0) - side - keyWidth - (narrow ? 2 : 12);
    const top = narrow ? 34 : 36,
      rows = new Map(plan.rows.map((q, i) => [q, top + pitch * (i + 0.5)]));
    const bottom = top + pitch * count;
    return {
      width,
      edge,
      pitch,
      narrow,
      rest,
      blank,
      restAt,
      restNumber,
      restWidth: 46,
      queryWidth,
      keyWidth,
      queryStart: queryEnd - queryWidth - (narrow ? 2 : 8),
      queryEnd,
      keyStart,
      keyEnd: keyStart + keyWidth,
      lineStart: queryEnd + 8,
      lineEnd: keyStart - 8,
      barStart: right - 42 - bar - 6,
      bar,
      right,
      top,
      bottom,
      side,
      twice,
      y: (q) => rows.get(q),
      keyY: (at) => top + pitch * (at + 0.5),
    };
  }

  return { measure };
})();
