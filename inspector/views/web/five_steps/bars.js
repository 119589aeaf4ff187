// One number a character, as bars that stand on the characters; signed where they are scores.
(A.steps ||= {}).bars = (() => {
  function layout(width, columns) {
    const left = A.steps.strips.label(width), cell = Math.max(3, Math.min(92, (width - left - 4) / columns));
    return { left, cell, width: cell * columns, columns };
  }

  /**
   * Adds a chart at y. values, labels; low and high are the ends of its axis, and every bar starts at low, so that lengths compare; digits of the printed numbers; strong are
   * columns that carry their number and weight even where not all do; colour of a bar by column.
   */
  function add(scene, { values, labels, title, name, low, high, digits, strong, fill, tall, ghost, more }, l, y, { roles }) {
    const span = high - low || 1, top = y + 32, zero = top + tall, place = (v) => zero - ((v - low) / span) * tall, all = l.cell >= 8 * (digits + 2.6), foot = top + tall + 20, least = low === 0 ? 0.5 * 10 ** -digits : 0;
    scene.text(0, y, title, { size: 12, weight: 600, fill: roles.muted });
    scene.line(l.left, zero + 0.5, l.left + l.width, zero + 0.5, { stroke: roles.strong });
    for (const tick of new Set(low < 0 && high > 0 ? [low, 0, high] : [low, high])) scene.text(l.left - 8, place(tick), A.steps.bars.label(tick), { size: 11, align: "end", fill: roles.muted });
    if (ghost) ghost(scene, place);
    values.forEach((v, i) => {
      const x = l.left + (i + 0.5) * l.cell, wide = Math.max(2, Math.min(34, l.cell * 0.62)), end = place(v), on = strong.includes(i);
      scene.rect(x - wide / 2, end, wide, v === low ? 0 : Math.max(1, zero - end), { fill: on ? fill : roles.rest, opacity: on ? 1 : 0.6 });
      if (on || (all && Math.abs(v) >= least)) scene.text(x, end - 8, A.words.weight(v, digits), { size: 12, weight: on ? 700 : 400, align: "middle", fill: on ? roles.ink : roles.muted });
      if (l.cell >= 7.5) scene.text(x, foot, A.dates.words.shown(labels[i]), { size: Math.min(15, l.cell + 2), align: "middle", weight: on ? 700 : 400, fill: on ? fill : roles.ink });
    });
    return { end: foot + 14, region: { x: l.left, y: top - 10, w: l.width, h: foot - top + 22, rows: 1, cols: values.length, pitch: foot - top + 22, line: foot - top + 22,
      say: (_, c) => `${name}(${A.dates.words.quote(labels[c])}) = ${A.words.weight(values[c], 4)}${more ? ` · ${more(c)}` : ""}` } };
  }

  /** A tick: whole numbers plain, others short. */
  const label = (v) => A.words.minus(Number.isInteger(v) ? String(v) : Math.abs(v) >= 10 ? v.toFixed(0) : v.toFixed(1));

  return { layout, add, label };
})();
