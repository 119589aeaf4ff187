// What the Translate view says: which word of the text a row looks at, whether the five agree, and how that compares.
(A.dates ||= {}).words = (() => {
  const SPOKEN = { additive: "additive", dot_product: "dot product", scaled_dot_product: "scaled dot product", local_p: "local-p", transformer: "the Transformer" };
  const NUMBERS = ["no", "one", "two", "three", "four", "five"];
  const kind = (char) => (/\p{Nd}/u.test(char) ? "digits" : /[\p{L}\p{M}]/u.test(char) ? "letters" : "other");
  const name = (model) => SPOKEN[model.name] || model.name;
  const quote = (text) => `‘${A.dates.words.shown(text)}’`;
  /** Spaces and characters nobody sees, as signs. */
  const shown = (text) => Array.from(text).map((c) => (/\s/.test(c) ? "␣" : /[\p{Cc}\p{Cf}]/u.test(c) ? `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}` : c)).join("");

  /** Runs of letters or of digits, every other character alone: {text, start, end, kind}. */
  function runs(characters) {
    const found = [];
    characters.forEach((char, i) => {
      const last = found[found.length - 1], k = kind(char);
      if (last && last.kind === k && k !== "other") { last.text += char; last.end = i + 1; } else found.push({ text: char, start: i, end: i + 1, kind: k });
    });
    return found;
  }

  const mass = (row, run) => { let sum = 0; for (let i = run.start; i < run.end; i++) sum += row[i]; return sum; };

  /** The word a row gives most to, how much, and what the average row of the same map gives it. */
  function strongest(map, r, characters) {
    const words = runs(characters), row = map.row(r), run = words.reduce((best, w) => (mass(row, w) > mass(row, best) ? w : best));
    let mean = 0;
    for (let i = 0; i < map.rows; i++) mean += mass(map.row(i), run) / map.rows;
    return { run, weight: mass(row, run), mean };
  }

  const part = (output, r) => (/^\d{4}-\d\d-\d\d$/.test(output) && output[r] !== "-" ? ` of the ${r < 4 ? "year" : r < 7 ? "month" : "day"}` : "");

  /** Whether the models were taught such texts, in words. */
  function standing({ known, note, expected }) {
    if (!known) return [A.dom.h("b", {}, "Outside what was learned. "), note.replace("the model learned", "the models learned").replace("The answer is a guess.", "The models answer all the same: they guess.")];
    return [A.dom.h("b", {}, `Right answer ${expected}. `), note || "The models were taught dates written like this."];
  }

  /** "✓ right", "✗ wrong", "a guess" */
  const verdict = (model) => (model.right === true ? "✓ right" : model.right === false ? "✗ wrong" : "? a guess");

  function caption(view) {
    const { row, answer } = view, drawn = view.figures.filter((f) => f.map && row >= 0 && row < f.map.rows);
    return drawn.length ? aboutRow(drawn, row, answer) : aboutAnswers(view.figures, answer);
  }

  function aboutRow(figures, row, { characters }) {
    const groups = new Map();
    for (const figure of figures) {
      const found = strongest(figure.map, row, characters);
      if (!groups.has(found.run.start)) groups.set(found.run.start, []);
      groups.get(found.run.start).push({ figure, ...found });
    }
    const [most, ...others] = [...groups.values()].sort((a, b) => b.length - a.length || b[0].weight - a[0].weight);
    const letters = [...new Set(figures.map((f) => f.model.letters[row]))], one = letters.length === 1;
    const who = [one ? { text: `‘${letters[0]}’`, role: "query" } : { text: `character ${row + 1}`, role: "query" }, one ? part(figures[0].model.output, row) : " of their answers"];
    const counted = most.length === 1 ? name(most[0].figure.model) : most.length === figures.length ? `all ${NUMBERS[most.length]}` : `${NUMBERS[most.length]} of ${NUMBERS[figures.length]}`;
    const degree = Math.min(...most.map((m) => m.weight)) > 0.5 ? "mostly" : "most";
    const rest = others.flat().map((o) => [`${name(o.figure.model)} at `, { text: quote(o.run.text), role: "key" }, ` (${A.words.weight(o.weight, 2)})`]);
    return ["Writing ", ...who, `, ${counted} look${most.length === 1 ? "s" : ""} ${degree} at `, { text: quote(most[0].run.text), role: "key" }, ` (${range(most.map((m) => m.weight))})`, contrast(most),
      ...rest.flatMap((r, i) => [i === 0 ? "; " : i === rest.length - 1 ? " and " : ", ", ...r]), "."];
  }

  function range(values) {
    const [low, high] = [Math.min(...values), Math.max(...values)].map((v) => A.words.weight(v, 2));
    return low === high ? low : `${low} to ${high}`;
  }

  function contrast(group) {
    const weight = group.reduce((sum, g) => sum + g.weight, 0) / group.length, mean = group.reduce((sum, g) => sum + g.mean, 0) / group.length;
    if (!(mean > 0)) return "";
    if (weight < 2 * mean && mean > 0.15) return `, while the average character gives it ${A.words.weight(mean, 2)}`;
    return weight >= 1.5 * mean ? `, ${A.words.times(weight / mean)} what the average character gives it` : "";
  }

  function aboutAnswers(figures, { known, expected }) {
    const outputs = new Map();
    for (const { model } of figures) outputs.set(model.output, [...(outputs.get(model.output) || []), model]);
    const common = [...outputs].sort((a, b) => b[1].length - a[1].length)[0], count = outputs.size;
    if (expected === null || !known) return [count === 1 ? `All five guess ${common[0] || "nothing"}` : `Five models, ${count === 5 ? "five" : NUMBERS[count]} different answers`, ": this text is outside what they learned."];
    const wrong = figures.filter((f) => !f.model.right);
    if (!wrong.length) return [`All five write ${common[0]}; `, ...sharpness(figures)];
    return [`${wrong.length === 5 ? "None" : NUMBERS[5 - wrong.length].replace(/^./, (c) => c.toUpperCase())} of five ${wrong.length === 4 ? "writes" : "write"} ${expected}; ${A.words.list(wrong.map((f) => `${name(f.model)} writes ${f.model.output}`))}.`];
  }

  /** Who looks at one character at a time and who spreads: the largest weight of the average row. */
  function sharpness(figures) {
    const all = figures.filter((f) => f.map).map((f) => {
      let sum = 0;
      for (let r = 0; r < f.map.rows; r++) sum += Math.max(...f.map.row(r));
      return { model: f.model, value: sum / f.map.rows };
    }).sort((a, b) => b.value - a.value);
    const first = all[0], last = all[all.length - 1];
    return [`${name(first.model)} is the sharpest (largest weight ${A.words.weight(first.value, 2)} in the average row), ${name(last.model)} spreads most (${A.words.weight(last.value, 2)}).`];
  }

  return { runs, strongest, standing, verdict, caption, shown, quote, name, part };
})();
