// What the rows and columns are called: words from 11 px a cell, before that positions at round steps.
(A.heat ||= {}).labels = (() => {
  const TILT = -58;

  function add(scene, map) {
    titles(scene, map);
    if (map.layout.words) {
      rowWords(scene, map);
      columnWords(scene, map);
    } else {
      rowSteps(scene, map);
      columnSteps(scene, map);
    }
  }

  function titles(scene, map) {
    const { layout: l, roles } = map;
    if (l.narrow) return;
    scene.text(l.pad, 16, "token looked at →", { size: 12, fill: roles.muted });
    scene.text(l.pad + 6, l.y + l.h / 2, "token that looks", { size: 12, fill: roles.muted, align: "middle", rotate: -90 });
  }

  const size = (l) => Math.min(l.narrow ? 11 : 13, Math.max(10, Math.floor(l.cell - 0.5)));

  function rowWords(scene, map) {
    const { layout: l, roles, axes } = map,
      focus = map.focus();
    for (let r = map.sight.r0; r < map.sight.r1; r++) {
      const token = axes.queries[axes.rows[r]],
        own = focus && focus.row === r,
        y = l.y + A.heat.layout.rowAt(map, r) + l.cell / 2;
      if (y < l.y || y > l.y + l.h) continue;
      scene.text(l.x - 6, y, A.words.token(token, 24), {
        size: size(l),
        weight: own ? 600 : 400,
        fill: own ? roles.query : roles.ink,
        align: "end",
        room: l.x - l.title - (l.narrow ? 8 : 14),
        strike: map.empty(r),
      });
    }
  }

  function columnWords(scene, map) {
    const { layout: l, roles, axes } = map,
      focus = map.focus(),
      room = (l.y - (l.narrow ? 8 : 22)) / Math.sin((-TILT * Math.PI) / 180) - 8;
    for (let c = map.sight.c0; c < map.sight.c1; c++) {
      const token = axes.keys[axes.cols[c]],
        own = focus && focus.col === c,
        x = l.x + A.heat.layout.colAt(map, c) + l.cell / 2;
      if (x < l.x || x > l.x + l.w) continue;
      scene.text(x + 1, l.y - 6, A.words.token(token, 24), {
        size: size(l),
        weight: own ? 600 : 400,
        fill: own ? roles.key : roles.ink,
        rotate: TILT,
        room,
      });
    }
  }

  /** Positions at round steps, about 60 pixels apart. */
  function rowSteps(scene, map) {
    const { layout: l, roles } = map,
      scale = A.heat.camera.scale(map.level) / map.ratio;
    const seen = map.axes.rows.slice(map.sight.r0, map.sight.r1);
    for (const { index, position } of A.heat.axes.steps(seen, 44 / scale)) {
      const y = l.y + A.heat.layout.rowAt(map, map.sight.r0 + index) + Math.min(l.cell, scale) / 2;
      if (y < l.y || y > l.y + l.h) continue;
      scene.line(l.x - 4, y, l.x, y, { stroke: roles.strong });
      scene.text(l.x - 8, y, A.words.count(position), { size: 11, fill: roles.muted, align: "end" });
    }
  }

  function columnSteps(scene, map) {
    const { layout: l, roles } = map,
      scale = A.heat.camera.scale(map.level) / map.ratio;
    const seen = map.axes.cols.slice(map.sight.c0, map.sight.c1);
    for (const { index, position } of A.heat.axes.steps(seen, 60 / scale)) {
      const x = l.x + A.heat.layout.colAt(map, map.sight.c0 + index) + Math.min(l.cell, scale) / 2;
      if (x < l.x || x > l.x + l.w) continue;
      scene.line(x, l.y - 4, x, l.y, { stroke: roles.strong });
      scene.text(x, l.y - 12, A.words.count(position), { size: 11, fill: roles.muted, align: "middle" });
    }
  }

  return { add };
})();
