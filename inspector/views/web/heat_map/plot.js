// The inside of the map: cells, what the mask forbids, what is not a number, and numbers where they fit.
(A.heat ||= {}).plot = (() => {
  /** One pixel per block, coloured. */
  function image(map) {
    const { blocks } = map.sight,
      rows = blocks.r1 - blocks.r0,
      cols = blocks.c1 - blocks.c0,
      largest = map.largest;
    const values = map.field.blocks(map.level.pool, blocks, largest),
      canvas = document.createElement("canvas");
    canvas.width = Math.max(1, cols);
    canvas.height = Math.max(1, rows);
    const ctx = canvas.getContext("2d"),
      pixels = ctx.createImageData(canvas.width, canvas.height),
      colours = A.colour.table("sequential", map.theme);
    for (let i = 0; i < values.length; i++) {
      const at = 3 * Math.round(255 * A.heat.scale.place(values[i], map.top, map.linear));
      pixels.data[4 * i] = colours[at];
      pixels.data[4 * i + 1] = colours[at + 1];
      pixels.data[4 * i + 2] = colours[at + 2];
      pixels.data[4 * i + 3] = 255;
    }
    ctx.putImageData(pixels, 0, 0);
    return { canvas, values, rows, cols };
  }

  /** Runs of blocks in a block row for which `test` holds: [first, last). */
  function runs(from, to, test) {
    const found = [];
    for (let at = from, start = -1; at <= to; at++) {
      const hit = at < to && test(at);
      if (hit && start < 0) start = at;
      if (!hit && start >= 0) {
        found.push([start, at]);
        start = -1;
      }
    }
    return found;
  }

  /** No weight of the block may be given: its four corners and its middle are asked. */
  function barred(map, r, c) {
    const { pool } = map.level,
      { rows, cols } = map.field;
    const r0 = r * pool,
      r1 = Math.min(rows.length, r0 + pool) - 1,
      c0 = c * pool,
      c1 = Math.min(cols.length, c0 + pool) - 1;
    if (map.field.allowed(r1, c0) || map.field.allowed(r0, c1)) return false;
    return (
      pool === 1 || !(map.field.allowed(r0, c0) || map.field.allowed(r1, c1) || map.field.allowed((r0 + r1) >> 1, (c0 + c1) >> 1))
    );
  }

  function hatches(scene, map, { values, cols }, x, y) {
    const { blocks } = map.sight,
      { px } = map.level,
      { ratio, camera } = map,
      size = px / ratio;
    const place = (b, offset) => (b * px - offset) / ratio;
    const band = (r, [from, to], kind, colour) =>
      scene.hatch(x + place(from, camera.x), y + place(r, camera.y), (to - from) * size, size, kind, colour);
    const masked = !!map.head.mask,
      folded = map.field.remote && map.state.special !== "draw";
    for (let r = blocks.r0; r < blocks.r1; r++) {
      const at = (r - blocks.r0) * cols - blocks.c0;
      if (masked)
        for (const run of runs(blocks.c0, blocks.c1, (c) => !(values[at + c] > 0) && barred(map, r, c)))
          band(r, run, "barred", map.roles.line);
      if (!map.field.remote || map.field.complete)
        for (const run of runs(blocks.c0, blocks.c1, (c) => !Number.isFinite(values[at + c])))
          band(r, run, "broken", map.roles.broken);
    }
    if (folded && map.level.pool === 1) leftOut(scene, map, x, y, size);
  }

  /** Rest tokens inside a map that is fetched in tiles: ground and the hatch of rest, their weight is in the bar. */
  function leftOut(scene, map, x, y, size) {
    const { r0, r1, c0, c1 } = map.sight,
      { layout: l } = map;
    for (let c = c0; c < c1; c++) {
      if (!map.axes.keys[map.axes.cols[c]].rest) continue;
      const left = x + A.heat.layout.colAt(map, c);
      scene.rect(left, y, size, l.h, { fill: A.colour.sequential(0, map.theme) });
      scene.hatch(left, y, size, l.h, "rest", map.roles.rest);
    }
    for (let r = r0; r < r1; r++) {
      if (map.axes.queries[map.axes.rows[r]].rest)
        scene.rect(x, y + A.heat.layout.rowAt(map, r), l.w, size, { fill: A.colour.sequential(0, map.theme) });
    }
  }

  /** The weight inside each cell, in whichever ink reads on it. */
  function numbers(scene, map, { values, cols }, x, y) {
    const { blocks } = map.sight,
      size = map.layout.cell;
    for (let r = blocks.r0; r < blocks.r1; r++) {
      for (let c = blocks.c0; c < blocks.c1; c++) {
        const v = values[(r - blocks.r0) * cols + c - blocks.c0];
        if (!Number.isFinite(v) || (map.head.mask && !map.field.allowed(r, c))) continue;
        const at = A.heat.scale.place(v, map.top, map.linear),
          fill = v < 0.005 && at < 0.2 ? map.roles.muted : A.inkOn(A.colour.sequential(at, map.theme));
        scene.text(x + A.heat.layout.colAt(map, c) + size / 2, y + A.heat.layout.rowAt(map, r) + size / 2, A.words.short(v), {
          size: 12,
          align: "middle",
          fill,
        });
      }
    }
  }

  /** Add the inside of the plot to a scene at (x, y). */
  function add(scene, map, x, y) {
    const made = image(map),
      { blocks } = map.sight,
      { px } = map.level,
      { ratio, camera } = map;
    scene.rect(x, y, map.layout.w, map.layout.h, { fill: A.colour.sequential(0, map.theme) });
    scene.image(
      made.canvas,
      x + (blocks.c0 * px - camera.x) / ratio,
      y + (blocks.r0 * px - camera.y) / ratio,
      (made.cols * px) / ratio,
      (made.rows * px) / ratio,
      map.level.smooth,
    );
    hatches(scene, map, made, x, y);
    if (map.layout.numbers) numbers(scene, map, made, x, y);
  }

  /** The inside at device resolution, kept until something it shows changes. */
  function cached(map) {
    const key = [
      map.fieldKey,
      map.theme,
      map.top,
      map.linear,
      map.largest,
      map.camera.level,
      map.camera.x,
      map.camera.y,
      map.camera.w,
      map.camera.h,
      map.field.arrived || 0,
    ].join(" ");
    if (map.plotKey !== key) {
      const scene = new A.Scene(map.layout.w, map.layout.h);
      add(scene, map, 0, 0);
      map.plotCanvas = A.paintScene(map.plotCanvas || document.createElement("canvas"), scene, map.ratio);
      map.plotKey = key;
    }
    return map.plotCanvas;
  }

  return { add, cached, image, runs, barred };
})();
