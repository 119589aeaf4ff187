// Head atlas: every head by a measure, as a grid, against a second measure, and as a table that sorts.
A.views.head_atlas = {
  rail: false,
  settings: { against: { default: null, parse: (text) => (/^[a-z_]{1,40}$/.test(text) ? text : undefined) } },

  create(stage) {
    const view = new A.atlas.View(stage);
    return {
      draw: () => view.draw(),
      canvas: () => view.file("canvas"),
      svg: () => view.file("svg"),
      table: () => view.numbers(),
      key: (event) => view.key(event),
    };
  },
};
