// Where each head's map stands: a grid of layers × heads, or a ranked list that flows; maps as large as the room allows.
(A.allHeads ||= {}).layout = (() => {
  const LARGEST = 112,
    NAMED = 46,
    BARRED = 14;

  /** The side of a map: whole device pixels a cell where cells are large enough, else the room (smoothed). */
  function side(room, cells, ratio) {
    const k = Math.floor((room * ratio) / cells);
    return k >= 2 ? { side: (k * cells) / ratio, smooth: false } : { side: Math.floor(room * ratio) / ratio, smooth: true };
  }

  /** A map that is not square keeps its cells square; lines take the whole square. */
  function shape(side, { rows, cols }, lines) {
    const most = Math.max(rows, cols);
    return lines ? { w: side, h: side } : { w: Math.max(3, (side * cols) / most), h: Math.max(3, (side * rows) / most) };
  }

  /** {cells: [{layer, row, head, x, y, side}], side, smooth, width, height, labels…} */
  function grid(layers, width, maps, ratio, lines) {
    const narrow = width < 560,
      columns = Math.max(...layers.map((l) => l.heads)),
      left = narrow ? 24 : 58,
      pad = narrow ? 6 : 12;
    const gap = columns > 20 ? 2 : columns > 14 || narrow ? 3 : 5,
      room = Math.min(LARGEST, (width - left - pad - gap * (columns - 1)) / columns);
    const made = side(Math.max(5, room), Math.max(maps.rows, maps.cols), ratio),
      bar = made.side >= BARRED ? (narrow ? 4 : 5) : 0,
      names = made.side >= NAMED ? 16 : 0;
    const size = shape(made.side, maps, lines),
      step = size.h + (bar ? bar + 3 : 0) + names + gap,
      top = 20;
    const across = room + gap;
    const cells = layers.flatMap((layer, row) =>
      Array.from({ length: layer.heads }, (_, head) => ({
        layer: layer.index,
        row,
        head,
        x: round(left + head * across, ratio),
        y: round(top + row * step, ratio),
      })),
    );
    return {
      ...made,
      ...size,
      cells,
      bar,
      names,
      left,
      top,
      pad,
      across,
      step,
      narrow,
      width,
      height: top + layers.length * step + 4,
      columns,
      ranked: false,
    };
  }

  /** Heads in the order of a measure, each with its name and value below. */
  function ranked(layers, values, width, maps, ratio, lines) {
    const order = layers
      .flatMap((layer, row) =>
        Array.from({ length: layer.heads }, (_, head) => ({
          layer: layer.index,
          row,
          head,
          value: values ? values[row][head] : null,
        })),
      )
      .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity) || a.row - b.row || a.head - b.head);
    const narrow = width < 560,
      pad = narrow ? 8 : 14,
      want = order.length > 256 ? 40 : order.length > 100 ? 56 : 74,
      gap = 10,
      columns = Math.max(1, Math.floor((width - 2 * pad + gap) / (want + gap)));
    const room = (width - 2 * pad - gap * (columns - 1)) / columns,
      made = side(room, Math.max(maps.rows, maps.cols), ratio),
      bar = 5,
      size = shape(made.side, maps, lines),
      step = size.h + bar + 3 + 18 + gap;
    const cells = order.map((cell, i) => ({
      ...cell,
      x: round(pad + (i % columns) * (room + gap), ratio),
      y: round(4 + Math.floor(i / columns) * step, ratio),
    }));
    return {
      ...made,
      ...size,
      cells,
      bar,
      names: 18,
      left: pad,
      top: 4,
      pad,
      across: room + gap,
      step,
      narrow,
      width,
      height: 4 + Math.ceil(order.length / columns) * step + 4,
      columns,
      ranked: true,
    };
  }

  const round = (v, ratio) => Math.round(v * ratio) / ratio;

  /** The cell under a point, or null. */
  function hit(layout, x, y) {
    const reach = layout.h + (layout.bar ? layout.bar + 3 : 0);
    return layout.cells.find((c) => x >= c.x - 2 && x < c.x + layout.w + 2 && y >= c.y - 2 && y < c.y + reach + 2) || null;
  }

  return { grid, ranked, hit };
})();
