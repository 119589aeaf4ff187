// Where a row looks: its largest keys, what all the others add up to, what rests, and that it sums to 1.
A.rowFacts = {
  /**
   * The parts of one softmax row. weights: [K]; tokens: the keys; special: "fold" | "draw" | "rescale".
   * Returns {top: [{key, weight}], others: {count, weight}, rest: {weight, keys}, sum, padded, broken}.
   */
  of(weights, tokens, special, { shown = 7, learned = false } = {}) {
    const folded = special !== "draw",
      free = [],
      rest = { weight: 0, keys: 0 };
    let sum = 0,
      padded = 0,
      broken = 0;
    for (const token of tokens) {
      const w = weights[token.position];
      if (!Number.isFinite(w)) {
        broken++;
        continue;
      }
      sum += w;
      if (token.padding) {
        padded += w;
        continue;
      }
      if (token.rest && folded) {
        rest.weight += w;
        rest.keys++;
      } else free.push(token.position);
    }
    const missing = Math.max(0, 1 - sum);
    if (learned && missing > 0) rest.weight += missing;
    const scale =
      special === "rescale" && sum - rest.weight > 0 ? 1 / (sum - (learned ? rest.weight - missing : rest.weight)) : 1;
    free.sort((a, b) => (weights[b] || 0) - (weights[a] || 0) || a - b);
    const top = free
      .slice(0, free.length === shown + 1 ? shown + 1 : shown)
      .map((key) => ({ key, weight: weights[key] * scale }));
    const left = free.slice(top.length),
      weight = left.reduce((total, key) => total + (weights[key] || 0), 0) * scale;
    return {
      top,
      others: { count: left.length, weight },
      rest: special === "rescale" ? { weight: 0, keys: 0 } : rest,
      sum: special === "rescale" ? 1 : sum,
      padded,
      broken,
      scale,
    };
  },
};

A.rowPanel = {
  create(stage) {
    const element = A.dom.h("section", { class: "row-panel" });
    return { element, draw: (facts) => A.rowPanel.draw(stage, element, facts) };
  },

  /** facts: {query, tokens, parts, restName, learned, note, shares}; parts come from A.rowFacts.of, shares(key) splits a bar into [{weight, colour}]. */
  draw(stage, element, { query, tokens, parts, restName, learned, note, shares }) {
    const { h, put } = A.dom;
    const repeated = A.tokens.repeated(tokens);
    const fill = (share, kind, colour) =>
      h("i", {
        class: `bar-fill ${kind}`,
        style: { width: `${100 * Math.max(0, Math.min(1, share))}%`, ...(colour ? { background: colour } : {}) },
      });
    const bar = (share, kind, split) =>
      h("span", { class: "bar-slot" }, split ? split.map((one) => fill(one.weight, "own split", one.colour)) : fill(share, kind));
    const line = (name, weight, kind, press, split) =>
      h(
        press ? "button" : "div",
        { class: `bar-line${press ? " press" : ""}`, ...(press ? { type: "button", on: { click: press } } : {}) },
        h("span", { class: "bar-name" }, name),
        bar(weight, kind, split),
        h("span", { class: "bar-value" }, A.words.exact(weight)),
      );
    const { key } = stage.selection.state;
    const rows = parts.top.map((p) => {
      const token = tokens[p.key],
        at = repeated.has(token.label) ? h("span", { class: "at" }, token.position) : null;
      const made = line(
        [h("bdi", { dir: "auto" }, A.words.token(token, 14)), " ", at],
        p.weight,
        "own",
        () => stage.selection.set({ query: query.position, key: p.key }),
        shares && shares(p.key),
      );
      if (p.key === key) made.classList.add("is-key");
      return made;
    });
    put(
      element,
      h(
        "h3",
        { class: "label" },
        "Where ",
        h("bdi", { dir: "auto" }, A.captions.quote(query)),
        ` (position ${query.position}${A.rowPanel.raw(query)}) looks`,
      ),
      rows,
      parts.others.count ? line(A.words.plural(parts.others.count, "other"), parts.others.weight, "others") : null,
      parts.rest.keys || (learned && parts.rest.weight > 0)
        ? line(A.rowPanel.shortRest(restName), parts.rest.weight, "rest")
        : null,
      h("p", { class: "small" }, note || A.rowPanel.sums(parts, learned), " Bars end at 1."),
    );
  },

  /** The tokenizer's own piece, where it is not what is drawn. */
  raw: (token) =>
    token.token && token.token !== token.label && !token.merged && token.token.length < 24
      ? `, ${A.words.visible(token.token)}`
      : "",

  shortRest: (name) => name.replace(/ and (?=\[|<)/g, " "),

  sums(parts, learned) {
    if (parts.broken) return `${A.words.plural(parts.broken, "weight")} not a number.`;
    if (parts.scale !== 1) return "Rescaled to 1: not the model’s own numbers.";
    const off = Math.abs(parts.sum - 1),
      padded = parts.padded > 5e-4 ? ` ${A.words.weight(parts.padded)} on padding.` : "";
    if (learned)
      return `Weights of one softmax row; keys sum to ${A.words.weight(parts.sum)}, the learned sink takes the rest.${padded}`;
    if (off > 5e-4) return `Weights of one row; they sum to ${A.words.weight(parts.sum)}, not 1.${padded}`;
    return `Weights of one softmax row; sums to 1.${padded}`;
  },
};
