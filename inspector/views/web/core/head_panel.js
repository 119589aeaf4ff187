// Where the chosen head stands among all heads of its group: one strip of ticks for each measure.
A.headPanel = {
  create(stage) {
    const element = A.dom.h("section", { class: "head-panel" });
    return { element, draw: () => A.headPanel.draw(stage, element) };
  },

  draw(stage, element, limit = 6) {
    const { h, put } = A.dom,
      { group, layer } = stage.selection.state,
      heads = A.choices.heads(stage.selection.state),
      values = stage.data.measures(group),
      at = stage.data.position(group, layer);
    const known = stage.data.manifest.measures
      .filter((m) => values[m.name] && values[m.name].flat().some((v) => v !== null))
      .slice(0, limit);
    if (!known.length) return put(element);
    const total = stage.data.group(group).layers.reduce((sum, l) => sum + l.heads, 0);
    return put(
      element,
      h(
        "h3",
        { class: "label" },
        A.headPanel.title(stage.theme(), layer, heads, total),
      ),
      known.map((m) => A.headPanel.strip(m, values[m.name], at, heads)),
    );
  },

  /** "Layer 3, head 1 (orange tick) among all 72 heads": the colour is that of the ticks below, not that of a chip. */
  title(theme, layer, heads, total) {
    const colour = theme === "dark" ? "amber" : "orange",
      one = heads.length === 1;
    return [
      `Layer ${layer}, ${one ? `head ${heads[0]}` : A.words.plural(heads.length, "head")} (`,
      A.dom.h("span", { class: "is-query" }, `${colour} ${one ? "tick" : "ticks"}`),
      `) among all ${A.words.plural(total, "head")}`,
    ];
  },

  /** One measure of all heads as ticks from the lowest to the highest, both printed; those of the chosen heads stand out. */
  strip(definition, values, layer, heads) {
    const { h, svg } = A.dom,
      flat = values.flat().filter((v) => v !== null && Number.isFinite(v)),
      owns = heads.map((head) => (values[layer] ? (values[layer][head] ?? null) : null)).filter((v) => v !== null),
      own = heads.length === 1 ? (owns[0] ?? null) : null;
    const low = Math.min(...flat, definition.low ?? 0),
      high = Math.max(...flat, low + 1e-9);
    const x = (v) => 2 + (268 * (v - low)) / (high - low);
    const ticks = flat.map((v) => svg("path", { d: `M${A.dom.n(x(v))} 3V9`, class: "tick" }));
    const mine = owns.map((v) => svg("rect", { x: A.dom.n(x(v) - 2), y: 1, width: 4, height: 10, rx: 1.5, class: "tick-own" }));
    const rank = flat.filter((v) => v > own).length + 1,
      ends = `${A.words.measure(low, null).replace(/\.00$/, "")} to ${A.words.measure(high, definition)}`,
      place = own === null ? A.words.plural(owns.length, "head") : `${A.words.measure(own, definition)}, ${rank} of ${flat.length} from the top`;
    return h(
      "div",
      { class: "strip", title: definition.text || "" },
      h(
        "div",
        { class: "strip-words" },
        h("span", {}, definition.title),
        h("span", { class: "at" }, ends),
        h("span", { class: "bar-value" }, own === null ? "" : A.words.measure(own, definition)),
      ),
      svg(
        "svg",
        {
          viewBox: "0 0 272 12",
          class: "strip-ticks",
          role: "img",
          preserveAspectRatio: "none",
          "aria-label": `${definition.title}: ${place}`,
        },
        ticks,
        mine,
      ),
    );
  },
};
