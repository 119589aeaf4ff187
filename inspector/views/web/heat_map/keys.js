// The keyboard does what the pointer does: arrows move the cross-hair, Enter pins, Shift + arrows pan, + − 0 zoom.
(A.heat ||= {}).keys = (() => {
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  /** True when the key meant something here. `surface` has the arrows to itself only while it has the focus. */
  function press(event, map, surface, does) {
    if (!map.field) return false;
    const target = event.composedPath()[0],
      here = target === surface || target === document.body;
    const step = STEPS[event.key];
    if (step && here) return event.shiftKey ? pan(map, step, does) : walk(map, step, does);
    if (here && (event.key === "Enter" || event.key === " ")) return pin(map, does);
    if (here && event.key === "Escape" && map.hover) {
      does.leave();
      return true;
    }
    return zoom(event, map, does);
  }

  function zoom(event, map, does) {
    const at = map.focus() && map.inSight(map.focus()) ? centreOf(map, map.focus()) : {};
    if (event.key === "+" || event.key === "=") {
      does.zoom(1, at.x, at.y);
      return true;
    }
    if (event.key === "-" || event.key === "−") {
      does.zoom(-1, at.x, at.y);
      return true;
    }
    if (event.key === "0") {
      does.whole();
      return true;
    }
    return false;
  }

  function centreOf(map, { row, col }) {
    const half = map.level.px / 2;
    return {
      x: A.heat.layout.colAt(map, col ?? map.sight.c0) * map.ratio + half,
      y: A.heat.layout.rowAt(map, row) * map.ratio + half,
    };
  }

  function pan(map, [down, right], does) {
    does.pan(right * Math.max(map.level.px, map.camera.w / 4), down * Math.max(map.level.px, map.camera.h / 4), true);
    return true;
  }

  /** One block on; the camera follows. */
  function walk(map, [down, right], does) {
    const { pool } = map.level,
      { rows, cols } = map.field,
      from = map.focus(),
      clip = (v, count) => Math.max(0, Math.min(count - 1, v));
    const start = from || { row: map.sight.r0 - (down > 0 ? pool : 0), col: map.sight.c0 };
    const block = (v) => Math.floor(v / pool) * pool;
    does.point(
      {
        row: clip(block(start.row) + down * pool, rows.length),
        col: clip(block(start.col ?? strongest(map, start.row)) + right * pool, cols.length),
      },
      true,
    );
    return true;
  }

  /** The strongest column of a row that is here. */
  function strongest(map, row) {
    if (map.field.remote) return map.sight.c0;
    let best = 0;
    for (let c = 1; c < map.field.cols.length; c++) if (map.field.value(row, c) > map.field.value(row, best)) best = c;
    return best;
  }

  function pin(map, does) {
    const at = map.focus();
    if (at) does.pick({ row: at.row, col: at.col ?? strongest(map, at.row) });
    return !!at;
  }

  return { press, strongest };
})();
