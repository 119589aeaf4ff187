// The five alignments as one drawing for a file, and as a table of numbers.
(A.dates ||= {}).files = (() => {
  const HEAD = 92;

  function scene(view) {
    const { layout: l, figures, roles, characters } = view, shown = figures.filter((f) => f.map), wide = Math.max(230, A.dates.maps.size(l, 1).width + 16), count = Math.min(l.count, shown.length);
    const tall = HEAD + A.dates.maps.size(l, l.rows).height + 24, made = new A.Scene(Math.max(640, count * wide + 24), 0);
    const title = A.tokens.wrap(A.dates.words.caption({ ...view, row: view.focus.row }).map((p) => p.text || p).join(""), made.width - 32, 20);
    title.forEach((line, i) => made.text(16, 26 + 26 * i, line, { size: 18, weight: 600, fill: roles.ink }));
    const top = 40 + 26 * title.length;
    made.text(16, top, A.dates.words.shown(characters.join("")).replace(/␣/g, " "), { size: 14, fill: roles.muted });
    shown.forEach((figure, i) => one(made, figure, view, 16 + (i % count) * wide, top + 28 + Math.floor(i / count) * tall, wide - 12));
    const end = top + 28 + Math.ceil(shown.length / count) * tall;
    A.heat.legend.bar(made, 16, end, 180, { theme: view.theme, top: 1, linear: false, roles });
    A.tokens.wrap(A.dates.foot.lines(view).map((p) => [p].flat().map((x) => (x.textContent ?? x) || "").join("")).join(" "), made.width - 250).forEach((line, i) => { made.text(220, end + 4 + 17 * i, line, { size: 12, fill: roles.muted }); made.height = end + 30 + 17 * i; });
    return made;
  }

  function one(made, figure, view, x, y, room) {
    const { roles } = view;
    made.text(x, y, figure.facts.title, { size: 14, weight: 600, fill: roles.ink });
    made.text(x, y + 20, A.tex.plain(figure.facts.formula), { size: 12, fill: roles.muted, room });
    made.text(x, y + 38, figure.told || figure.facts.source, { size: 11, fill: roles.muted, room });
    made.text(x, y + 62, figure.model.output, { size: 16, weight: 600, fill: roles.ink });
    made.text(x + 8 + A.tokens.width(figure.model.output, 16, 600), y + 62, A.dates.words.verdict(figure.model), { size: 12, fill: roles.muted });
    A.dates.maps.add(made, figure, view, x, y + HEAD - 14);
  }

  /** A date as part of a file name: letters and digits, the rest as hyphens. */
  const name = (text) => text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 40) || "date";

  const canvas = (view) => A.paintScene(document.createElement("canvas"), scene(view), Math.max(2, view.ratio), view.roles.card);

  function svg(view) {
    const made = scene(view);
    return { text: A.sceneSvg(made, view.roles.card, "Five alignments of one date"), width: made.width, height: made.height };
  }

  function table({ figures, characters, facts, answer }) {
    const rows = figures.filter((f) => f.map).flatMap((f) => f.model.letters.map((char, r) => [f.facts.title, r, char, f.model.probabilities[r], ...Array.from(f.map.row(r))]));
    return { caption: `Where each attention looks in “${answer.text}”: one row for each character written, one column for each character read.`, columns: ["attention", "position", "written", "probability", ...characters.map((c, i) => `${i} ${A.dates.words.shown(c)}`)], rows, facts };
  }

  return { canvas, svg, table, name };
})();
