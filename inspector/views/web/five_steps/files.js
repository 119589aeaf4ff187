// One step as a drawing for a file, with its formula in one line; and its numbers as a table.
(A.steps ||= {}).files = (() => {
  function scene(view) {
    const { roles, at, data } = view, drawn = A.steps.pictures.draw(view, Math.max(640, view.width)), made = new A.Scene(drawn.scene.width + 32, 0), room = made.width - 32;
    const text = (parts) => parts.map((p) => p.text || p).join("");
    let y = 26;
    for (const line of A.tokens.wrap(text(A.steps.words.caption(view)), room, 20)) { made.text(16, y, line, { size: 18, weight: 600, fill: roles.ink }); y += 26; }
    const { name, formula } = A.steps.words.STEPS[at - 1], facts = view.facts.models.find((m) => m.name === data.attention);
    made.text(16, y + 4, `${facts.title} · step ${at} of 5, ${name.toLowerCase()}: ${A.tex.plain(data.formulas[formula])}`, { size: 13, fill: roles.muted, room });
    y += 28;
    for (const line of A.tokens.wrap(A.steps.words.sentence(view), room, 13)) { made.text(16, y, line, { size: 13, fill: roles.ink }); y += 19; }
    shift(made, drawn.scene, 16, y + 10);
    made.height = y + 26 + drawn.scene.height;
    return made;
  }

  /** The shapes of one scene inside another, moved. */
  function shift(made, part, dx, dy) {
    for (const item of part.items) made.items.push(item.d ? { ...item, d: moved(item.d, dx, dy) } : { ...item, x: item.x + dx, y: item.y + dy });
  }

  const moved = (d, dx, dy) => d.replace(/(-?[\d.]+) (-?[\d.]+)/g, (_, x, y) => `${A.dom.n(Number(x) + dx)} ${A.dom.n(Number(y) + dy)}`);

  const canvas = (view) => A.paintScene(document.createElement("canvas"), scene(view), Math.max(2, view.ratio), view.roles.card);

  function svg(view) {
    const made = scene(view);
    return { text: A.sceneSvg(made, view.roles.card, "One of five steps"), width: made.width, height: made.height };
  }

  /** Characters in rows for scores, weights and keys; the output characters with their probabilities in step 5. */
  function table(view) {
    const { data, step, at } = view, caption = `Step ${at}: ${A.steps.words.STEPS[at - 1].name}, ${data.attention.replace(/_/g, " ")}, before writing ‘${step.character}’.`, numbers = Array.from({ length: data.width }, (_, i) => String(i));
    const vector = (name, values) => [name, ...Array.from(values)];
    if (at === 5) return { caption, columns: ["character", "probability"], rows: data.choices.map((c, i) => [c, step.probabilities[i]]) };
    if (at === 1) return { caption, columns: ["vector", ...numbers], rows: [...data.characters.map((c, i) => vector(`h of ${A.dates.words.shown(c)}`, data.key(i))), vector("s", step.query)] };
    if (at === 4) return { caption, columns: ["vector", ...numbers], rows: [...data.characters.map((c, i) => vector(`${A.words.weight(step.weights[i], 4)} × h of ${A.dates.words.shown(c)}`, data.key(i).map((v) => v * step.weights[i]))), vector("c", step.context)] };
    const focus = step.focus ? ["Gaussian"] : [];
    return { caption, columns: ["position", "character", "score", "weight", ...focus], rows: data.characters.map((c, i) => [i, A.dates.words.shown(c), step.scores[i], step.weights[i], ...(step.focus ? [step.focus[i]] : [])]) };
  }

  return { canvas, svg, table };
})();
