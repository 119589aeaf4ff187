// Vectors as strips of diverging colour, one row a vector, one column a number; and the scale they share.
(A.steps ||= {}).strips = (() => {
  const LABEL = 76, NARROW = 46;

  /** How a block of vectors lies: pixels of a number are whole device pixels. */
  function layout(width, rows, numbers, ratio, tall) {
    const left = label(width), cell = Math.max(1 / ratio, Math.floor(((width - left - 4) * ratio) / numbers) / ratio);
    return { left, cell, width: cell * numbers, line: Math.max(5, Math.min(tall, Math.floor(320 / rows))) };
  }

  /** Room for the words left of strips and bars. */
  const label = (width) => (width < 560 ? NARROW : LABEL);

  /** Adds vectors at y; each {label, note, values, colour}. Returns where the block ends and what it says at a place. */
  function add(scene, vectors, l, y, { theme, roles, gap = 2 }) {
    vectors.forEach((vector, r) => {
      const top = y + r * (l.line + gap);
      if (l.line >= 9) scene.text(l.left - 10, top + l.line / 2, vector.label, { size: Math.min(13, l.line), align: "end", weight: vector.strong ? 700 : 400, fill: vector.colour || roles.ink });
      else if (r % 10 === 9) scene.text(l.left - 10, top + l.line / 2, String(r + 1), { size: 11, align: "end", fill: roles.muted });
      scene.image(line(vector.values, theme), l.left, top, l.width, l.line, false);
    });
    const height = vectors.length * (l.line + gap) - gap;
    scene.rect(l.left - 0.5, y - 0.5, l.width + 1, height + 1, { stroke: roles.line });
    return { end: y + height, region: { x: l.left, y, w: l.width, h: height + gap, rows: vectors.length, cols: vectors[0].values.length, pitch: l.line + gap, line: l.line,
      say: (r, c) => `${vectors[r].name}[${c}] = ${A.words.weight(vectors[r].values[c])}${vectors[r].note ? ` · ${vectors[r].note(c)}` : ""}` } };
  }

  function line(values, theme) {
    const made = document.createElement("canvas"), colours = A.colour.table("diverging", theme);
    made.width = values.length;
    made.height = 1;
    const ctx = made.getContext("2d"), pixels = ctx.createImageData(values.length, 1);
    values.forEach((v, i) => { const k = 3 * Math.round(255 * (0.5 + 0.5 * Math.max(-1, Math.min(1, v)))); pixels.data.set([colours[k], colours[k + 1], colours[k + 2], 255], 4 * i); });
    ctx.putImageData(pixels, 0, 0);
    return made;
  }

  /** −1, 0, +1: every number of a state lies between, because it is an average of hyperbolic tangents. */
  function legend(scene, x, y, { theme, roles }) {
    const width = 160, strip = line(Float32Array.from({ length: 129 }, (_, i) => i / 64 - 1), theme);
    scene.image(strip, x, y, width, 10, true);
    scene.rect(x + 0.5, y + 0.5, width - 1, 9, { stroke: roles.strong });
    [["−1", 0, "start"], ["0", 0.5, "middle"], ["+1", 1, "end"]].forEach(([text, at, align]) => scene.text(x + at * width, y + 20, text, { size: 11, fill: roles.muted, align }));
    const told = "value of one number; orange is negative, blue positive", beside = scene.width - x - width > 330;
    const lines = A.tokens.wrap(told, beside ? 320 : scene.width - x - 4), [left, top] = beside ? [x + width + 16, y + 5] : [x, y + 40];
    lines.forEach((words, i) => scene.text(left, top + 16 * i, words, { size: 12, fill: roles.muted }));
    return beside ? y + 34 : top + 16 * lines.length;
  }

  return { layout, add, legend, label };
})();
