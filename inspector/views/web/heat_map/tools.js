// Above the map: how close, and which part of the text is in sight.
(A.heat ||= {}).tools = (() => {
  const WORDS = 15,
    NUMBERS = 40;

  function create(map, does) {
    const { h } = A.dom,
      buttons = h("div", { class: "heat-zoom", role: "group", "aria-label": "Zoom" }),
      where = h("p", { class: "heat-where small" });
    const steps = h(
      "div",
      { class: "heat-steps", role: "group", "aria-label": "Zoom step" },
      h(
        "button",
        { type: "button", class: "chip", "aria-label": "Zoom out", title: "Zoom out (−)", on: { click: () => does.zoom(-1) } },
        "−",
      ),
      h(
        "button",
        { type: "button", class: "chip", "aria-label": "Zoom in", title: "Zoom in (+)", on: { click: () => does.zoom(1) } },
        "+",
      ),
    );
    return {
      element: h(
        "div",
        { class: "heat-tools" },
        h("div", { class: "heat-left" }, h("span", { class: "small heat-name" }, "Zoom"), buttons, steps),
        where,
      ),
      draw: () => draw(map, does, buttons, steps, where),
    };
  }

  /** The level on which words are read with ease. */
  const wordsLevel = ({ levels, ratio }) => A.heat.camera.nearest(levels, WORDS * ratio);

  /** The levels that have a name: those that differ, coarse to fine. */
  function named(map) {
    const { levels, ratio } = map,
      scale = A.heat.camera.scale,
      all = [{ name: "whole text", level: 0 }];
    const add = (name, level) => {
      if (level > all[all.length - 1].level) all.push({ name, level });
    };
    const words = wordsLevel(map),
      four = A.heat.camera.nearest(levels, 4 * scale(levels[0]));
    if (four < words) add("4×", four);
    if (scale(levels[0]) < 11 * ratio) add("words", words);
    add("numbers", A.heat.camera.nearest(levels, NUMBERS * ratio));
    return all;
  }

  function draw(map, does, buttons, steps, where) {
    const { h, put } = A.dom,
      all = named(map),
      focused = A.dom.focused(),
      kept = focused && focused.dataset.zoom;
    put(
      buttons,
      all.length > 1
        ? all.map(({ name, level }) =>
            h(
              "button",
              {
                type: "button",
                class: "chip round",
                "data-zoom": name,
                "aria-pressed": String(level === map.camera.level),
                on: { click: () => does.level(level) },
              },
              name,
            ),
          )
        : null,
    );
    if (kept) {
      const again = buttons.querySelector(`[data-zoom="${kept}"]`);
      if (again) again.focus();
    }
    steps.parentElement.hidden = all.length < 2;
    steps.children[0].disabled = map.whole;
    steps.children[1].disabled = map.camera.level === map.levels.length - 1;
    where.textContent = words(map);
  }

  /** "rows 341–373, columns 301–333, 1 cell = 1 weight" */
  function words(map) {
    const { r0, r1, c0, c1 } = map.sight,
      { rows, cols } = map.axes,
      { pool, px, smooth } = map.level;
    const all = r0 === 0 && c0 === 0 && r1 === rows.length && c1 === cols.length,
      range = (list, from, to) => `${A.words.count(list[from])}–${A.words.count(list[to - 1])}`;
    const window = all
      ? rows.length === cols.length
        ? `all ${A.words.count(rows.length)} rows and columns`
        : `all ${A.words.count(rows.length)} rows, ${A.words.count(cols.length)} columns`
      : `rows ${range(rows, r0, r1)}, columns ${range(cols, c0, c1)}`;
    const unit =
      pool > 1
        ? `1 ${px > 1 ? "square" : "pixel"} = ${map.largest ? "largest" : "mean"} of ${pool} × ${pool} weights`
        : "1 cell = 1 weight";
    return `${window}, ${unit}${smooth ? ", smoothed" : ""}`;
  }

  return { create, named, words, wordsLevel };
})();
