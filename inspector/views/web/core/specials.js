// What is done with attention at rest: folded into a bar, drawn like any token, or left out and each row rescaled.
A.specials = {
  create(stage) {
    const element = A.dom.h("div", { class: "specials", role: "radiogroup" });
    return { element, draw: () => A.specials.draw(stage, element) };
  },

  draw(stage, element) {
    const { h, put } = A.dom,
      { group, layer, special } = stage.selection.state,
      name = stage.data.restName(group, layer);
    element.hidden = !name;
    if (!name) return put(element);
    const options = [
      ["fold", "Fold into a side bar", "shown as one number per token"],
      ["draw", "Draw like any token", null],
      ["rescale", "Leave out, rescale to 1", "numbers no longer the model’s own"],
    ];
    if (element.children.length && element.dataset.name === name) {
      for (const input of element.querySelectorAll("input")) input.checked = input.value === special;
      return element;
    }
    element.dataset.name = name;
    element.setAttribute("aria-label", `Attention on ${name}`);
    return put(
      element,
      h("h3", { class: "label" }, name[0].toUpperCase() + name.slice(1)),
      options.map(([value, text, hint]) =>
        h(
          "label",
          { class: "choice" },
          h("input", {
            type: "radio",
            name: `special-${stage.panelElement.id}`,
            value,
            checked: value === special,
            on: { change: () => stage.selection.set({ special: value }) },
          }),
          h("span", {}, text, hint ? h("small", {}, hint) : null),
        ),
      ),
    );
  },
};
