// Answers about dates, each asked for once: the models' facts, the five translations of a text, the steps of one attention.
(A.dates ||= {}).store = (() => {
  function kept(stage, name, kind, rest) {
    const all = (stage.data.dates ||= new Map());
    if (!all.has(name)) {
      const asked = stage.request(kind, rest);
      asked.catch(() => all.delete(name));
      all.set(name, asked);
    }
    return all.get(name);
  }

  /** {examples, longest, models: [{name, title, formula, source, parameters, exact}]} */
  const facts = (stage) => kept(stage, "facts", "dates", {});

  /** The five answers to a text with their alignments as {rows, cols, at(row, col)}. */
  async function translation(stage, text) {
    const given = await kept(stage, `t ${text}`, "translate", { text });
    if (!given.read) given.read = { ...given, models: given.models.map((m) => read(m, given)), cross: crossings(given.cross, given.characters.length) };
    return given.read;
  }

  function read(model, { characters }) {
    return { ...model, letters: Array.from(model.output), probabilities: A.bytes.decode(model.probabilities), map: model.alignment ? map(A.bytes.decode(model.alignment), characters.length) : null };
  }

  const map = (values, cols) => ({ rows: values.length / cols, cols, row: (r) => values.subarray(r * cols, (r + 1) * cols), at: (r, c) => values[r * cols + c] });

  /** The Transformer's layers × heads; of(layer, head) is one map, head null the mean over the heads. */
  function crossings(cross, cols) {
    if (!cross) return null;
    const [layers, heads, rows] = cross.maps.shape, all = A.bytes.decode(cross.maps), size = rows * cols;
    const head = (l, h) => all.subarray((l * heads + h) * size, (l * heads + h + 1) * size);
    const mean = (l) => Float32Array.from({ length: size }, (_, i) => { let sum = 0; for (let h = 0; h < heads; h++) sum += head(l, h)[i]; return sum / heads; });
    return { ...cross, layers, heads, of: (l, h) => map(h === null ? mean(l) : head(l, h), cols) };
  }

  /** The five steps of one attention for a text, vectors decoded. */
  async function steps(stage, text, attention) {
    const given = await kept(stage, `s ${attention} ${text}`, "five_steps", { text, attention });
    if (!given.read) {
      const decode = (step) => ({ ...step, ...Object.fromEntries(["query", "scores", "focus", "weights", "context", "state", "probabilities"].map((n) => [n, A.bytes.decode(step[n])])) });
      const keys = A.bytes.decode(given.keys), [count, width] = given.keys.shape;
      given.read = { ...given, letters: Array.from(given.output), count, width, key: (i) => keys.subarray(i * width, (i + 1) * width), steps: given.steps.map(decode) };
    }
    return given.read;
  }

  return { facts, translation, steps };
})();
