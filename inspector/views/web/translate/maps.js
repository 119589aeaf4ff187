// One alignment as shapes: characters read along the top, characters written down the left, and the row in focus as bars below.
(A.dates ||= {}).maps = (() => {
  const GUTTER = 24, HEAD = 20, GAP = 18, BARS = 40, FOOT = 4;

  /** How many maps stand side by side, and their cells: the most that leave room to read a character. */
  function layout(width, columns, rows, gap, ratio) {
    for (const count of [5, 3, 2, 1]) {
      const room = Math.floor((width - gap * (count - 1)) / count), cell = Math.floor(((room - GUTTER - 6) * ratio) / columns) / ratio;
      if (cell >= { 5: 9, 3: 11, 2: 9, 1: 0 }[count]) return { count, room, cell: Math.max(1 / ratio, Math.min(cell, 30)), line: count === 1 ? 26 : count === 2 ? 24 : 21, columns, rows };
    }
    return null;
  }

  const size = (l, rows) => ({ width: GUTTER + l.cell * l.columns + 6, height: HEAD + l.line * rows + GAP + BARS + FOOT, left: GUTTER, top: HEAD, bars: HEAD + l.line * rows + GAP });

  /** Adds the map of a figure at (x, y). focus: {row, col}, either may be −1 or null. */
  function add(scene, { map, model }, { layout: l, characters, theme, roles, focus }, x, y) {
    const box = size(l, l.rows), left = x + box.left, top = y + box.top, row = focus.row < map.rows ? focus.row : -1, values = row >= 0 ? map.row(row) : average(map);
    const best = values.indexOf(Math.max(...values));
    for (let c = 0; c < l.columns; c++) header(scene, characters[c], left + (c + 0.5) * l.cell, y + HEAD / 2, l.cell, c === focus.col || (row >= 0 && c === best), c === focus.col || (row >= 0 && c === best) ? roles.key : row >= 0 && values[c] < 0.05 ? roles.muted : roles.ink);
    scene.image(cells(map, theme), left, top, l.cell * l.columns, l.line * map.rows, false);
    scene.rect(left - 0.5, top - 0.5, l.cell * l.columns + 1, l.line * map.rows + 1, { stroke: roles.strong });
    for (let r = 0; r < map.rows; r++) scene.text(left - 8, top + (r + 0.5) * l.line, model.letters[r], { size: 13, align: "end", weight: r === row ? 700 : 400, fill: r === row ? roles.query : row >= 0 ? roles.muted : roles.ink });
    if (row >= 0) ring(scene, { left, top, row, col: focus.col }, l, A.colour.sequential(0, theme), roles);
    bars(scene, values, { left, base: y + box.bars + BARS, l, roles, best, col: focus.col, fill: row >= 0 ? roles.key : roles.rest });
  }

  function average(map) {
    const mean = new Float32Array(map.cols);
    for (let r = 0; r < map.rows; r++) map.row(r).forEach((v, c) => { mean[c] += v / map.rows; });
    return mean;
  }

  function header(scene, char, x, y, cell, strong, fill) {
    if (cell < 7.5 && !strong) return;
    scene.text(x, y, A.dates.words.shown(char), { size: Math.max(10, Math.min(13, cell + 1)), align: "middle", weight: strong ? 700 : 400, fill });
  }

  function cells(map, theme) {
    const made = document.createElement("canvas"), colours = A.colour.table("sequential", theme);
    made.width = map.cols;
    made.height = map.rows;
    const ctx = made.getContext("2d"), pixels = ctx.createImageData(map.cols, map.rows);
    for (let r = 0; r < map.rows; r++) for (let c = 0; c < map.cols; c++) {
      const k = 3 * Math.round(255 * A.heat.scale.place(map.at(r, c), 1, false));
      pixels.data.set([colours[k], colours[k + 1], colours[k + 2], 255], 4 * (r * map.cols + c));
    }
    ctx.putImageData(pixels, 0, 0);
    return made;
  }

  function ring(scene, { left, top, row, col }, l, ground, roles) {
    scene.rect(left - 1, top + row * l.line - 1, l.cell * l.columns + 2, l.line + 2, { stroke: ground, width: 4 });
    scene.rect(left - 1, top + row * l.line - 1, l.cell * l.columns + 2, l.line + 2, { stroke: roles.query, width: 2 });
    if (col === null || col < 0) return;
    scene.rect(left + col * l.cell - 1, top + row * l.line - 2, l.cell + 2, l.line + 4, { stroke: ground, width: 5 });
    scene.rect(left + col * l.cell - 1, top + row * l.line - 2, l.cell + 2, l.line + 4, { stroke: roles.query, width: 2.5 });
  }

  /** The row, or with none in focus the mean of all, as bars in the columns of the map, 0 to 1; the largest, or the one pointed at, carries its number. */
  function bars(scene, values, { left, base, l, roles, best, col, fill }) {
    scene.line(left, base + 0.5, left + l.cell * l.columns, base + 0.5, { stroke: roles.strong });
    const wide = Math.max(2, Math.min(16, l.cell - 3));
    for (let c = 0; c < l.columns; c++) {
      const tall = Math.max(values[c] > 0.005 ? 1 : 0, values[c] * BARS);
      if (tall) scene.rect(left + (c + 0.5) * l.cell - wide / 2, base - tall, wide, tall, { fill, opacity: c === best || c === col ? 1 : 0.75 });
    }
    const at = col !== null && col >= 0 ? col : best, middle = left + (at + 0.5) * l.cell, right = left + l.cell * l.columns;
    scene.text(Math.max(left + 14, Math.min(right - 14, middle)), base - values[at] * BARS - 8, A.words.weight(values[at], 2), { size: 12, weight: 600, align: "middle", fill: roles.ink });
  }

  /** The cell under a point of the canvas: {row, col}; over the bars only the column. */
  function hit(l, rows, x, y) {
    const box = size(l, l.rows), col = Math.floor((x - box.left) / l.cell), row = Math.floor((y - box.top) / l.line);
    if (y > box.top + l.line * l.rows) return col >= 0 && col < l.columns ? { row: null, col } : null;
    if (row < 0 || row >= rows || col >= l.columns) return null;
    return { row, col: col >= 0 ? col : null };
  }

  return { layout, size, add, hit };
})();
