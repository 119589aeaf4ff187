// Beside the map: what its colours follow.
(A.heat ||= {}).settings = (() => {
  const CHOICES = [
    {
      name: "colour",
      title: "Colour follows",
      options: [
        ["root", "Square root", "faint weights stay visible"],
        ["linear", "Linear", "darkness ∝ weight", "brightness ∝ weight"],
      ],
    },
    {
      name: "scale",
      title: "Scale ends at",
      options: [
        ["own", "The largest drawn", null],
        ["common", "1, for all heads", "heads can be compared"],
      ],
    },
    {
      name: "pooling",
      title: "A pixel of many weights",
      pooled: true,
      options: [
        ["mean", "Their mean", null],
        ["largest", "Their largest", "single links stay visible"],
      ],
    },
  ];

  function create(stage) {
    const element = A.dom.h("div", { class: "heat-settings" });
    return { element, draw: (map) => draw(stage, element, map) };
  }

  function draw(stage, element, map) {
    const { state } = stage.selection,
      pooled = map.level.pool > 1,
      long = A.heat.scale.isLong(map.field.rows.length, map.field.cols.length);
    const key = [pooled, map.theme, long].join(" ");
    if (element.dataset.key !== key) {
      element.dataset.key = key;
      A.dom.put(
        element,
        CHOICES.filter((c) => !c.pooled || pooled).map((choice) => group(stage, choice, map.theme, long)),
      );
    }
    for (const input of element.querySelectorAll("input")) input.checked = state[input.dataset.setting] === input.value;
  }

  function group(stage, { name, title, options }, theme, long) {
    const { h } = A.dom,
      own = long ? "99.95 % of this head" : null;
    return h(
      "div",
      { role: "radiogroup", "aria-label": title },
      h("h3", { class: "label" }, title),
      options.map(([value, text, hint, dark]) =>
        h(
          "label",
          { class: "choice" },
          h("input", {
            type: "radio",
            name: `heat-${name}-${stage.panelElement.id}`,
            value,
            dataset: { setting: name },
            on: { change: () => stage.selection.set({ [name]: value }) },
          }),
          h(
            "span",
            {},
            value === "own" && own ? own : text,
            hint ? h("small", {}, theme === "dark" && dark ? dark : hint) : null,
          ),
        ),
      ),
    );
  }

  return { create };
})();
