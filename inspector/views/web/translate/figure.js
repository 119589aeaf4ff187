// One of the five: name and formula of its attention, its answer and whether that is right, the map, and the row in numbers.
(A.dates ||= {}).figure = (() => {
  function create(view, facts) {
    const { h } = A.dom, figure = { name: facts.name, facts, model: null, map: null };
    Object.assign(figure, {
      answer: h("span", { class: "dates-answer", dir: "ltr" }), verdict: h("span", { class: "dates-verdict" }), canvas: h("canvas", { class: "dates-map", dataset: { map: facts.name }, "aria-hidden": "true" }),
      word: h("p", { class: "dates-word" }), numbers: h("p", { class: "dates-numbers small" }), sure: h("p", { class: "dates-sure small" }),
      choice: facts.name === "transformer" ? h("select", { class: "select dates-cross", "aria-label": "Which of the Transformer’s cross-attention", on: { change: (e) => view.stage.selection.set({ cross: e.target.value === "" ? null : e.target.value }) } }) : h("p", { class: "dates-source small" }, facts.source),
    });
    figure.element = h("figure", { class: "dates-figure", dataset: { model: facts.name } },
      h("figcaption", {}, h("h3", { class: "dates-title" }, facts.title), h("p", { class: "dates-formula" }, A.tex.element(facts.formula)), figure.choice,
        h("p", { class: "dates-said" }, figure.answer, " ", figure.verdict)),
      figure.canvas, figure.word, figure.numbers, figure.sure);
    return figure;
  }

  /** A new answer, or another map of the Transformer. */
  function take(figure, answer, cross) {
    const { h, put } = A.dom;
    figure.model = answer.models.find((m) => m.name === figure.name);
    figure.map = figure.model.map;
    if (figure.name === "transformer" && answer.cross) choose(figure, answer.cross, cross);
    put(figure.answer, figure.model.letters.map((char, r) => h("span", { class: "dates-letter", dataset: { row: r } }, char)));
    figure.verdict.textContent = A.dates.words.verdict(figure.model);
    figure.verdict.dataset.right = String(figure.model.right);
    figure.element.classList.toggle("is-empty", !figure.map);
  }

  function choose(figure, cross, wish) {
    const { h, put } = A.dom, last = cross.layers - 1, options = [];
    for (let l = last; l >= 0; l--) {
      options.push([l === last ? "" : String(l), `layer ${l}, mean of ${cross.heads} heads`]);
      for (let k = 0; k < cross.heads; k++) options.push([`${l}.${k}`, `layer ${l}, head ${k}`]);
    }
    const found = options.find(([value]) => value === (wish ?? "")) || options[0], [layer, head] = (found[0] || String(last)).split(".").map(Number);
    figure.map = cross.of(layer, head ?? null);
    figure.told = found[1];
    put(figure.choice, options.map(([value, text]) => h("option", { value, selected: value === found[0] }, text)));
    figure.choice.value = found[0];
  }

  /** Map, answer and numbers with the row in focus. */
  function draw(figure, view) {
    if (!figure.map) return;
    const box = A.dates.maps.size(view.layout, view.layout.rows), scene = new A.Scene(box.width, box.height), { row } = view.focus;
    A.dates.maps.add(scene, figure, view, 0, 0);
    A.paintScene(figure.canvas, scene, view.ratio);
    Object.assign(figure.canvas.style, { width: `${figure.canvas.width / view.ratio}px`, height: `${figure.canvas.height / view.ratio}px` });
    for (const letter of figure.answer.children) letter.classList.toggle("on", Number(letter.dataset.row) === row);
    numbers(figure, view);
  }

  function numbers(figure, { focus, characters }) {
    const { h, put } = A.dom, { map, model } = figure, { row, col } = focus, quote = A.dates.words.quote;
    if (row < 0 || row >= map.rows) {
      put(figure.word, row >= map.rows ? "wrote no such character" : A.dom.h("span", { class: "small" }, "the average row"));
      put(figure.numbers, "");
      return put(figure.sure, `least sure of a character: ${A.words.weight(Math.min(...model.probabilities), 4)}`);
    }
    const values = map.row(row), found = A.dates.words.strongest(map, row, characters), order = [...values.keys()].sort((a, b) => values[b] - values[a] || a - b).slice(0, 3);
    if (col !== null && col >= 0 && !order.includes(col)) order.splice(2, 1, col);
    let sum = 0;
    for (const v of values) sum += v;
    put(figure.word, h("bdi", { class: "is-key" }, quote(found.run.text)), ` ${A.words.weight(found.weight, 2)}`, h("span", { class: "small" }, ` · average row ${A.words.weight(found.mean, 2)}`));
    put(figure.numbers, order.map((c, i) => [i ? " · " : "", h("span", { class: c === col ? "on" : null }, h("bdi", {}, quote(characters[c])), ` ${A.words.weight(values[c])}`)]));
    return put(figure.sure, `‘${model.letters[row]}’ with probability ${A.words.weight(model.probabilities[row], 4)}${Math.abs(sum - 1) > 5e-4 ? ` · row sums to ${A.words.weight(sum, 2)}` : ""}`);
  }

  /** The figure in words, for a screen reader. */
  function speak(figure, { focus, characters }) {
    const { map } = figure, { row, col } = focus;
    if (!map || row < 0 || row >= map.rows) return "";
    const found = A.dates.words.strongest(map, row, characters), at = col !== null && col >= 0 ? `, ${A.dates.words.shown(characters[col])} ${A.words.weight(map.at(row, col))}` : "";
    return `${figure.facts.title} wrote ${figure.model.letters[row]}, looks at ${A.dates.words.shown(found.run.text)} ${A.words.weight(found.weight, 2)}${at}`;
  }

  return { create, take, draw, speak };
})();
