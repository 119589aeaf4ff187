// How the room is shared out: labels, plot, bars beside and below it. All sizes in pixels; the plot starts on a whole device pixel.
(A.heat ||= {}).layout = (() => {
  const LABELS_FROM = 11;

  /** Margins around the plot for a width. */
  function margins(width, folded) {
    const narrow = width < 560,
      tight = width < 380;
    const left = narrow ? (tight ? 52 : 66) : 108;
    return {
      narrow,
      left,
      top: narrow ? 66 : 84,
      right: folded ? (tight ? 26 : narrow ? 34 : 124) : narrow ? 12 : 64,
      bottom: 34,
      title: narrow ? 0 : 14,
      pad: narrow ? 8 : 14,
    };
  }

  /** The box a plot may fill, in device pixels. */
  function box(width, height, m, ratio) {
    const side = Math.max(120, width - m.left - m.right);
    return { w: Math.floor(side * ratio), h: Math.floor(Math.min(height, Math.max(side, 160)) * ratio) };
  }

  /** Everything drawing needs: plot rectangle in pixels, cell size, whether words fit. */
  function measure(map, width) {
    const m = map.margins,
      { ratio, camera } = map,
      level = map.levels[camera.level];
    const x = Math.round(m.left * ratio) / ratio,
      y = Math.round(m.top * ratio) / ratio;
    const cell = level.px / ratio;
    return {
      ...m,
      width,
      x,
      y,
      w: camera.w / ratio,
      h: camera.h / ratio,
      cell,
      words: level.pool === 1 && cell >= LABELS_FROM,
      numbers: level.pool === 1 && cell >= 36,
    };
  }

  /** Pixels from the top left of the plot to a row or column. */
  const rowAt = (map, row) => A.heat.camera.place(map.camera.y, map.level, row).at / map.ratio;
  const colAt = (map, col) => A.heat.camera.place(map.camera.x, map.level, col).at / map.ratio;

  return { margins, box, measure, rowAt, colAt };
})();
