// Where one looks on the map: a level (how many weights to a block, how many device pixels a block) and an offset in whole device pixels.
// Blocks are always whole device pixels; only a whole text that falls between two sizes is smoothed instead.
(A.heat ||= {}).camera = (() => {
  const CELLS = [1, 2, 3, 4, 6, 8, 11, 15, 20, 28, 36, 40];
  const LARGEST = 40;

  /** The whole map in a box of w × h device pixels. */
  function whole(rows, cols, w, h, ratio) {
    const size = Math.min(w / cols, h / rows);
    if (size < 1) {
      const pool = Math.ceil(1 / size),
        px = size * pool;
      return px < 1.1 ? { pool, px: 1, smooth: false } : { pool, px, smooth: true };
    }
    const px = Math.min(Math.floor(size), LARGEST * ratio);
    return px < 4 && px / size < 0.86 ? { pool: 1, px: size, smooth: true } : { pool: 1, px, smooth: false };
  }

  /** All levels from the whole map to single cells with their numbers, coarse to fine. `remote` levels are fetched, so their blocks are larger. */
  function levels(rows, cols, w, h, ratio, remote) {
    const first = whole(rows, cols, w, h, ratio),
      all = [first];
    const finer = (level) => level.px / level.pool > (1.2 * all[all.length - 1].px) / all[all.length - 1].pool;
    for (let pool = 2 ** Math.ceil(Math.log2(first.pool)); pool > 1; pool /= 2) {
      for (const px of remote ? (pool === 2 ? [2, 4] : [2]) : [1]) {
        const level = { pool, px: px * Math.ceil(ratio), smooth: false };
        if (finer(level)) all.push(level);
      }
    }
    for (const cell of CELLS) {
      const level = { pool: 1, px: Math.round(cell * ratio), smooth: false };
      if ((!remote || cell > 3) && finer(level)) all.push(level);
    }
    return all;
  }

  const scale = (level) => level.px / level.pool;
  const extent = (level, count) => Math.ceil(count / level.pool) * level.px;

  /** The level whose cells are closest to a size in device pixels. */
  function nearest(all, size) {
    let best = 0;
    all.forEach((level, at) => {
      if (Math.abs(Math.log(scale(level) / size)) < Math.abs(Math.log(scale(all[best]) / size))) best = at;
    });
    return best;
  }

  /** Plot size for a level, in device pixels: as much of the box as the map fills, in whole blocks. */
  function plot(level, rows, cols, box) {
    const fit = (room, count) => {
      const full = extent(level, count);
      if (full <= room + 0.5) return Math.round(full);
      return level.px < 4 ? room : Math.floor(room / level.px) * level.px;
    };
    return { w: fit(box.w, cols), h: fit(box.h, rows) };
  }

  /** A camera kept inside the map. */
  function clamp(camera, level, rows, cols, box) {
    const { w, h } = plot(level, rows, cols, box);
    const inside = (offset, full, size) => Math.max(0, Math.min(Math.round(offset), Math.round(full) - size));
    return {
      level: camera.level,
      x: inside(camera.x, extent(level, cols), w),
      y: inside(camera.y, extent(level, rows), h),
      w,
      h,
    };
  }

  /** The same token under the pointer (x, y in device pixels of the plot) at another level. */
  function zoom(camera, all, to, x, y, rows, cols, box) {
    const target = Math.max(0, Math.min(all.length - 1, to)),
      f = scale(all[target]) / scale(all[camera.level]);
    const next = { level: target, x: (camera.x + x) * f - x, y: (camera.y + y) * f - y };
    return snap(clamp(next, all[target], rows, cols, box), all[target], rows, cols, box);
  }

  /** Large cells start at the edge of the plot. */
  function snap(camera, level, rows, cols, box) {
    if (level.px < 4) return camera;
    const to = (offset) => Math.round(offset / level.px) * level.px;
    return clamp({ ...camera, x: to(camera.x), y: to(camera.y) }, level, rows, cols, box);
  }

  /** A camera with (row, col) in the middle. */
  function centre(all, level, row, col, rows, cols, box) {
    const size = plot(all[level], rows, cols, box),
      s = scale(all[level]);
    const camera = { level, x: (col + 0.5) * s - size.w / 2, y: (row + 0.5) * s - size.h / 2 };
    return snap(clamp(camera, all[level], rows, cols, box), all[level], rows, cols, box);
  }

  /** Rows and columns in sight, [r0, r1) × [c0, c1), and the same in blocks. */
  function sight(camera, level, rows, cols) {
    const from = (offset) => Math.floor(offset / level.px + 1e-9),
      to = (offset, count) => Math.min(Math.ceil(count / level.pool), Math.ceil(offset / level.px - 1e-9));
    const b = { r0: from(camera.y), r1: to(camera.y + camera.h, rows), c0: from(camera.x), c1: to(camera.x + camera.w, cols) };
    const end = (block, count) => Math.min(count, block * level.pool);
    return { blocks: b, r0: b.r0 * level.pool, r1: end(b.r1, rows), c0: b.c0 * level.pool, c1: end(b.c1, cols) };
  }

  /** The block under a point of the plot: {row, col} of its first weight, or null outside. */
  function hit(camera, level, rows, cols, x, y) {
    if (x < 0 || y < 0 || x >= camera.w || y >= camera.h) return null;
    const row = Math.floor((camera.y + y) / level.px) * level.pool,
      col = Math.floor((camera.x + x) / level.px) * level.pool;
    return row < rows && col < cols ? { row, col } : null;
  }

  /** Where a row or column starts in the plot, and how many device pixels it has. */
  const place = (offset, level, index) => ({ at: Math.floor(index / level.pool) * level.px - offset, size: level.px });

  return { levels, nearest, plot, clamp, zoom, snap, centre, sight, hit, place, scale, LARGEST };
})();
