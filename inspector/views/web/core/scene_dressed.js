// A scene as it leaves the page: under its finding, over a line that says of what.
A.dressed = (stage, scene) => {
  const { title, ink, muted, footer } = A.standalone.dress(stage, []),
    pad = 16,
    room = Math.max(200, scene.width - 2 * pad);
  const head = A.tokens.wrap(title, 0.9 * room, 18),
    foot = A.tokens.wrap(footer, room, 12),
    top = 20 + 26 * head.length;
  const made = new A.Scene(scene.width, top + scene.height + 18 * foot.length + 16);
  head.forEach((line, i) => made.text(pad, 24 + 26 * i, line, { size: 18, weight: 600, fill: ink }));
  made.inside(scene, 0, top);
  foot.forEach((line, i) => made.text(pad, top + scene.height + 12 + 18 * i, line, { size: 12, fill: muted }));
  return made;
};

/** The same as a PNG's canvas and as an SVG's text. */
A.files = {
  canvas: (stage, scene, roles) =>
    A.paintScene(
      document.createElement("canvas"),
      A.dressed(stage, scene),
      Math.max(2, window.devicePixelRatio || 1),
      roles.card,
    ),
  svg(stage, scene, roles) {
    const made = A.dressed(stage, scene);
    return { text: A.sceneSvg(made, roles.card, A.standalone.dress(stage, []).title), width: made.width, height: made.height };
  },
};
