// The numbers beside the picture: the row in focus, who looks at a key, or the strongest links.
(A.headView ||= {}).lists = (() => {
  function draw(scene, slot, focus) {
    if (focus && focus.query !== undefined) return row(scene, slot, focus.query);
    return focus ? column(scene, slot, focus.key) : strongest(scene, slot);
  }

  function row(scene, slot, q) {
    const { sheet, stage } = scene,
      learned = sheet.info.learned_sink && sheet.special === "fold",
      heads = sheet.heads.length;
    const parts = A.rowFacts.of(
      sheet.special === "rescale" || heads > 1 ? sheet.mean(q) : sheet.heads[0].rowNow(q),
      sheet.keyTokens,
      sheet.special === "rescale" ? "fold" : sheet.special,
      { learned },
    );
    if (sheet.special === "rescale") Object.assign(parts, { rest: { weight: 0, keys: 0 } });
    const note =
      sheet.special === "rescale"
        ? "Rescaled to 1: not the model’s own numbers."
        : heads > 1
          ? `Mean of ${heads} heads. ${A.rowPanel.sums(parts, learned)}`
          : null;
    const shares =
      heads > 1
        ? (key) => scene.colours.map((colour, h) => ({ colour: colour.stroke, weight: sheet.row(h, q)[key] / heads }))
        : null;
    slot.draw({ query: sheet.queryTokens[q], tokens: sheet.keyTokens, parts, restName: sheet.restName, learned, note, shares });
    return stage;
  }

  function line(scene, q, key, w) {
    const { h } = A.dom,
      { sheet, stage } = scene,
      twice = scene.geo.twice;
    const name = (t, words) => [
      h("bdi", { dir: "auto" }, A.words.token(t, 11)),
      words.has(t.label) && !t.rest ? [" ", h("span", { class: "at" }, t.position)] : "",
    ];
    return h(
      "button",
      {
        type: "button",
        class: "bar-line press link-line",
        "data-query": q,
        "data-key": key,
        on: { click: () => stage.selection.set({ query: q, key }) },
      },
      h("span", { class: "bar-name" }, name(sheet.queryTokens[q], twice.query), " → ", name(sheet.keyTokens[key], twice.key)),
      h("span", { class: "bar-slot" }, h("i", { class: "bar-fill own", style: { width: `${100 * Math.min(1, w)}%` } })),
      h("span", { class: "bar-value" }, A.words.exact(w)),
    );
  }

  function strongest(scene, slot) {
    const { h, put } = A.dom,
      best = (scene.strong ||= A.headView.facts.strongest(scene.sheet, scene.plan.rows, scene.state.pairs));
    const local = scene.sheet.heads.every((head) => head.small),
      heads = scene.sheet.heads.length,
      between = scene.sheet.fold && scene.sheet.restName ? " between words" : "";
    return put(
      slot.element,
      h("h3", { class: "label" }, local || !scene.plan.long ? `Strongest links${between}` : `Strongest links of these rows${between}`),
      best.map((l) => line(scene, l.q, l.key, l.w)),
      h(
        "p",
        { class: "small" },
        best.length ? `${heads > 1 ? `Mean of ${heads} heads. ` : ""}Bars end at 1. Press one to pin it.` : "No link between words.",
      ),
    );
  }

  function column(scene, slot, key) {
    const { h, put } = A.dom,
      { sheet, plan } = scene,
      rows = plan.rows.filter((q) => !(sheet.fold && sheet.queryTokens[q].rest));
    const best = rows
      .map((q) => ({ q, w: sheet.mean(q)[key] }))
      .sort((a, b) => b.w - a.w)
      .slice(0, 8);
    return put(
      slot.element,
      h(
        "h3",
        { class: "label" },
        "Who looks at ",
        h("bdi", { dir: "auto" }, A.captions.quote(sheet.keyTokens[key])),
        ` (position ${key})`,
      ),
      best.map((l) => line(scene, l.q, key, l.w)),
      h(
        "p",
        { class: "small" },
        plan.long ? "Of the rows shown; one column, which has no fixed sum. Bars end at 1." : "One column; columns have no fixed sum. Bars end at 1.",
      ),
    );
  }

  return { draw };
})();
