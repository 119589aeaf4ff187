// The sentence under the picture: how many links are drawn, of what weight, and what share they carry.
(A.headView ||= {}).legend = {
  text(scene) {
    const { found, sheet, plan, state, threshold } = scene,
      { percent, plural, count } = A.words;
    const limit = threshold <= 0 ? "of any weight" : `of ${A.headView.legend.limit(threshold)} or more`,
      share = found.total > 0 ? found.drawn / found.total : 0,
      all = share < 0.9995 && share >= 0.995 ? "over 99 %" : percent(share);
    const parts = [
      `${plural(found.links.length, "link")} ${limit} drawn; they carry ${all} of ${A.headView.legend.whole(sheet, plan, state)}.`,
    ];
    const faint = A.headView.focus.floor(scene);
    if (faint < threshold) parts.push(`What is in focus shows its links of ${A.headView.legend.limit(faint)} or more.`);
    if (found.capped) parts.push("Only the strongest 4,000 are drawn.");
    if (scene.keys.some((k) => k.more)) parts.push("Dashed: the sum of tokens not listed.");
    if (found.drawn < found.total * 0.9995) parts.push("The rest is hidden.");
    const padding =
      sheet.queryTokens.filter((t) => t.padding && !t.merged).length ||
      sheet.keyTokens.filter((t) => t.padding && !t.merged).length;
    if (padding) parts.push(`${count(padding)} padding ${padding === 1 ? "position" : "positions"} not shown.`);
    if (scene.geo.bar && sheet.heads[0].mask && (sheet.heads[0].mask.left != null || sheet.heads[0].mask.right != null))
      parts.push("Fine hatch: not allowed to look there.");
    return parts.join(" ");
  },

  /** A threshold as it is, with two decimals at least: 0.05, 0.013, 0.0006. */
  limit: (threshold) => {
    const text = String(Number(threshold.toPrecision(6)));
    return /\.\d\d|e/.test(text) ? text : threshold.toFixed(2);
  },

  whole(sheet, plan, state) {
    const rows = plan.long ? " of these rows" : "";
    if (state.pairs)
      return `the attention from ${state.pairs[0]} to ${state.pairs[1] === "S" ? "special tokens" : state.pairs[1]}${rows}`;
    return sheet.fold && sheet.restName ? `the word-to-word attention${rows}` : `the attention${rows}`;
  },
};
