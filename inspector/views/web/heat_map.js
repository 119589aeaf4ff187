// Heat map: one head as a map of cells that can be zoomed from the whole text to single weights.
A.views.heat_map = {
  settings: {
    colour: { default: "root", parse: (text) => (["root", "linear"].includes(text) ? text : undefined) },
    scale: { default: "own", parse: (text) => (["own", "common"].includes(text) ? text : undefined) },
    look: { default: null, parse: (text) => (/^\d+(\.\d+)?,\d+(\.\d+)?,\d+(\.\d+)?$/.test(text) ? text : undefined) },
    pooling: { default: "mean", parse: (text) => (["mean", "largest"].includes(text) ? text : undefined) },
  },

  create(stage) {
    const view = new A.heat.View(stage);
    return {
      draw: (changed) => view.draw(changed),
      canvas: () => view.file("canvas"),
      svg: () => view.file("svg"),
      table: () => A.heat.table(view.map),
      pinned: () => view.map.link(),
      key: (event) => A.heat.keys.press(event, view.map, view.surface, view.does),
      dispose: () => view.dispose(),
    };
  },
};
