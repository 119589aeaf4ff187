// Wheel, drag, pinch, click and tap on the map.
(A.heat ||= {}).gestures = (() => {
  const DRAG = 4,
    NOTCH = 60;

  /** surface: the element that takes the events; does: {point(place), leave(), pick(place), pan(dx, dy, end), zoom(steps, x, y), whole()}. */
  function attach(surface, map, does) {
    const g = { map, does, surface, down: new Map(), moved: false, wheel: 0, pinch: null, tapped: null, last: 0 };
    const on = (name, fn, options) => surface.addEventListener(name, (event) => map.field && fn(g, event), options);
    on("wheel", wheel, { passive: false });
    on("pointerdown", press);
    on("pointermove", move);
    on("pointerup", release);
    on("pointercancel", cancel);
    on("pointerleave", leave);
    on("dblclick", (_, event) => {
      if (inside(g, event)) does.whole();
    });
    return g;
  }

  /** Device pixels from the top left of the plot. */
  function spot({ map, surface }, event) {
    const box = surface.getBoundingClientRect(),
      { layout: l, ratio } = map;
    return { x: (event.clientX - box.left - l.x) * ratio, y: (event.clientY - box.top - l.y) * ratio };
  }

  function place(g, event) {
    const { x, y } = spot(g, event),
      { rows, cols } = g.map.field;
    return A.heat.camera.hit(g.map.camera, g.map.level, rows.length, cols.length, x, y);
  }

  const inside = (g, event) => place(g, event) !== null;

  /** One notch of a wheel is one level; a track pad gathers many small moves. At the whole text, zooming out scrolls the page. */
  function wheel(g, event) {
    if (!inside(g, event)) return;
    if (event.deltaY > 0 && g.map.whole) return;
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 30 : event.ctrlKey ? 8 : 1;
    if (Math.sign(event.deltaY) !== Math.sign(g.wheel)) g.wheel = 0;
    g.wheel += event.deltaY * unit;
    if (Math.abs(g.wheel) < NOTCH) return;
    const { x, y } = spot(g, event);
    g.does.zoom(g.wheel < 0 ? 1 : -1, x, y);
    g.wheel = 0;
  }

  function press(g, event) {
    if (event.button > 0 || (!inside(g, event) && g.down.size === 0)) return;
    g.down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    g.moved = g.down.size > 1 ? true : false;
    g.start = { x: event.clientX, y: event.clientY };
    if (g.down.size === 2) g.pinch = { distance: distance(g), level: g.map.camera.level };
    try {
      g.surface.setPointerCapture(event.pointerId);
    } catch {
      /* a pointer that is already gone */
    }
  }

  function distance(g) {
    const [a, b] = [...g.down.values()];
    return Math.hypot(a.x - b.x, a.y - b.y) || 1;
  }

  function move(g, event) {
    const before = g.down.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== "touch") g.does.point(place(g, event));
      return;
    }
    g.down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (g.down.size === 2) return pinch(g);
    if (!g.moved && Math.hypot(event.clientX - g.start.x, event.clientY - g.start.y) < DRAG) return;
    g.moved = true;
    if (!g.map.whole) g.does.pan((before.x - event.clientX) * g.map.ratio, (before.y - event.clientY) * g.map.ratio, false);
  }

  /** Each √2 of stretch is one level, around the middle of the two fingers. */
  function pinch(g) {
    const steps = Math.round(Math.log(distance(g) / g.pinch.distance) / Math.log(Math.SQRT2)),
      to = g.pinch.level + steps;
    if (to === g.map.camera.level) return;
    const [a, b] = [...g.down.values()],
      { x, y } = spot(g, { clientX: (a.x + b.x) / 2, clientY: (a.y + b.y) / 2 });
    g.does.zoom(to - g.map.camera.level, x, y);
  }

  function release(g, event) {
    if (!g.down.delete(event.pointerId)) return;
    const at = place(g, event);
    if (g.down.size === 0 && g.moved) g.does.pan(0, 0, true);
    else if (g.down.size === 0 && at) event.pointerType === "touch" ? tap(g, at, event) : g.does.pick(at);
    if (g.down.size < 2) g.pinch = null;
  }

  /** The first tap points, a tap on the same place pins, two quick ones show the whole text. */
  function tap(g, at, event) {
    const same = g.tapped && g.tapped.row === at.row && g.tapped.col === at.col,
      quick = event.timeStamp - g.last < 300;
    g.last = event.timeStamp;
    if (quick && !g.map.whole) {
      g.tapped = null;
      return g.does.whole();
    }
    g.tapped = at;
    return same ? g.does.pick(at) : g.does.point(at);
  }

  function cancel(g, event) {
    g.down.delete(event.pointerId);
    g.pinch = null;
  }

  function leave(g, event) {
    if (event.pointerType !== "touch" && !g.down.size) g.does.leave();
  }

  return { attach };
})();
