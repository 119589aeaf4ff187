// Where the chosen head stands among all heads of its group: one strip of ticks for each measure.
A.headPanel = {
  create(stage) {
    const element = A.dom.h("section", { class: "head-panel" });
    return { element, draw: () => A.headPanel.draw(stage, element) };
  },

  draw(stage, element, limit = 6) {
    const { h, put } = A.dom,
      { group, layer, heads } = stage.selection.state,
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
        "h4",
        { class: "label" },
        `Layer ${layer}, head ${heads[0]} (`,
        h("span", { class: "is-query" }, stage.theme() === "dark" ? "amber" : "orange"),
        `) among all ${A.words.plural(total, "head")}`,
      ),
      known.map((m) => A.headPanel.strip(m, values[m.name], at, heads[0])),
    );
  },

  strip(definition, values, layer, head) {
    const { h, svg } = A.dom,
      flat = values.flat().filter((v) => v !== null && Number.isFinite(v)),
      own = values[layer] ? values[layer][head] : null;
    const low = Math.min(...flat, definition.low ?? 0),
      high = Math.max(...flat, low + 1e-9);
    const x = (v) => 2 + (268 * (v - low)) / (high - low);
    const ticks = flat.map((v) => svg("path", { d: `M${A.dom.n(x(v))} 3V9`, class: "tick" }));
    const mine =
      own === null || own === undefined
        ? null
        : svg("rect", { x: A.dom.n(x(own) - 2), y: 1, width: 4, height: 10, rx: 1.5, class: "tick-own" });
    const rank = flat.filter((v) => v > own).length + 1;
    return h(
      "div",
      { class: "strip", title: definition.text || "" },
      h(
        "div",
        { class: "strip-words" },
        h("span", {}, definition.title),
        h("span", { class: "bar-value" }, A.words.measure(own, definition)),
      ),
      svg(
        "svg",
        {
          viewBox: "0 0 272 12",
          class: "strip-ticks",
          role: "img",
          preserveAspectRatio: "none",
          "aria-label": `${definition.title}: ${A.words.measure(own, definition)}, ${rank} of ${flat.length} from the top`,
        },
        ticks,
        mine,
      ),
    );
  },
};
