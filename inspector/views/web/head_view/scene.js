// Everything one drawing follows from, made from the selection: numbers, rows, geometry, links, colours, words.
(A.headView ||= {}).scene = (() => {
  async function make(stage, view) {
    const H = A.headView,
      { state, data } = joined(stage),
      theme = stage.theme();
    const plan = H.plan.rows(data.queryTokens(state.group, state.layer), state.query, state.from);
    const sheet = await H.sheet.load(data, state, plan.rows.length ? plan.rows : [0]);
    const words = sheet.queryTokens.filter((t) => !t.padding).length,
      threshold = state.threshold === null ? H.links.auto(words) : state.threshold;
    const scene = {
      stage,
      state,
      plan,
      sheet,
      threshold,
      theme,
      colours: state.heads.map((_, i) => A.colour.categorical(i, theme)),
    };
    if (state.blank) Object.assign(scene, { colours: [A.colour.categorical(0, theme)] });
    scene.receivedBy = sheet.heads.map((_, h) => H.facts.received(sheet, h, plan.rows));
    scene.received = mean(scene.receivedBy);
    scene.keys = keys(scene);
    scene.tops = tops(scene);
    scene.found = state.blank
      ? { links: [], drawn: 0, total: 0 }
      : H.links.collect(sheet, plan.rows, scene.keys, { threshold, pairs: state.pairs });
    const segments = new Set(sheet.queryTokens.map((t) => t.segment));
    scene.geo = H.geometry.measure({
      width: stage.picture.clientWidth,
      height: room(stage, view, plan),
      plan,
      keys: scene.keys,
      sheet,
      narrow: stage.picture.clientWidth < 560,
      blank: state.blank,
      segments: segments.has(0) && segments.has(1),
    });
    scene.legend = state.blank ? "No head shown. Choose one above." : H.legend.text(scene);
    scene.stop =
      state.query !== null && plan.rows.includes(state.query)
        ? state.query
        : (plan.rows.find((q) => !sheet.queryTokens[q].rest) ?? plan.rows[0]);
    scene.summary = (q) => (state.blank ? `${sheet.queryTokens[q].label}, token ${q + 1} of ${sheet.queryTokens.length}` : H.facts.summary(sheet, q));
    return scene;
  }

  /** The selection and the data, with pieces joined to words where the reader wants that. */
  function joined({ selection: { state }, data }) {
    const { group, layer } = state,
      tokens = data.queryTokens(group, layer),
      keys = data.keyTokens(group, layer);
    if (!state.words || !(A.merged.any(tokens) || A.merged.any(keys))) return { state, data };
    const at = (position, list) => (position === null ? null : A.merged.starts(list)[position]);
    return {
      state: { ...state, query: at(state.query, tokens), key: at(state.key, keys), joined: true },
      data: (data.joined ||= A.merged.data(data)),
    };
  }

  /** Where the bars beside the keys end: at the largest weight of the rows shown, and at the most that a key receives from them. */
  function tops({ sheet, plan, state, keys, received }) {
    const listed = keys.filter((k) => !k.more && !(sheet.fold && sheet.keyTokens[k.key].rest)).map((k) => k.key),
      rows = state.query === null || plan.rows.includes(state.query) ? plan.rows : [...plan.rows, state.query];
    const most = (weights) => listed.reduce((top, k) => (weights[k] > top && weights[k] < Infinity ? weights[k] : top), 1e-9);
    return { row: Math.max(...rows.map((q) => most(sheet.mean(q)))), received: most(received) };
  }

  function mean(each) {
    if (each.length === 1) return each[0];
    return Float64Array.from(each[0], (_, j) => each.reduce((sum, one) => sum + one[j], 0) / each.length);
  }

  /** The key entries: what the pinned row, else the rows shown, look at most. */
  function keys({ sheet, plan, state, received, threshold }) {
    const pinned = state.query !== null && plan.rows.includes(state.query) ? state.query : null;
    const score = pinned === null ? received : sheet.mean(pinned),
      middle = pinned ?? plan.rows[Math.floor(plan.rows.length / 2)];
    const centre = sheet.sameAxis
      ? middle + (sheet.keyTokens.length - sheet.queryTokens.length)
      : (A.headView.sheet.ranked(sheet, score)[0] ?? 0);
    return A.headView.plan.keys(sheet.keyTokens, {
      score,
      centre,
      floor: pinned === null ? threshold / 2 : threshold * 0.8,
      fold: sheet.fold,
    });
  }

  /** The height left for rows when the whole view is to stay on the screen. */
  function room(stage, view, plan) {
    const bench = stage.panelElement.closest(".bench").getBoundingClientRect().top,
      top = view.element.getBoundingClientRect().top - bench + Math.min(340, Math.max(0, bench + window.scrollY));
    return Math.max(380, Math.min(window.innerHeight, 1400) - top - 36 - (plan.long ? 100 : 82));
  }

  return { make };
})();

/** Show what is in focus now: what the pointer is over, else what is pinned. */
A.headView.refocus = (view, live) => {
  const { scene, stage } = view,
    H = A.headView,
    { state } = scene,
    { hovered } = stage.selection,
    over = hovered && (hovered.query !== undefined || hovered.key !== undefined) ? hovered : null;
  if (state.blank) {
    H.focus.show(scene, null);
    A.dom.put(view.list.element);
    return stage.caption(["No head is shown."], "Choose one or more heads above the picture.");
  }
  const reachable = over && over.query !== undefined && !scene.sheet.heads.every((head) => head.rowNow(over.query)) ? null : over;
  const focus = reachable || (state.query === null ? null : { query: state.query });
  H.focus.show(scene, focus);
  H.lists.draw(scene, view.list, focus);
  const { facts } = H,
    parts = !focus
      ? H.overall(scene)
      : focus.query !== undefined
        ? facts.row(scene.sheet, state, focus.query)
        : facts.column(scene.sheet, focus.key);
  return stage.caption(parts, H.how(scene), { live: live && !over });
};

/** The caption of a head, or of several, with nothing in focus. */
A.headView.overall = (scene) => {
  const { sheet, state } = scene;
  if (sheet.heads.length === 1) return A.captions.head(A.headView.facts.habits(sheet), sheet.special === "fold" ? sheet.restName : "");
  const best = (scene.strong ||= A.headView.facts.strongest(sheet, scene.plan.rows, scene.state.pairs))[0],
    names = state.heads.length > 6 ? `${state.heads.length} heads` : `Heads ${A.words.list(state.heads.map(String))}`;
  if (!best) return [`${names} drawn together.`];
  return [
    `${names} together: the strongest link is `,
    A.captions.quote(sheet.queryTokens[best.q], "query"),
    " → ",
    A.captions.quote(sheet.keyTokens[best.key], "key"),
    ` (${A.words.weight(best.w, 2)} on average).`,
  ];
};

/** How to read the picture, in one muted line. */
A.headView.how = ({ sheet, geo, state }) => {
  const rest =
    sheet.special === "fold" && sheet.restName
      ? ` ${geo.narrow ? "Left: attention" : "Hatched bars: attention"} parked on ${sheet.restName}.`
      : "";
  const words = state.joined ? " To a word: the sum over its pieces; from a word: their mean." : "";
  const scaled = sheet.special === "rescale" && sheet.restName ? ` ${A.captions.rescaled(sheet.restName)}` : "";
  return `A thicker line is more attention.${rest}${scaled}${words} Click a token to pin it, Esc to let go.`;
};

/** Make one cell the picture's tab stop and give it the focus. */
A.headView.stop = (view, cell) => {
  for (const other of view.scene.parts.queries.values()) other.setAttribute("tabindex", other === cell ? "0" : "-1");
  cell.focus({ preventScroll: false });
};

/** Lines fade in for 120 ms when a head is chosen or a token pinned, never while the pointer only passes. */
A.headView.appear = ({ element }, changed) => {
  element.classList.remove("appear");
  if (!["layer", "heads", "group", "query"].some((name) => changed.has(name))) return;
  element.getBoundingClientRect();
  element.classList.add("appear");
};
