// Reference: a head beside the article's attention computed in float64, and beside an additive score fitted to it.
A.views.reference_view = {
  settings: {
    hidden: {
      default: 8,
      parse: (text) => (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 256 ? Number(text) : undefined),
    },
    window: { default: null, parse: (text) => (/^\d{1,6}$/.test(text) ? Number(text) : undefined) },
  },

  create(stage) {
    const view = new A.reference.View(stage),
      file = (kind) => A.files[kind](stage, A.reference.files.scene(view), view.roles);
    return {
      draw: () => view.draw(),
      canvas: () => file("canvas"),
      svg: () => file("svg"),
      table: () => view.table(),
      key: (event) => view.key(event),
    };
  },
};
