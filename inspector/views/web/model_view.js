// All heads: every layer × head as a small map on one screen, with a measure under each.
A.views.model_view = {
  rail: false,
  settings: {
    measure: { default: null, parse: (text) => (/^[a-z_]{1,40}$/.test(text) ? text : undefined) },
    as: { default: "maps", parse: (text) => (["maps", "lines"].includes(text) ? text : undefined) },
    order: { default: "grid", parse: (text) => (["grid", "ranked"].includes(text) ? text : undefined) },
  },

  create(stage) {
    const view = new A.allHeads.View(stage);
    return {
      draw: () => view.draw(),
      canvas: () => view.file("canvas"),
      svg: () => view.file("svg"),
      table: () => view.table(),
      key: (event) => view.key(event),
    };
  },
};
