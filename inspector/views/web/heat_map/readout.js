// The exact number under the pointer, or of the pinned cell: four decimals, its rank in the row, how many times an even spread.
(A.heat ||= {}).readout = (() => {
  const ORDER = ["", "largest", "second largest", "third largest"];

  function create(map, does) {
    const element = A.dom.h("section", { class: "heat-readout" });
    return { element, draw: (weights) => draw(map, does, element, weights) };
  }

  /** weights: the row in focus as the model gave it ([K]), or null while it is not here. */
  function draw(map, does, element, weights) {
    const { h, put } = A.dom,
      at = map.hover || map.pinned();
    if (!at || at.col === null || at.col === undefined) return put(element, largest(map, does));
    const title = map.hover ? "Under the pointer" : "Selected weight";
    const parts = map.hover && map.level.pool > 1 ? block(map, at) : cell(map, at, weights);
    return put(element, h("h3", { class: "label" }, title), parts);
  }

  const link = (query, key) => [
    A.dom.h("bdi", { class: "is-query", dir: "auto" }, A.captions.quote(query)),
    " → ",
    A.dom.h("bdi", { class: "is-key", dir: "auto" }, A.captions.quote(key)),
  ];
  const number = (text) => A.dom.h("p", { class: "heat-number" }, text);

  function cell(map, { row, col }, weights) {
    const { h } = A.dom,
      query = map.query(row),
      key = map.key(col),
      scale = map.field.factor ? map.field.factor[row] : 1;
    const value = weights ? weights[key.position] * scale : map.field.value(row, col);
    const lines = [h("p", { class: "heat-link" }, link(query, key))];
    if (!map.field.allowed(row, col))
      return [
        ...lines,
        number("–"),
        h("p", { class: "small heat-more" }, `Not allowed by the mask. Positions ${query.position} → ${key.position}.`),
      ];
    return [
      ...lines,
      number(Number.isNaN(value) && !weights ? "…" : exact(value)),
      h("p", { class: "small heat-more" }, more(map, row, key, value, weights, query)),
    ];
  }

  /** Four decimals; what would print as nothing is written with its power of ten. */
  const exact = (value) => (value > 0 && value < 0.00005 ? A.words.scientific(value) : A.words.weight(value, 4));

  /** "14.2 times", "0.03 times" */
  const often = (ratio) =>
    ratio >= 0.95 ? ratio.toFixed(1) : ratio >= 0.01 ? ratio.toPrecision(1) : ratio > 0 ? "under 0.01" : "0";

  function more(map, row, key, value, weights, query) {
    const spread = value * map.allowedKeys(row),
      times = Number.isFinite(spread) ? `${often(spread)} times an even spread` : "";
    const place =
      weights && Number.isFinite(value) ? rank(A.heat.finding.rank(map, weights, key.position), map.field.cols.length) : "";
    const raw = key.token && key.token !== key.label ? ` Raw token ${key.token}.` : "";
    return `${[place, times].filter(Boolean).join("; ")}. Positions ${A.words.count(query.position)} → ${A.words.count(key.position)}.${raw}`.replace(
      /^\. /,
      "",
    );
  }

  const rank = (n, count) => `${ORDER[n] || `${A.words.count(n)}${ordinal(n)} largest`} of ${A.words.count(count)} in this row`;

  function ordinal(n) {
    const last = n % 100;
    if (last > 10 && last < 14) return "th";
    return ["th", "st", "nd", "rd"][n % 10] || "th";
  }

  /** Many weights under one pixel: their mean or largest, and between which tokens. */
  function block(map, { row, col }) {
    const { h } = A.dom,
      { pool } = map.level,
      { rows, cols } = map.field,
      r1 = Math.min(rows.length, row + pool) - 1,
      c1 = Math.min(cols.length, col + pool) - 1;
    const range = (from, to) => `${A.words.count(from)}–${A.words.count(to)}`,
      value = map.at({ row, col });
    return [
      h("p", { class: "heat-link" }, link(map.query(row), map.key(col)), " …"),
      number(Number.isNaN(value) ? "…" : exact(value)),
      h(
        "p",
        { class: "small heat-more" },
        `${map.largest ? "largest" : "mean"} of ${pool} × ${pool} weights: rows ${range(rows[row], rows[r1])}, columns ${range(cols[col], cols[c1])}. Click for its largest.`,
      ),
    ];
  }

  /** Nothing in focus: the strongest link of the map, to go to. */
  function largest(map, does) {
    const { h } = A.dom;
    const at = map.field.remote ? null : map.strongest();
    if (!at)
      return [
        h("h3", { class: "label" }, "Weight"),
        h("p", { class: "small" }, "Point at a cell to read its weight and both tokens."),
      ];
    return [
      h("h3", { class: "label" }, "Largest weight drawn"),
      h(
        "button",
        { type: "button", class: "heat-link plain", on: { click: () => does.go(at) } },
        link(map.query(at.row), map.key(at.col)),
      ),
      number(A.words.weight(at.value, 4)),
      h("p", { class: "small heat-more" }, "Point at a cell to read its weight, click to pin it."),
    ];
  }

  return { create };
})();
