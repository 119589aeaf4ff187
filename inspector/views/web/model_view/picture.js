// All heads as one scene: maps or lines, the measure's bar under each, names that were earned, headers, legend.
(A.allHeads ||= {}).picture = (() => {
  function scene(state) {
    const { layout: l, roles } = state, made = new A.Scene(l.width, 0);
    if (!l.ranked) headers(made, state);
    for (const cell of l.cells) head(made, state, cell);
    const lines = A.tokens.wrap(A.allHeads.words.foot(state), l.width - 2 * l.pad);
    lines.forEach((line, i) => made.text(l.pad, l.height + 12 + 18 * i, line, { size: 12, fill: roles.muted }));
    made.height = l.height + 24 + 18 * lines.length - 8;
    return made;
  }

  function headers(made, { layout: l, roles, layers }) {
    const every = l.side >= 14 ? 1 : 4, first = new Map();
    for (const cell of l.cells) if (!first.has(cell.row)) first.set(cell.row, cell);
    const columns = l.cells.filter((c) => c.row === widest(layers));
    for (const c of columns) {
      if (c.head % every) continue;
      made.text(c.x + l.side / 2, 9, c.head === 0 && !l.narrow && l.side > 40 ? "head 0" : String(c.head), { size: l.narrow ? 11 : 12, fill: roles.muted, align: "middle" });
    }
    for (const [row, c] of first) {
      if (l.step < 12 && row % 4) continue;
      made.text(l.left - 8, c.y + l.side / 2, row === 0 && !l.narrow ? `layer ${c.layer}` : String(c.layer), { size: l.narrow ? 11 : 12, fill: roles.muted, align: "end" });
    }
  }

  const widest = (layers) => layers.reduce((best, layer, i) => (layer.heads > layers[best].heads ? i : best), 0);

  function head(made, state, cell) {
    const { layout: l, roles, maps, theme } = state, { w, h } = shape(l, maps);
    if (state.lines) lines(made, state, cell, l.side);
    else made.image(A.allHeads.thumbs.canvas(maps, cell.row, cell.head, theme), cell.x, cell.y, w, h, l.smooth);
    made.rect(cell.x - 0.5, cell.y - 0.5, (state.lines ? l.side : w) + 1, (state.lines ? l.side : h) + 1, { stroke: roles.line });
    if (l.bar) bar(made, state, cell);
    if (state.failed(cell)) made.path(`M${cell.x + l.side - Math.min(9, l.side / 3)} ${cell.y}H${cell.x + l.side}V${cell.y + Math.min(9, l.side / 3)}Z`, { fill: roles.fail });
    label(made, state, cell);
  }

  /** A map that is not square keeps its cells square. */
  function shape(l, { rows, cols }) {
    const most = Math.max(rows, cols);
    return { w: Math.max(2, (l.side * cols) / most), h: Math.max(2, (l.side * rows) / most) };
  }

  function bar(made, { layout: l, roles, value, range, resting }, cell) {
    const y = cell.y + l.side + 3, v = value(cell.row, cell.head);
    made.rect(cell.x, y, l.side, l.bar, { fill: roles.sunk });
    if (v === null) return;
    const width = Math.max(1, l.side * Math.min(1, Math.max(0, (v - range.low) / (range.high - range.low))));
    made.rect(cell.x, y, width, l.bar, { fill: resting ? roles.rest : roles.key });
  }

  function label(made, { layout: l, roles, names, value, definition }, cell) {
    if (!l.names) return;
    const y = cell.y + l.side + 3 + l.bar + 8, text = l.ranked ? `L${cell.layer} H${cell.head}` : names[cell.row][cell.head];
    if (text) made.text(cell.x, y + (l.ranked ? 1 : 0), text, { size: 11, fill: l.ranked ? roles.ink : roles.muted, room: l.side + 6 });
    if (l.ranked && l.side > 50) made.text(cell.x + l.side, y + 1, A.words.measure(value(cell.row, cell.head), null), { size: 11, fill: roles.muted, align: "end" });
    return definition;
  }

  /** The strongest links as curves; rows left, columns right. */
  function lines(made, { layout: l, roles, maps, theme, layers }, cell, side) {
    const most = layers.length * l.columns > 256 ? 16 : 60, { rows, cols } = maps;
    made.rect(cell.x, cell.y, side, side, { fill: A.colour.sequential(0, theme) });
    for (const { from, to, weight } of A.allHeads.thumbs.links(maps.at(cell.row, cell.head), rows, cols, most)) {
      const y1 = A.dom.n(cell.y + ((from + 0.5) * side) / rows), y2 = A.dom.n(cell.y + ((to + 0.5) * side) / cols), x1 = A.dom.n(cell.x + 2), x2 = A.dom.n(cell.x + side - 2), m = A.dom.n(cell.x + side / 2);
      made.path(`M${x1} ${y1}C${m} ${y1} ${m} ${y2} ${x2} ${y2}`, { stroke: roles.key, width: Math.max(0.5, 2 * weight), opacity: 0.22 + 0.78 * Math.sqrt(weight) });
    }
  }

  /** The chosen head, and the one under the pointer, on a layer of their own. */
  function marks(state) {
    const { layout: l, roles } = state, made = new A.Scene(l.width, state.height), grow = l.side < 20 ? 1.5 : 3, high = l.side + (l.bar ? l.bar + 3 : 0);
    const ring = (cell, width, opacity) => {
      made.rect(cell.x - grow, cell.y - grow, l.side + 2 * grow, high + 2 * grow, { stroke: roles.card, width: width + 2.5, opacity });
      made.rect(cell.x - grow, cell.y - grow, l.side + 2 * grow, high + 2 * grow, { stroke: roles.query, width, opacity });
    };
    for (const cell of l.cells) if (state.chosen(cell)) ring(cell, 2.5, 1);
    if (state.hover && !state.chosen(state.hover)) ring(state.hover, 1.5, 0.9);
    return made;
  }

  return { scene, marks };
})();
