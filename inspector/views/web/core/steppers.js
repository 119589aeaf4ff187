// The selection at one place: group, layer, head, and the pinned link.
A.steppers = {
  draw(bench) {
    const { h, put } = A.dom,
      { manifest } = bench,
      { state } = bench.selection,
      { steppers } = A;
    const group = bench.data.group(state.group),
      at = bench.data.position(state.group, state.layer),
      layer = group.layers[at];
    const texts =
      manifest.batches > 1
        ? steppers.one(
            "Text",
            layer.row || `Text ${manifest.batch + 1} of ${manifest.batches}`,
            A.batches.has(manifest, steppers.batch(manifest, layer, -1)),
            A.batches.has(manifest, steppers.batch(manifest, layer, 1)),
            (step) => bench.until(A.batches.go(bench, steppers.batch(manifest, layer, step))),
          )
        : null;
    const shown = A.choices.heads(state),
      name = shown.length === 1 ? `Head ${shown[0]}` : shown.length ? `${shown.length} heads` : "No head";
    const focused = A.dom.focused(),
      keep = focused && focused.dataset && focused.dataset.step;
    put(
      bench.parts.chosen,
      texts,
      steppers.groups(bench),
      steppers.one("Layer", `Layer ${layer.index}`, at > 0, at < group.layers.length - 1, (step) => steppers.layer(bench, step)),
      steppers.one("Head", name, state.heads[0] > 0, state.heads[0] < layer.heads - 1, (step) => steppers.head(bench, step)),
      bench.parts.link,
    );
    if (keep) {
      const again = bench.parts.chosen.querySelector(`[data-step="${keep}"]`);
      if (again) again.focus();
    }
  },

  /** The row that follows; a layer with fewer rows than others (one encoder for several answers) goes on by as many. */
  batch(manifest, layer, step) {
    const by = Math.max(1, Math.floor(manifest.batches / (layer.rows || manifest.batches)));
    return Math.min(manifest.batches - 1, Math.max(0, manifest.batch + step * by)); // at an end the row it is at
  },

  one(name, text, back, on, step) {
    const { h } = A.dom;
    const button = (sign, word, by, able) =>
      h(
        "button",
        {
          type: "button",
          class: "step",
          "data-step": `${name} ${by}`,
          "aria-label": `${word} ${name.toLowerCase()}`,
          "aria-disabled": String(!able),
          on: { click: () => able && step(by) },
        },
        sign,
      );
    return h(
      "div",
      { class: "stepper", role: "group", "aria-label": name },
      button("‹", "Previous", -1, back),
      h("span", { class: "stepper-name" }, text),
      button("›", "Next", 1, on),
    );
  },

  groups(bench) {
    const { h } = A.dom,
      { groups } = bench.manifest;
    if (groups.length < 2) return null;
    return h(
      "select",
      { class: "select", "aria-label": "Attention of", on: { change: (e) => A.steppers.group(bench, e.target.value) } },
      groups.map((g) => h("option", { value: g.key, selected: g.key === bench.selection.state.group }, g.title)),
    );
  },

  group(bench, key) {
    const group = bench.data.group(key),
      { state } = bench.selection;
    const layer = group.layers.find((l) => l.index === state.layer) || group.layers[0];
    bench.selection.set({
      group: key,
      layer: layer.index,
      heads: state.heads.filter((x) => x < layer.heads).length ? state.heads.filter((x) => x < layer.heads) : [0],
      query: null,
      key: null,
      from: null,
    });
  },

  layer(bench, step) {
    const { state } = bench.selection,
      { layers } = bench.data.group(state.group);
    const layer = layers[bench.data.position(state.group, state.layer) + step];
    if (!layer) return;
    const heads = state.heads.filter((x) => x < layer.heads);
    bench.selection.set({ layer: layer.index, heads: heads.length ? heads : [0] });
  },

  head(bench, step) {
    const { state } = bench.selection,
      to = state.heads[0] + step;
    if (to >= 0 && to < bench.data.layer(state.group, state.layer).heads) bench.selection.set({ heads: [to] });
  },

  /** The pinned link in words: ‘it’ → ‘animal’ 0.567, with the view's own number; without a chosen key the strongest one stands there. */
  async link(bench) {
    const { h, put } = A.dom,
      { state } = bench.selection,
      { query, group, layer } = state,
      { view } = bench.stage();
    if (query === null) return put(bench.parts.link, "no token pinned");
    const none = !A.choices.heads(state).length && { query: bench.data.queryTokens(group, layer)[query] };
    const found =
      none ||
      (view.pinned && view.pinned()) ||
      (await A.steppers.pinned(bench).catch(() => null)) || { query: bench.data.queryTokens(group, layer)[query] };
    if (bench.selection.state !== state) return bench.parts.link;
    const from = h("bdi", { class: "is-query" }, A.captions.quote(found.query));
    return put(
      bench.parts.link,
      from,
      found.key ? [" → ", h("bdi", { class: "is-key" }, A.captions.quote(found.key)), " ", A.words.exact(found.weight)] : "",
    );
  },

  async pinned(bench) {
    const { group, layer, heads, query, key, special } = bench.selection.state,
      keys = bench.data.keyTokens(group, layer);
    const row = await (await bench.data.head(group, layer, heads[0])).row(query),
      free = keys.filter((t) => !t.padding && !(t.rest && special !== "draw"));
    const at = key !== null ? keys[key] : free.length ? free.reduce((a, b) => (row[b.position] > row[a.position] ? b : a)) : null;
    return { query: bench.data.queryTokens(group, layer)[query], key: at, weight: at && row[at.position] };
  },
};
