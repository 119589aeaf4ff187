// The cross-hair: a frame around the row, and a ring with a halo around the cell, which hold on any colour.
(A.heat ||= {}).marks = (() => {
  /** Lines around the row and the cell in focus, pinned first, then under the pointer. */
  function add(scene, map) {
    const { layout: l } = map,
      pinned = map.pinned(),
      hover = map.hover;
    scene.clip(l.x - 4, l.y - 4, l.w + 8, l.h + 8, () => {
      if (pinned) cross(scene, map, pinned, 1);
      if (hover && !(pinned && pinned.row === hover.row && pinned.col === hover.col)) cross(scene, map, hover, 0.75);
    });
  }

  function cross(scene, map, { row, col }, opacity) {
    const { layout: l, roles } = map,
      size = map.level.px / map.ratio,
      y = l.y + A.heat.layout.rowAt(map, row);
    if (y + size <= l.y || y >= l.y + l.h) return;
    const half = 0.5 / map.ratio,
      top = Math.max(l.y, y) - half,
      bottom = Math.min(l.y + l.h, y + Math.max(size, 1)) + half;
    if (size >= 4) scene.rect(l.x - half, top, l.w + 2 * half, bottom - top, { stroke: roles.query, width: 1, opacity });
    else scene.line(l.x, y + size / 2, l.x + l.w, y + size / 2, { stroke: roles.query, width: 1, opacity: opacity * 0.6 });
    if (col === null || col === undefined) return;
    ring(scene, map, l.x + A.heat.layout.colAt(map, col), y, size, opacity);
  }

  /** At least ten pixels wide, so that one cell among thousands is found. */
  function ring(scene, map, x, y, size, opacity) {
    const { layout: l, roles } = map;
    if (x + size <= l.x || x >= l.x + l.w) return;
    const grow = Math.max(1.5, (10 - size) / 2),
      s = size + 2 * grow,
      ground = A.colour.sequential(0, map.theme);
    scene.rect(x - grow, y - grow, s, s, { stroke: ground, width: 5, opacity });
    scene.rect(x - grow, y - grow, s, s, { stroke: roles.query, width: 2.5, opacity });
    if (size > 10) scene.rect(x + 0.75, y + 0.75, size - 1.5, size - 1.5, { stroke: ground, width: 1.5, opacity });
  }

  return { add };
})();
