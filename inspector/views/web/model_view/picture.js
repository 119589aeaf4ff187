// All heads as one scene: maps or lines, the measure's bar under each, names that were earned, headers, legend.
(A.allHeads ||= {}).picture = (() => {
  const TINY = 12;

  function scene(state) {
    const { layout: l, roles } = state,
      made = new A.Scene(l.width, 0);
    if (!l.ranked) headers(made, state);
    for (const cell of l.cells) head(made, state, cell);
    const lines = A.tokens.wrap(A.allHeads.words.foot(state), l.width - 2 * l.pad);
    lines.forEach((line, i) => made.text(l.pad, l.height + 12 + 18 * i, line, { size: 12, fill: roles.muted }));
    made.height = l.height + 24 + 18 * lines.length - 8;
    return made;
  }

  function headers(made, { layout: l, roles, layers }) {
    const every = l.side >= 14 ? 1 : 4,
      first = new Map();
    for (const cell of l.cells) if (!first.has(cell.row)) first.set(cell.row, cell);
    const columns = l.cells.filter((c) => c.row === widest(layers));
    for (const c of columns) {
      if (c.head % every) continue;
      made.text(c.x + l.w / 2, 9, c.head === 0 && !l.narrow && l.side > 40 ? "head 0" : String(c.head), {
        size: l.narrow ? 11 : 12,
        fill: roles.muted,
        align: "middle",
      });
    }
    for (const [row, c] of first) {
      if (l.step < 12 && row % 4) continue;
      made.text(l.left - 8, c.y + l.h / 2, row === 0 && !l.narrow ? `layer ${c.layer}` : String(c.layer), {
        size: l.narrow ? 11 : 12,
        fill: roles.muted,
        align: "end",
      });
    }
  }

  const widest = (layers) => layers.reduce((best, layer, i) => (layer.heads > layers[best].heads ? i : best), 0);

  function head(made, state, cell) {
    const { layout: l, roles, maps, theme } = state;
    if (l.side < TINY) return shade(made, state, cell);
    if (state.lines) lines(made, state, cell);
    else made.image(A.allHeads.thumbs.canvas(maps, cell.row, cell.head, theme), cell.x, cell.y, l.w, l.h, l.smooth);
    made.rect(cell.x - 0.5, cell.y - 0.5, l.w + 1, l.h + 1, { stroke: roles.line });
    if (l.bar) bar(made, state, cell);
    if (state.failed(cell))
      made.path(`M${cell.x + l.w - Math.min(9, l.w / 3)} ${cell.y}H${cell.x + l.w}V${cell.y + Math.min(9, l.h / 3)}Z`, {
        fill: roles.fail,
      });
    return label(made, state, cell);
  }

  /** Too small for a map: the measure as a colour. */
  function shade(made, { layout: l, roles, theme, value, range, flat }, cell) {
    const v = value(cell.row, cell.head),
      high = flat.length ? flat[0].value : 1;
    made.rect(cell.x, cell.y, l.w, l.h, {
      fill: v === null ? roles.sunk : A.colour.sequential((v - range.low) / Math.max(1e-9, high - range.low), theme),
    });
  }

  function bar(made, { layout: l, roles, value, range, resting }, cell) {
    const y = cell.y + l.h + 3,
      v = value(cell.row, cell.head);
    made.rect(cell.x, y, l.w, l.bar, { fill: roles.sunk });
    if (v === null) return;
    const width = Math.max(1, l.w * Math.min(1, Math.max(0, (v - range.low) / (range.high - range.low))));
    made.rect(cell.x, y, width, l.bar, { fill: resting ? roles.rest : roles.key });
  }

  function label(made, { layout: l, roles, names, value }, cell) {
    if (!l.names) return;
    const y = cell.y + l.h + 3 + l.bar + 10,
      text = l.ranked ? `L${cell.layer} H${cell.head}` : names[cell.row][cell.head];
    if (text)
      made.text(cell.x, y + (l.ranked ? 1 : 0), text, { size: 11, fill: l.ranked ? roles.ink : roles.muted, room: l.w + 6 });
    if (l.ranked && l.w > 66)
      made.text(cell.x + l.w, y + 1, A.words.measure(value(cell.row, cell.head), null), {
        size: 11,
        fill: roles.muted,
        align: "end",
      });
  }

  /** The strongest links as curves; rows left, columns right. */
  function lines(made, { layout: l, roles, maps, theme, layers }, cell) {
    const { side } = l,
      most = layers.length * l.columns > 256 ? 16 : 60,
      { rows, cols } = maps;
    made.rect(cell.x, cell.y, side, side, { fill: A.colour.sequential(0, theme) });
    for (const { from, to, weight } of A.allHeads.thumbs.links(maps.at(cell.row, cell.head), rows, cols, most)) {
      const y1 = A.dom.n(cell.y + ((from + 0.5) * side) / rows),
        y2 = A.dom.n(cell.y + ((to + 0.5) * side) / cols),
        x1 = A.dom.n(cell.x + 2),
        x2 = A.dom.n(cell.x + side - 2),
        m = A.dom.n(cell.x + side / 2);
      made.path(`M${x1} ${y1}C${m} ${y1} ${m} ${y2} ${x2} ${y2}`, {
        stroke: roles.key,
        width: Math.max(0.5, 2 * weight),
        opacity: 0.22 + 0.78 * Math.sqrt(weight),
      });
    }
  }

  /** The chosen head, and the one under the pointer, on a layer of their own. */
  function marks(state) {
    const { layout: l, roles } = state,
      made = new A.Scene(l.width, state.height),
      grow = l.side < 20 ? 1.5 : 3,
      wide = l.w + 2 * grow,
      high = l.h + (l.bar ? l.bar + 3 : 0) + 2 * grow;
    const ring = (cell, width, opacity) => {
      made.rect(cell.x - grow, cell.y - grow, wide, high, { stroke: roles.card, width: width + 2.5, opacity });
      made.rect(cell.x - grow, cell.y - grow, wide, high, { stroke: roles.query, width, opacity });
    };
    for (const cell of l.cells) if (state.chosen(cell)) ring(cell, 2.5, 1);
    if (state.hover && !state.chosen(state.hover)) ring(state.hover, 1.5, 0.9);
    return made;
  }

  return { scene, marks };
})();
