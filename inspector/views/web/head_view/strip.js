// Long texts: the whole row as a strip, where the rows shown are marked; press or drag it to move there.
(A.headView ||= {}).strip = (() => {
  const BINS = 220;

  function create(view) {
    const { h, svg } = A.dom,
      map = svg("svg", { class: "strip-map", preserveAspectRatio: "none", viewBox: `0 0 ${BINS} 20`, "aria-hidden": "true" });
    const words = h("span", { class: "strip-said" });
    const button = (text, label, rows) =>
      h(
        "button",
        { type: "button", class: "chip round", "aria-label": label, on: { click: () => A.headView.pointer.scroll(view, rows) } },
        text,
      );
    const up = button("↑", "Rows before", -24),
      down = button("↓", "Rows after", 24);
    const element = h("div", { class: "strip-bar", hidden: true }, h("div", { class: "strip-top" }, words, up, down), map);
    let pressed = false;
    const go = (event) => {
      const box = map.getBoundingClientRect(),
        total = view.scene.plan.rows.length + view.scene.plan.above + view.scene.plan.below;
      view.stage.selection.set({ from: Math.max(0, Math.round(((event.clientX - box.left) / box.width) * total) - 14) });
    };
    map.addEventListener("pointerdown", (event) => {
      pressed = true;
      map.setPointerCapture(event.pointerId);
      go(event);
    });
    map.addEventListener("pointermove", (event) => {
      if (pressed) go(event);
    });
    for (const name of ["pointerup", "pointercancel"])
      map.addEventListener(name, () => {
        pressed = false;
      });
    return { element, draw: (scene) => draw(scene, element, map, words, up, down) };
  }

  function draw(scene, element, map, words, up, down) {
    const { svg, put, n } = A.dom,
      { plan, sheet, state, theme } = scene,
      count = plan.rows.length + plan.above + plan.below;
    element.hidden = !plan.long;
    if (!plan.long) return;
    const pinned = state.query,
      weights = pinned === null ? scene.received : sheet.mean(pinned),
      keys = sheet.keyTokens.filter((t) => !t.padding && !(sheet.fold && t.rest));
    const bins = Math.min(BINS, keys.length),
      most = new Float32Array(bins);
    keys.forEach((t, i) => {
      const at = Math.floor((i * bins) / keys.length);
      most[at] = Math.max(most[at], weights[t.position] || 0);
    });
    const top = Math.max(1e-9, ...most),
      step = BINS / bins;
    put(
      map,
      Array.from(most, (w, i) =>
        w > top / 4000
          ? svg("rect", {
              x: n(i * step),
              y: 0,
              width: n(step + 0.05),
              height: 16,
              fill: A.colour.sequential(Math.sqrt(w / top), theme),
            })
          : null,
      ),
      svg("rect", {
        class: "strip-window",
        x: n((BINS * plan.above) / count),
        y: 17,
        width: n((BINS * plan.rows.length) / count),
        height: 3,
      }),
    );
    words.textContent = `Rows ${plan.rows[0]}–${plan.rows[plan.rows.length - 1]} of ${A.words.count(count)}. Strip: ${pinned === null ? "what these rows look at" : "where the pinned token looks"}, whole text, darkest ${A.words.exact(top)}.`;
    if (theme === "dark") words.textContent = words.textContent.replace("darkest", "brightest");
    up.disabled = !plan.above;
    down.disabled = !plan.below;
  }

  return { create };
})();
