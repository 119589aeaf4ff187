// Translate: one date, five attentions, five answers, and where each of them looked.
A.views.translate = {
  learns: true,
  settings: {
    date: { default: "3 mai 2019", parse: (text) => (text && Array.from(text).length <= 200 ? text : undefined) },
    position: { default: 6, parse: (text) => (text === "none" ? -1 : /^\d{1,2}$/.test(text) ? Number(text) : undefined), format: (n) => (n < 0 ? "none" : String(n)) },
    cross: { default: null, parse: (text) => (/^\d{1,2}(\.\d{1,2})?$/.test(text) ? text : undefined) },
  },

  create(stage) {
    const view = new A.dates.View(stage);
    return { draw: () => view.draw(), canvas: () => A.dates.files.canvas(view), svg: () => A.dates.files.svg(view), table: () => A.dates.files.table(view), key: (event) => view.key(event),
      file: () => A.dates.files.name(view.answer.text) };
  },
};
