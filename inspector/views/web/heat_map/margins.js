// Beside the rows how much of each rests; below the columns how much each receives.
(A.heat ||= {}).margins = (() => {
  function add(scene, map) {
    if (map.axes.folded) resting(scene, map);
    receiving(scene, map);
  }

  /** "on [CLS] and [SEP]" */
  const title = (map) => `on ${map.axes.restName}`;

  function resting(scene, map) {
    const { layout: l, roles } = map,
      x = l.x + l.w + (l.narrow ? 6 : 8),
      width = l.narrow ? Math.min(20, l.right - 10) : 78;
    if (!l.narrow) scene.text(x, l.y - 10, title(map), { size: 12, fill: roles.muted, room: l.width - x - 4 });
    if (!l.words) return band(scene, map, x, width);
    const focus = map.focus();
    for (let r = map.sight.r0; r < map.sight.r1; r++) {
      const top = l.y + A.heat.layout.rowAt(map, r),
        middle = top + l.cell / 2,
        rest = map.margin.rest[map.axes.rows[r]],
        high = Math.min(l.narrow ? 8 : 10, l.cell - 4);
      if (middle < l.y || middle > l.y + l.h) continue;
      scene.rect(x, middle - high / 2, width, high, { fill: roles.sunk });
      if (rest > 0) scene.hatch(x, middle - high / 2, width * Math.min(1, rest), high, "rest", roles.rest);
      if (l.narrow) continue;
      const own = focus && focus.row === r,
        words = map.empty(r) ? "–" : A.words.weight(rest, 2);
      scene.text(x + width + 6, middle, words, { size: 12, fill: own ? roles.ink : roles.muted, weight: own ? 600 : 400 });
    }
    return scene;
  }

  /** Many rows: one outline, each device row the mean of the rows under it. */
  function band(scene, map, x, width) {
    const { layout: l, roles, sight, level } = map,
      step = Math.max(l.cell, 1),
      count = Math.max(1, Math.floor(l.h / step));
    scene.rect(x, l.y, width, l.h, { fill: roles.sunk });
    let d = `M${x} ${l.y}`;
    for (let i = 0; i < count; i++) {
      const from = Math.floor(sight.r0 + (i * (sight.r1 - sight.r0)) / count),
        to = Math.max(from + 1, Math.floor(sight.r0 + ((i + 1) * (sight.r1 - sight.r0)) / count));
      let sum = 0;
      for (let r = from; r < to; r++) sum += map.margin.rest[map.axes.rows[r]];
      const right = A.dom.n(x + width * Math.min(1, sum / (to - from)));
      d += `L${right} ${A.dom.n(l.y + (i * l.h) / count)}L${right} ${A.dom.n(l.y + ((i + 1) * l.h) / count)}`;
    }
    const outline = `${d}L${x} ${l.y + l.h}Z`;
    if (step >= 3) scene.hatchPath(outline, "rest", roles.rest);
    else scene.path(outline, { fill: roles.rest, opacity: 0.75 });
    if (!l.narrow) {
      scene.text(x, l.y + l.h + 9, "0", { size: 11, fill: roles.muted });
      scene.text(x + width, l.y + l.h + 9, "1", { size: 11, fill: roles.muted, align: "middle" });
    }
    return level;
  }

  function receiving(scene, map) {
    const { layout: l, roles, sight } = map,
      y = l.y + l.h + 4,
      high = 24,
      top = map.receivedTop || 1,
      focus = map.focus();
    const step = Math.max(l.cell, 1),
      count = l.words ? sight.c1 - sight.c0 : Math.max(1, Math.floor(l.w / step));
    scene.clip(l.x, y, l.w, high, () => {
      for (let i = 0; i < count; i++) {
        const from = l.words ? sight.c0 + i : Math.floor(sight.c0 + (i * (sight.c1 - sight.c0)) / count),
          to = l.words ? from + 1 : Math.max(from + 1, Math.floor(sight.c0 + ((i + 1) * (sight.c1 - sight.c0)) / count));
        let most = 0;
        for (let c = from; c < to; c++) most = Math.max(most, map.received(c) || 0);
        const x = l.words ? l.x + A.heat.layout.colAt(map, from) + 0.5 : l.x + (i * l.w) / count,
          width = l.words ? Math.max(1, l.cell - 1) : l.w / count;
        if (most > 0)
          scene.rect(x, y, width, Math.max(0.5, (high * most) / top), {
            fill: roles.key,
            opacity: focus && focus.col === from && l.words ? 1 : 0.8,
          });
      }
    });
    if (l.narrow) return;
    const words = l.x + l.w + (map.axes.folded ? 8 : 4),
      room = l.width - words - 4,
      below = map.axes.folded && !l.words ? 12 : 0;
    scene.text(words, y + 5 + below, "received", { size: 11, fill: roles.muted, room });
    scene.text(words, y + 18 + below, `max ${A.words.weight(top, top < 0.01 ? 4 : 2)}`, { size: 11, fill: roles.muted, room });
  }

  return { add, title };
})();
