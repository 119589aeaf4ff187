// The whole text, small, with a frame around what is in sight; press or drag to go there.
(A.heat ||= {}).minimap = (() => {
  const SIDE = 200;

  function create(map, does) {
    const { h } = A.dom,
      canvas = h("canvas", { class: "mini-map" }),
      frame = h("div", { class: "mini-frame" });
    const ground = h(
      "div",
      { class: "mini-ground", role: "img", "aria-label": "The whole text with the part in sight framed" },
      canvas,
      frame,
    );
    const element = h("section", { class: "mini", hidden: true }, h("h3", { class: "label" }, "Whole text"), ground);
    let held = false;
    const go = (event) => {
      const box = canvas.getBoundingClientRect(),
        { rows, cols } = map.field;
      does.centre(((event.clientY - box.top) / box.height) * rows.length, ((event.clientX - box.left) / box.width) * cols.length);
    };
    ground.addEventListener("pointerdown", (event) => {
      held = true;
      ground.setPointerCapture(event.pointerId);
      go(event);
    });
    ground.addEventListener("pointermove", (event) => {
      if (held) go(event);
    });
    for (const end of ["pointerup", "pointercancel"])
      ground.addEventListener(end, () => {
        held = false;
      });
    return { element, draw: () => draw(map, element, canvas, frame) };
  }

  function draw(map, element, canvas, frame) {
    element.hidden = map.whole;
    if (map.whole) return;
    const { rows, cols } = map.field,
      side = Math.max(rows.length, cols.length),
      cell = side > SIDE ? SIDE / side : Math.floor(SIDE / side);
    const w = Math.max(24, cell * cols.length),
      h = Math.max(24, cell * rows.length);
    picture(map, canvas, w, h);
    const { r0, r1, c0, c1 } = map.sight,
      px = (v) => `${v}px`;
    const width = Math.max(10, (w * (c1 - c0)) / cols.length),
      height = Math.max(10, (h * (r1 - r0)) / rows.length);
    const at = (from, to, count, size, own) => Math.max(0, Math.min(size - own, (size * (from + to)) / 2 / count - own / 2));
    Object.assign(frame.style, {
      left: px(at(c0, c1, cols.length, w, width)),
      top: px(at(r0, r1, rows.length, h, height)),
      width: px(width),
      height: px(height),
    });
  }

  /** Painted when the head, theme or scale changes, not while one moves. */
  function picture(map, canvas, w, h) {
    const { rows, cols, remote, arrived } = map.field,
      level = remote
        ? map.levels[0]
        : { pool: Math.max(1, Math.ceil(Math.max(rows.length, cols.length) / (SIDE * map.ratio))), px: 1 };
    const key = [
      map.fieldKey,
      map.theme,
      map.linear,
      map.common,
      level.pool,
      remote && (map.field.largest || !map.field.seen) ? `${map.field.largest} ${map.field.seen ? "" : arrived}` : 0,
    ].join(" ");
    if (canvas.dataset.key === key) return;
    canvas.dataset.key = key;
    const sight = A.heat.camera.sight({ x: 0, y: 0, w: Infinity, h: Infinity }, level, rows.length, cols.length),
      fit = map.field.fit(level.pool);
    const small = {
      ...map,
      level,
      sight,
      largest: false,
      top: map.common ? 1 : fit.top,
      field: map.field,
      theme: map.theme,
      linear: map.linear,
    };
    const made = A.heat.plot.image(small),
      scene = new A.Scene(w, h);
    scene.image(made.canvas, 0, 0, w, h, Math.max(rows.length, cols.length) > SIDE);
    A.paintScene(canvas, scene, map.ratio);
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
  }

  return { create };
})();
