// The numbers of the picture as a table: the pinned row, or all links at or over the threshold.
(A.headView ||= {}).table = (scene, stage) => {
  const { sheet, state } = scene,
    names = state.heads.map((x) => `head ${x}`),
    title = `${stage.data.manifest.title || ""}, layer ${state.layer}, ${A.words.list(names)}`;
  const scaled = sheet.special === "rescale" ? " Rescaled to 1 without special tokens." : "";
  if (state.query !== null) {
    const order = sheet.keyTokens
      .map((t) => t.position)
      .filter((k) => !sheet.keyTokens[k].padding)
      .sort((a, b) => sheet.mean(state.query)[b] - sheet.mean(state.query)[a]);
    return {
      caption: `Where ‘${sheet.queryTokens[state.query].label}’ (position ${state.query}) looks. ${title}.${scaled}`,
      columns: ["position", "token", ...names.map((x) => `weight, ${x}`)],
      rows: order.map((k) => [k, sheet.keyTokens[k].label, ...sheet.heads.map((_, h) => sheet.row(h, state.query)[k])]),
    };
  }
  const local = sheet.heads.every((head) => head.small),
    rows = local ? sheet.queryTokens.filter((t) => !t.padding).map((t) => t.position) : scene.plan.rows;
  const links = rows.flatMap((q) =>
    sheet.keyTokens
      .filter((t) => !t.padding && sheet.mean(q)[t.position] >= scene.threshold)
      .map((t) => [
        q,
        sheet.queryTokens[q].label,
        t.position,
        t.label,
        ...sheet.heads.map((_, h) => sheet.row(h, q)[t.position]),
      ]),
  );
  links.sort((a, b) => b[4] - a[4]);
  return {
    caption: `Weights of ${A.headView.legend.limit(scene.threshold)} or more. ${title}.${scaled}`,
    columns: ["from position", "from", "to position", "to", ...names.map((x) => `weight, ${x}`)],
    rows: links,
  };
};

/** The pinned link as it is drawn: the mean of the heads shown, rescaled or joined to words where the reader wants that. */
A.headView.pinned = (scene) => {
  const { sheet, state } = scene;
  if (state.query === null || !sheet.heads.every((head) => head.rowNow(state.query))) return null;
  const row = sheet.mean(state.query),
    key = state.key ?? A.headView.sheet.ranked(sheet, row)[0];
  return { query: sheet.queryTokens[state.query], key: sheet.keyTokens[key], weight: row[key] };
};
