// Five steps: encode, score, softmax, weighted sum, output, with the real vectors of one date, one step at a time.
A.views.five_steps = {
  learns: true,
  settings: {
    attention: { default: "additive", parse: (text) => (["additive", "dot_product", "scaled_dot_product", "local_p"].includes(text) ? text : undefined) },
    step: { default: 1, parse: (text) => (/^[1-5]$/.test(text) ? Number(text) : undefined) },
  },

  create(stage) {
    const view = new A.steps.View(stage);
    return { draw: () => view.draw(), canvas: () => A.steps.files.canvas(view), svg: () => A.steps.files.svg(view), table: () => A.steps.files.table(view), key: (event) => view.key(event),
      file: () => `${view.data.attention.replace(/_/g, "-")}-step-${view.at}-${A.dates.files.name(view.data.text)}` };
  },
};
