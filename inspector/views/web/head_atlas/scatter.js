// Two measures against each other: one dot a head.
(A.atlas ||= {}).scatter = (() => {
  const HEIGHT = 248;

  /** Round ticks over a range. */
  function ticks(low, high) {
    const rough = (high - low) / 6,
      power = 10 ** Math.floor(Math.log10(rough || 1)),
      step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough) || 1,
      all = [];
    for (let v = Math.ceil(low / step - 1e-9) * step; v <= high + 1e-9 * step; v += step) all.push(Math.round(v / step) * step);
    return all;
  }

  /** Places of all heads that have both values. */
  function layout(state, width) {
    const { every, value, other } = state,
      dots = every
        .map((c) => ({ ...c, a: value(c.row, c.head), b: other ? other.value(c.row, c.head) : null }))
        .filter((c) => c.a !== null && c.b !== null);
    if (!dots.length) return { width, height: 0, dots: [] };
    const range = (key, floor) => {
      const all = dots.map((d) => d[key]);
      return { low: Math.min(floor ?? 0, ...all), high: Math.max(...all, (floor ?? 0) + 1e-9) };
    };
    const roomy = ({ low, high }) => ({ low, high: high + 0.04 * (high - low) });
    const x = roomy(range("a", state.definition.low)),
      y = roomy(range("b", other.definition.low)),
      box = { left: 54, top: 12, w: width - 54 - 24, h: HEIGHT - 12 - 44 };
    const px = (v) => box.left + (box.w * (v - x.low)) / (x.high - x.low),
      py = (v) => box.top + box.h - (box.h * (v - y.low)) / (y.high - y.low);
    return { width, height: HEIGHT, box, x, y, px, py, dots: dots.map((d) => ({ ...d, cx: px(d.a), cy: py(d.b) })) };
  }

  function scene(state) {
    const { scatter: l, roles, definition, other } = state,
      made = new A.Scene(l.width, l.height);
    if (!l.dots.length) return made;
    const { box, x, y, px, py } = l,
      print = (v) => String(+v.toPrecision(3)).replace("-", "−");
    for (const v of ticks(x.low, x.high)) {
      made.line(px(v), box.top, px(v), box.top + box.h, { stroke: roles.line });
      made.text(px(v), box.top + box.h + 12, print(v), { size: 11, fill: roles.muted, align: "middle" });
    }
    for (const v of ticks(y.low, y.high)) {
      made.line(box.left, py(v), box.left + box.w, py(v), { stroke: roles.line });
      made.text(box.left - 6, py(v), print(v), { size: 11, fill: roles.muted, align: "end" });
    }
    made.text(box.left + box.w, box.top + box.h + 30, `${named(definition)} →`, { size: 12, fill: roles.muted, align: "end" });
    made.text(12, box.top + box.h / 2, `${named(other.definition)} →`, {
      size: 12,
      fill: roles.muted,
      align: "middle",
      rotate: -90,
      room: box.h,
    });
    for (const d of l.dots) made.rect(d.cx - 3.5, d.cy - 3.5, 7, 7, { fill: roles.key, radius: 3.5, opacity: 0.62 });
    return made;
  }

  const named = ({ title, unit }) =>
    `${title.toLowerCase()}${unit && !["", "share", "1", "ratio"].includes(unit) ? `, ${unit}` : ""}`;

  function marks(state) {
    const { scatter: l, roles } = state,
      made = new A.Scene(l.width, l.height);
    const dot = (d, size, words) => {
      made.rect(d.cx - size - 1.5, d.cy - size - 1.5, 2 * size + 3, 2 * size + 3, { fill: roles.card, radius: size + 1.5 });
      made.rect(d.cx - size, d.cy - size, 2 * size, 2 * size, { fill: roles.query, radius: size });
      const right = d.cx < l.box.left + l.box.w - 60;
      const name = `L${d.layer} H${d.head}`,
        wide = A.tokens.width(name, 12, 600) + 6;
      if (words)
        made.rect(right ? d.cx + 6 : d.cx - 6 - wide, d.cy - 9, wide, 18, { fill: roles.card, radius: 4, opacity: 0.85 });
      if (words)
        made.text(d.cx + (right ? 9 : -9), d.cy, name, {
          size: 12,
          weight: 600,
          fill: roles.query,
          align: right ? "start" : "end",
        });
    };
    const is = (c) => (d) => c && d.layer === c.layer && d.head === c.head,
      over = l.dots.find(is(state.hover));
    for (const d of l.dots) if (state.chosen(d)) dot(d, 4.5, !over);
    if (over) dot(over, 4.5, true);
    return made;
  }

  /** The nearest dot within 12 pixels. */
  function hit(l, x, y) {
    let best = null,
      least = 144;
    for (const d of l.dots) {
      const far = (d.cx - x) ** 2 + (d.cy - y) ** 2;
      if (far < least) {
        least = far;
        best = d;
      }
    }
    return best;
  }

  return { layout, scene, marks, hit, ticks };
})();
