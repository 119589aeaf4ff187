// Layer × head as a grid of cells coloured by a measure, with each layer's mean beside it.
(A.atlas ||= {}).grid = (() => {
  /** Cells of whole pixels, as large as the width allows, at most 44. */
  function layout(state, width) {
    const { layers } = state,
      columns = Math.max(...layers.map((l) => l.heads)),
      narrow = width < 480,
      left = narrow ? 24 : 54,
      right = narrow ? 12 : 96,
      pad = narrow ? 8 : 14;
    const room = Math.floor((width - left - right - pad) / columns),
      gap = room > 14 ? 2 : 1,
      cell = Math.max(4, Math.min(44, room - gap)),
      step = cell + gap,
      high = Math.max(Math.min(cell, narrow ? 30 : 44), 4),
      line = high + gap;
    const cells = state.every.map((c) => ({ ...c, x: left + c.head * step, y: 22 + c.row * line }));
    return {
      width,
      narrow,
      left,
      pad,
      cell,
      high,
      gap,
      step,
      line,
      cells,
      top: 22,
      height: 22 + layers.length * line + 46,
      right: left + columns * step,
    };
  }

  /** Least and most of what is there: where the colours begin and end. Signed measures are symmetric about 0. */
  function span({ flat, range }) {
    const values = flat.map((c) => c.value),
      high = Math.max(...values, -Infinity),
      low = Math.min(...values, Infinity);
    if (!values.length) return { low: 0, high: 1, signed: false };
    if (low < 0) return { low: -Math.max(-low, high), high: Math.max(-low, high), signed: true };
    return { low: Math.min(range.low, low), high: high > range.low ? high : range.low + 1e-9, signed: false };
  }

  function colour(value, { low, high, signed }, theme) {
    return signed ? A.colour.diverging(value / high, theme) : A.colour.sequential((value - low) / (high - low), theme);
  }

  function scene(state) {
    const { grid: l, roles } = state,
      made = new A.Scene(l.width, l.height);
    headers(made, state);
    for (const cell of l.cells) one(made, state, cell);
    means(made, state);
    legend(made, state, l.height - 34);
    for (const cell of l.cells)
      if (state.failed(cell))
        made.path(`M${cell.x + l.cell - 8} ${cell.y}H${cell.x + l.cell}V${cell.y + 8}Z`, { fill: roles.fail });
    return made;
  }

  function headers(made, { grid: l, roles, layers }) {
    const every = l.step >= 16 ? 1 : l.step >= 8 ? 4 : 8,
      down = l.line >= 12 ? 1 : 4;
    for (const c of l.cells) {
      if (c.row === 0 && c.head % every === 0)
        made.text(c.x + l.cell / 2, 10, c.head === 0 && l.cell > 34 ? "head 0" : String(c.head), {
          size: 11,
          fill: roles.muted,
          align: "middle",
        });
      if (c.head === 0 && c.row % down === 0)
        made.text(l.left - 8, c.y + l.high / 2, c.row === 0 && !l.narrow ? `layer ${c.layer}` : String(c.layer), {
          size: 11,
          fill: roles.muted,
          align: "end",
        });
    }
    return layers;
  }

  function one(made, state, cell) {
    const { grid: l, roles, theme, span: s } = state;
    if (cell.value === null) {
      made.rect(cell.x, cell.y, l.cell, l.high, { fill: roles.sunk });
      made.hatch(cell.x, cell.y, l.cell, l.high, "barred", roles.line);
      return;
    }
    made.rect(cell.x, cell.y, l.cell, l.high, { fill: colour(cell.value, s, theme) });
    if (l.cell < 28) return;
    const text = A.words.measure(cell.value, null),
      fill = A.inkOn(colour(cell.value, s, theme));
    if (A.tokens.width(text, 11) < l.cell - 2)
      made.text(cell.x + l.cell / 2, cell.y + l.high / 2, text, { size: 11, fill, align: "middle" });
  }

  /** Each layer's mean as a bar: where in the model the measure is at home. */
  function means(made, { grid: l, roles, layerMeans, span: s }) {
    if (l.narrow || s.signed) return;
    const width = 44,
      x = l.right + 8;
    made.text(x, 10, "mean of layer", { size: 11, fill: roles.muted });
    layerMeans.forEach(({ mean }, row) => {
      const y = l.top + row * l.line + l.high / 2,
        high = Math.min(10, l.high - 1);
      if (mean === null || high < 3) return;
      made.rect(x, y - high / 2, width, high, { fill: roles.sunk });
      made.rect(x, y - high / 2, Math.max(1, (width * (mean - s.low)) / (s.high - s.low)), high, { fill: roles.strong });
      if (l.line >= 12) made.text(x + width + 6, y, A.words.measure(mean, null), { size: 11, fill: roles.muted });
    });
  }

  /** A linear ramp with both ends printed. */
  function legend(made, { grid: l, roles, theme, span: s, definition }, y) {
    const strip = document.createElement("canvas"),
      count = 96,
      width = 160;
    strip.width = count;
    strip.height = 1;
    const ctx = strip.getContext("2d");
    for (let i = 0; i < count; i++) {
      ctx.fillStyle = colour(s.low + ((s.high - s.low) * i) / (count - 1), s, theme);
      ctx.fillRect(i, 0, 1, 1);
    }
    made.image(strip, l.left, y, width, 10, true);
    made.rect(l.left + 0.5, y + 0.5, width - 1, 9, { stroke: roles.strong });
    const low = A.words.measure(s.low, null),
      high = A.words.measure(s.high, definition);
    made.text(l.left, y + 20, low.replace(/\.00?$/, ""), { size: 11, fill: roles.muted });
    made.text(l.left + width, y + 20, high, { size: 11, fill: roles.muted, align: s.low === s.high ? "start" : "end" });
    made.text(l.left + width + 14, y + 5, l.narrow ? "linear" : "linear; the scale ends at the highest head", {
      size: 11,
      fill: roles.muted,
      room: l.width - l.left - width - 20,
    });
  }

  /** Rings around the chosen head and the one under the pointer. */
  function marks(state) {
    const { grid: l, roles } = state,
      made = new A.Scene(l.width, l.height);
    const ring = (c, width) => {
      made.rect(c.x - 1.5, c.y - 1.5, l.cell + 3, l.high + 3, { stroke: roles.card, width: width + 2.5 });
      made.rect(c.x - 1.5, c.y - 1.5, l.cell + 3, l.high + 3, { stroke: roles.query, width });
    };
    for (const c of l.cells) if (state.chosen(c)) ring(c, 2.5);
    if (state.hover) {
      const c = l.cells.find((x) => x.layer === state.hover.layer && x.head === state.hover.head);
      if (c) ring(c, 1.5);
    }
    return made;
  }

  const hit = (l, x, y) => l.cells.find((c) => x >= c.x && x < c.x + l.step && y >= c.y && y < c.y + l.line) || null;

  return { layout, span, scene, marks, hit };
})();
