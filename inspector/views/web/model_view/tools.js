// Above all heads: maps or lines, grid or ranked list, the one scale that all of them share, and the head under the pointer.
(A.allHeads ||= {}).tools = (() => {
  function create(stage) {
    const { h, put } = A.dom,
      said = h("p", { class: "heads-said small" }),
      legend = h("div", { class: "heads-legend" }),
      ramp = h("canvas", { class: "heads-ramp", "aria-hidden": "true" });
    const chips = (name, label, options) =>
      h(
        "div",
        { class: "heads-chips", role: "group", "aria-label": label },
        h("span", { class: "small heads-name" }, label),
        options.map(([value, text]) =>
          h(
            "button",
            {
              type: "button",
              class: "chip round",
              dataset: { setting: name, value },
              on: { click: () => stage.selection.set({ [name]: value }) },
            },
            text,
          ),
        ),
      );
    put(legend, h("span", { class: "small heads-scale" }), ramp);
    const element = h(
      "div",
      { class: "heads-tools" },
      chips("as", "Draw as", [
        ["maps", "maps"],
        ["lines", "lines"],
      ]),
      chips("order", "Order", [
        ["grid", "layer × head"],
        ["ranked", "ranked"],
      ]),
      said,
      legend,
    );
    return {
      element,
      say: (text) => {
        said.textContent = text;
      },
      draw: (state) => draw(stage, element, ramp, state),
    };
  }

  function draw(stage, element, ramp, state) {
    for (const chip of element.querySelectorAll("[data-setting]"))
      chip.setAttribute("aria-pressed", String(stage.selection.state[chip.dataset.setting] === chip.dataset.value));
    element.querySelector(".heads-scale").textContent = state.lines
      ? "width ∝ weight"
      : state.layout.narrow
        ? "√ weight"
        : "weight, square-root scale";
    ramp.hidden = state.lines;
    const scene = new A.Scene(176, 30);
    A.heat.legend.bar(scene, 4, 1, 168, { theme: state.theme, top: 1, linear: false, roles: state.roles });
    A.paintScene(ramp, scene, state.ratio);
    ramp.style.width = `${ramp.width / state.ratio}px`;
    ramp.style.height = `${ramp.height / state.ratio}px`;
  }

  return { create };
})();
