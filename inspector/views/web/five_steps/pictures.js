// The picture of each step: {scene, regions}. A region says the number under a point of it, by row and column.
(A.steps ||= {}).pictures = (() => {
  const quote = (text) => A.dates.words.quote(text);
  const SUB = "₀₁₂₃₄₅₆₇₈₉";
  const sub = (i) => String(i).split("").map((d) => SUB[d]).join("");

  const half = (width) => (c) => (c < width / 2 ? "from reading forwards" : "from reading backwards");
  const key = (data, i, roles, strong) => ({ label: A.dates.words.shown(data.characters[i]), name: `h${sub(i + 1)}`, note: (c) => `${quote(data.characters[i])}, ${half(data.width)(c)}`, values: data.key(i), strong, colour: strong ? roles.key : roles.ink });
  const state = (values, label, name, roles, note) => ({ label, name, values, strong: true, colour: roles.query, note: note && (() => note) });

  /** The strongest few columns of a row. */
  const top = (values, count) => [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, count);

  function encode(view, scene) {
    const { data, step, roles } = view, l = A.steps.strips.layout(scene.width, data.count, data.width, view.ratio, 22), regions = [];
    const middle = l.left + l.width / 2;
    const read = l.width > 320 ? "read " : "";
    scene.text(l.left, 8, `→ ${read}forwards`, { size: 12, fill: roles.muted });
    scene.text(middle + 6, 8, `← ${read}backwards`, { size: 12, fill: roles.muted });
    scene.text(l.left - 10, 8, "h", { size: 12, weight: 600, fill: roles.key, align: "end" });
    const keys = A.steps.strips.add(scene, Array.from({ length: data.count }, (_, i) => key(data, i, roles, false)), l, 22, view);
    scene.line(middle, 18, middle, keys.end + 4, { stroke: roles.ink, opacity: 0.5 });
    scene.text(l.left, keys.end + 26, "the decoder’s state, which asks", { size: 12, fill: roles.muted });
    const asks = A.steps.strips.add(scene, [state(step.query, "s", "s", roles, "the decoder’s state")], { ...l, line: Math.max(16, l.line) }, keys.end + 38, view);
    regions.push(keys.region, asks.region);
    scene.height = A.steps.strips.legend(scene, l.left, asks.end + 22, view);
    return regions;
  }

  function score(view, scene) {
    const { data, step, roles } = view, strips = A.steps.strips.layout(scene.width, 1, data.width, view.ratio, 18), l = A.steps.bars.layout(scene.width, data.count);
    const asks = A.steps.strips.add(scene, [state(step.query, "s", "s", roles, "the decoder’s state")], strips, 8, view), { scores } = step;
    const chart = A.steps.bars.add(scene, { values: scores, labels: data.characters, title: "score e of every character, against this s; bars start at the lowest", name: "e", low: Math.min(...scores), high: Math.max(...scores), digits: Math.max(...scores.map(Math.abs)) >= 100 ? 0 : 1, strong: top(scores, 1), fill: roles.key, tall: 220 }, l, asks.end + 30, view);
    scene.height = chart.end;
    return [asks.region, chart.region];
  }

  function softmax(view, scene) {
    const { data, step, roles } = view, l = A.steps.bars.layout(scene.width, data.count), { scores, weights } = step, best = top(weights, 3);
    const above = A.steps.bars.add(scene, { values: scores, labels: data.characters, title: "score e; bars start at the lowest", name: "e", low: Math.min(...scores), high: Math.max(...scores), digits: 1, strong: [], fill: roles.key, tall: 90 }, l, 8, view);
    const title = step.focus ? "weight α, with the Gaussian (dashed)" : "weight α";
    const more = (c) => (step.focus ? `Gaussian ${A.words.weight(step.focus[c])}` : `e = ${A.words.weight(scores[c])}`);
    const below = A.steps.bars.add(scene, { values: weights, labels: data.characters, title, name: "α", low: 0, high: 1, digits: 2, strong: best.filter((c) => weights[c] >= 0.005), fill: roles.key, tall: 150, more, ghost: step.focus ? (s, place) => gaussian(s, place, step, l, roles) : null }, l, above.end + 16, view);
    scene.height = below.end;
    return [above.region, below.region];
  }

  /** Local-p's window and Gaussian around the centre it predicted. */
  function gaussian(scene, place, { centre, window }, l, roles) {
    const x = (i) => l.left + (i + 0.5) * l.cell, from = Math.max(-0.5, centre - window), to = Math.min(l.columns - 0.5, centre + window), points = [];
    for (let i = 0; i <= 60; i++) { const at = from + ((to - from) * i) / 60; points.push(`${A.dom.n(x(at))} ${A.dom.n(place(Math.exp(-((at - centre) ** 2) / (2 * (window / 2) ** 2))))}`); }
    scene.rect(x(from), place(1), x(to) - x(from), place(0) - place(1), { fill: roles.queryGround });
    for (const [a, b] of [[-0.5, from], [to, l.columns - 0.5]]) if (b > a) scene.hatch(x(a), place(1), x(b) - x(a), place(0) - place(1), "barred", roles.line);
    scene.path(`M${points.join("L")}`, { stroke: roles.query, width: 1.5, dash: [5, 3] });
    if (centre >= -0.5 && centre <= l.columns - 0.5) { scene.line(x(centre), place(1), x(centre), place(0), { stroke: roles.query }); scene.text(x(centre) + 6, place(0.5), `p = ${A.words.weight(centre, 2)}`, { size: 12, weight: 600, fill: roles.query }); }
  }

  function sum(view, scene) {
    const { data, step, roles } = view, { weights } = step, shown = top(weights, 5).filter((i) => weights[i] >= 0.005), l = A.steps.strips.layout(scene.width, 8, data.width, view.ratio, 26);
    const parts = (shown.length ? shown : top(weights, 1)).sort((a, b) => a - b).map((i) => ({ ...key(data, i, roles, true), label: scene.width < 560 ? `${A.words.short(weights[i])} ${A.dates.words.shown(data.characters[i])}` : `${A.words.weight(weights[i], 2)} · ${A.dates.words.shown(data.characters[i])}`, name: `α${sub(i + 1)} h${sub(i + 1)}`, values: data.key(i).map((v) => v * weights[i]) }));
    const others = step.context.map((v, d) => v - parts.reduce((total, p) => total + p.values[d], 0)), left = data.count - parts.length;
    if (left) parts.push({ label: scene.width < 560 ? "more" : A.words.plural(left, "other"), name: `${left} others`, values: others, colour: roles.muted });
    scene.text(l.left, 8, "each h times its weight α", { size: 12, fill: roles.muted });
    const block = A.steps.strips.add(scene, parts, l, 22, { ...view, gap: 4 });
    scene.text(l.left, block.end + 24, "their sum, the context c", { size: 12, fill: roles.muted });
    const total = A.steps.strips.add(scene, [{ label: "c", name: "c", values: step.context, strong: true, colour: roles.key }], { ...l, line: 30 }, block.end + 38, view);
    scene.height = A.steps.strips.legend(scene, l.left, total.end + 22, view);
    return [block.region, total.region];
  }

  function output(view, scene) {
    const { data, step, roles } = view, l = A.steps.strips.layout(scene.width, 3, data.width, view.ratio, 18);
    const vectors = [state(step.query, "s", "s", roles, "the state that asked"), { label: "c", name: "c", values: step.context, strong: true, colour: roles.key, note: () => "the context" }, state(step.state, "s′", "s′", roles, "the next state")];
    const block = A.steps.strips.add(scene, vectors, l, 8, { ...view, gap: 6 }), end = A.steps.strips.legend(scene, l.left, block.end + 16, view), chosen = data.choices.indexOf(step.character);
    const chart = A.steps.bars.add(scene, { values: step.probabilities, labels: data.choices, title: "probability p of every character it can write", name: "p", low: 0, high: 1, digits: 3, strong: [chosen], fill: roles.query, tall: 170 }, A.steps.bars.layout(scene.width, data.choices.length), end + 20, view);
    scene.height = chart.end;
    return [block.region, chart.region];
  }

  const DRAW = [encode, score, softmax, sum, output];

  /** The scene of a step at a width, and where its numbers are. */
  function draw(view, width) {
    const scene = new A.Scene(width, 0), regions = DRAW[view.at - 1](view, scene);
    return { scene, regions };
  }

  return { draw, top };
})();
