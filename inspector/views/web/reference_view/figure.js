// One of the aligned maps: its title, what it is, the picture with the cross-hair, and the value there.
(A.reference ||= {}).figure = (() => {
  function create(name, signed) {
    const { h } = A.dom,
      parts = {
        title: h("h3", { class: "ref-title" }),
        sub: h("p", { class: "ref-sub small" }),
        canvas: h("canvas", { class: "ref-map", dataset: { map: name } }),
        link: h("p", { class: "ref-link small" }),
        value: h("p", { class: "ref-value" }),
        bar: signed ? h("canvas", { class: "ref-bar", "aria-hidden": "true" }) : null,
        note: h("p", { class: "ref-note small", hidden: true }),
      };
    const element = h(
      "figure",
      { class: "ref-figure", dataset: { figure: name } },
      h("figcaption", {}, parts.title, parts.sub),
      h("div", { class: "ref-row" }, parts.canvas, h("div", { class: "ref-side" }, parts.link, parts.value, parts.bar)),
      parts.note,
    );
    return { name, signed, element, ...parts, image: null, key: "" };
  }

  /** Title, line under it, and the picture itself when it changed. */
  function draw(figure, view) {
    const { data, size, theme, ratio, roles } = view,
      words = A.reference.words.of(figure.name, view);
    figure.title.textContent = words.title;
    figure.sub.textContent = words.sub;
    const known = !!data.values[figure.name];
    figure.element.classList.toggle("is-empty", !known);
    figure.note.hidden = known || !words.missing;
    figure.note.textContent = known ? "" : words.missing || "";
    if (!known) return;
    figure.top = figure.signed ? A.reference.maps.reach(data, figure.name) : undefined;
    figure.image = A.reference.maps.canvas(data, figure.name, size, theme, figure.top);
    if (figure.signed) paint(figure.bar, scaleBar(figure.top, roles, theme, barHeight(size)), ratio);
    mark(figure, view);
  }

  /** The picture with the cross-hair; repainted when only that moved. */
  function mark(figure, view) {
    if (!view.data.values[figure.name] || !figure.image) return;
    const scene = new A.Scene(view.size.w + 8, view.size.h + 8);
    add(scene, figure, view, 4, 4);
    paint(figure.canvas, scene, view.ratio);
    const at = view.focus();
    figure.value.textContent = at ? A.reference.words.value(figure, view, at) : "";
    A.dom.put(figure.link, at ? view.link(at) : null);
  }

  function add(scene, figure, { size, roles, theme, focus }, x, y) {
    scene.image(figure.image, x, y, size.w, size.h, false);
    scene.rect(x - 0.5, y - 0.5, size.w + 1, size.h + 1, { stroke: roles.strong });
    const at = focus();
    if (!at) return;
    const { cell, pool } = size,
      top = y + Math.floor(at.row / pool) * cell,
      left = x + Math.floor(at.col / pool) * cell,
      ground = figure.signed ? A.colour.diverging(0, theme) : A.colour.sequential(0, theme);
    scene.rect(x - 0.5, top - 0.5, size.w + 1, cell + 1, { stroke: roles.query });
    const grow = Math.max(1.5, (9 - cell) / 2),
      side = cell + 2 * grow;
    scene.rect(left - grow, top - grow, side, side, { stroke: ground, width: 4.5 });
    scene.rect(left - grow, top - grow, side, side, { stroke: roles.query, width: 2 });
  }

  function paint(canvas, scene, ratio) {
    A.paintScene(canvas, scene, ratio);
    canvas.style.width = `${canvas.width / ratio}px`;
    canvas.style.height = `${canvas.height / ratio}px`;
  }

  /** Shorter beside a small map, whose value stands above it. */
  const barHeight = (size) => Math.max(40, Math.min(108, size.h - 84));

  /** +top, 0, −top along an upright bar. */
  function scaleBar(top, roles, theme, high, x = 0, y = 0, scene = new A.Scene(76, high + 14)) {
    const strip = document.createElement("canvas"),
      count = 64;
    strip.width = 1;
    strip.height = count;
    const ctx = strip.getContext("2d");
    for (let i = 0; i < count; i++) {
      ctx.fillStyle = A.colour.diverging(1 - (2 * i) / (count - 1), theme);
      ctx.fillRect(0, i, 1, 1);
    }
    scene.image(strip, x, y + 7, 9, high, true);
    scene.rect(x + 0.5, y + 7.5, 8, high - 1, { stroke: roles.strong });
    const ticks = [
      [`+${A.reference.words.size(top)}`, 7],
      ["0", 7 + high / 2],
      [`−${A.reference.words.size(top)}`, 7 + high],
    ];
    for (const [text, at] of ticks) scene.text(x + 14, y + at, text, { size: 11, fill: roles.muted });
    return scene;
  }

  return { create, draw, mark, add, scaleBar, barHeight };
})();
