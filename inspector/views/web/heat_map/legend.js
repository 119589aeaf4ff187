// What the colours mean: the bar with its ticks, where it ends, what is above it, what the bars below are.
(A.heat ||= {}).legend = (() => {
  /** The sentences under the map, as one string. */
  function words(map) {
    const { linear, theme, level } = map,
      { above, largest, broken, between, sampled } = map.fit,
      extreme = theme === "dark" ? "brightest" : "darkest";
    const what =
      level.pool > 1 ? (map.largest ? `largest of ${block(level)} weights` : `mean of ${block(level)} weights`) : "weight";
    const top = A.words.weight(map.top, digits(map.top));
    const end = map.common
      ? `${extreme} = 1, the same for all heads`
      : between
        ? `${extreme} = ${top} at this zoom`
        : above > 0
          ? `${extreme} = ${top}, ${sampled ? "about " : ""}${share(above)} of cells are above it`
          : `${extreme} = ${top}, the largest ${map.state.special !== "draw" && map.axes.restName ? "between words" : "in this head"}${level.pool > 1 ? " at this zoom" : ""}`;
    const parts = [
      `Colour: ${linear ? what : `square root of the ${what}`}; ${end}${map.common && largest < 1 ? ` (largest here ${A.words.weight(largest, digits(largest))})` : ""}.`,
      "Bars below: mean attention each token receives.",
    ];
    if (map.head.mask && map.anyBarred()) parts.push("Hatched: not allowed.");
    if (broken) parts.push(`${A.words.plural(broken, "weight")} not a number (cross-hatched).`);
    if (map.axes.padding) parts.push(`${A.words.plural(map.axes.padding, "padding position")} not shown.`);
    if (map.state.special === "rescale" && map.axes.restName)
      parts.push(
        level.pool > 1 && map.field.remote ? "Means of blocks are not rescaled." : "Rescaled: not the model’s own numbers.",
      );
    return parts.join(" ");
  }

  const block = ({ pool }) => `${pool} × ${pool}`;
  const digits = (v) => (v >= 0.095 ? 2 : v >= 0.0095 ? 3 : v >= 0.00095 ? 4 : 5);
  const share = (x) => `${(100 * x).toFixed(x < 0.001 ? 2 : 1)} %`;

  /** Adds the legend at y; returns where it ends. */
  function add(scene, map, y) {
    const { layout: l, roles } = map,
      width = Math.min(180, l.width - 2 * l.pad);
    bar(scene, l.pad, y, width, map);
    const lines = A.tokens.wrap(words(map), l.width - 2 * l.pad);
    lines.forEach((line, i) => scene.text(l.pad, y + 44 + 18 * i, line, { size: 12, fill: roles.muted }));
    return y + 44 + 18 * lines.length;
  }

  /** A colour bar with ticks. */
  function bar(scene, x, y, width, { theme, top, linear, roles }) {
    const strip = document.createElement("canvas"),
      count = 128;
    strip.width = count;
    strip.height = 1;
    const ctx = strip.getContext("2d");
    for (let i = 0; i < count; i++) {
      ctx.fillStyle = A.colour.sequential(i / (count - 1), theme);
      ctx.fillRect(i, 0, 1, 1);
    }
    scene.image(strip, x, y, width, 10, true);
    scene.rect(x + 0.5, y + 0.5, width - 1, 9, { stroke: roles.strong });
    for (const { value, at } of A.heat.scale.ticks(top, linear)) {
      scene.text(x + at * width, y + 20, A.heat.scale.label(value), {
        size: 11,
        fill: roles.muted,
        align: at === 0 ? "start" : at === 1 ? "end" : "middle",
      });
    }
  }

  return { add, bar, words, digits };
})();
