// The reference view as one picture for a file: the maps in their rows with titles, values and scales.
(A.reference ||= {}).files = (() => {
  function scene(view) {
    const { size, roles, theme, figures, data } = view,
      column = Math.max(size.w + 96, 250),
      line = size.h + 66,
      rows = [
        ["model", "reference", "difference"],
        [null, "additive", "missed"],
        [null, "near", "far"],
      ];
    const made = new A.Scene(3 * column + 24, 0);
    let y = 20;
    for (const row of rows.filter((names) => names.some((n) => n && data.values[n]))) {
      row.forEach((name, i) => {
        const figure = figures.find((f) => f.name === name);
        if (figure && figure.image && data.values[name]) one(made, figure, view, 16 + i * column, y, column);
      });
      y += line;
    }
    A.heat.legend.bar(made, 16, y, 180, { theme, top: 1, linear: false, roles });
    made.height = y + 36;
    return made;
  }

  function one(made, figure, view, x, y, column) {
    const { roles, size, theme } = view,
      at = view.focus(),
      side = x + size.w + 12;
    made.text(x, y, figure.title.textContent, { size: 14, weight: 600, fill: roles.ink });
    made.text(x, y + 19, figure.sub.textContent, { size: 11, fill: roles.muted, room: column - 16 });
    A.reference.figure.add(made, figure, view, x, y + 34);
    if (at) made.text(side, y + 44, A.reference.words.value(figure, view, at), { size: 13, weight: 600, fill: roles.ink });
    if (figure.signed)
      A.reference.figure.scaleBar(
        figure.top,
        roles,
        theme,
        A.reference.figure.barHeight(size),
        side,
        y + 20 + size.h - A.reference.figure.barHeight(size),
        made,
      );
  }

  return { scene };
})();
