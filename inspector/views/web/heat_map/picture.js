// The whole picture as one scene: labels, plot, bars, legend, cross-hair. The screen reuses the plot's pixels; a file draws them anew.
(A.heat ||= {}).picture = (() => {
  /** A scene; `fresh` adds the plot's parts themselves instead of its cached pixels. */
  function scene(map, fresh = false) {
    const { layout: l, roles } = map,
      made = new A.Scene(l.width, 0);
    A.heat.labels.add(made, map);
    if (fresh) made.clip(l.x, l.y, l.w, l.h, () => A.heat.plot.add(made, map, l.x, l.y));
    else made.image(A.heat.plot.cached(map), l.x, l.y, l.w, l.h);
    made.rect(l.x - 0.5, l.y - 0.5, l.w + 1, l.h + 1, { stroke: roles.strong });
    A.heat.margins.add(made, map);
    A.heat.marks.add(made, map);
    made.height = A.heat.legend.add(made, map, l.y + l.h + (map.axes.folded && !l.words && !l.narrow ? 62 : 52)) + 4;
    return made;
  }

  /** Paint on the screen's canvas. */
  function paint(map, canvas) {
    const made = scene(map);
    A.paintScene(canvas, made, map.ratio);
    canvas.style.width = `${canvas.width / map.ratio}px`;
    canvas.style.height = `${canvas.height / map.ratio}px`;
    return made;
  }

  return { scene, paint };
})();
