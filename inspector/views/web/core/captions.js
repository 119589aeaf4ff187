// Findings in words (UX.md's table), as pure functions: they return parts, strings and {text, role}.
A.captions = (() => {
  const quote = (token, role) => {
    const text = token.special && !token.continues ? token.label : `‘${A.words.token(token)}’`;
    return role ? { text, role } : text;
  };

  const degree = (weight) => (weight > 0.5 ? "looks mostly at " : weight > 0.2 ? "looks most at " : null);

  /** How often the weight holds what the average token gives the key: the contrast that keeps a caption honest. */
  function contrast(weight, mean, every = "token") {
    const { times, exact: print } = A.words;
    const value = ` (${print(weight, 2)})`;
    if (!(mean > 0)) return `${value}.`;
    if (weight < 2 * mean && mean > 0.15) return `${value}, but so does nearly every ${every} (${print(mean, 2)} on average).`;
    if (weight >= 1.5 * mean) return `${value}, ${times(weight / mean)} what the average ${every} gives it.`;
    return `${value}, about what the average ${every} gives it.`;
  }

  /** Where the key stands, when it is the same word as the query: itself, or an earlier or later one. */
  function place(query, key, sameAxis) {
    if (!sameAxis || query.label !== key.label) return [quote(key, "key")];
    const steps = query.position - key.position;
    if (steps === 0) return [{ text: "itself", role: "key" }];
    const far = `${Math.abs(steps)} ${Math.abs(steps) === 1 ? "token" : "tokens"}`;
    return [steps > 0 ? "an earlier " : "a later ", quote(key, "key"), `, ${far} ${steps > 0 ? "back" : "ahead"}`];
  }

  /**
   * A row in focus. facts: {query, key, weight, mean, rest, restName, sameAxis, none, sum}; key is the strongest
   * key shown, mean what the average token gives it.
   */
  function row({ query, key, weight, mean, rest, restName, sameAxis, none, broken }) {
    const who = quote(query, "query");
    if (none) return [who, " has no allowed key: this row is empty."];
    if (broken) return [who, ` has ${A.words.plural(broken, "weight")} that ${broken === 1 ? "is" : "are"} not a number.`];
    if (!key)
      return rest > 0
        ? [who, ` rests on ${restName} (${A.words.exact(rest, 2)}).`]
        : [who, " gives nothing to the tokens shown."];
    const at = place(query, key, sameAxis);
    if (rest > weight && rest > 0.5)
      return [
        who,
        ` mostly rests on ${restName} (${A.words.exact(rest, 2)}); among words it looks at `,
        ...at,
        ` (${A.words.exact(weight, 2)}).`,
      ];
    if (rest > weight && rest > 0.2)
      return [
        who,
        ` rests most on ${restName} (${A.words.exact(rest, 2)}); among words it looks at `,
        ...at,
        contrast(weight, mean),
      ];
    return [who, ` ${degree(weight) || "spreads its attention; the most goes to "}`, ...at, contrast(weight, mean)];
  }

  /** The pinned key of a row that is not its strongest. */
  function chosen({ query, key, weight, mean, rank, sameAxis }) {
    const order = ["", "", "second ", "third "][rank] ?? "";
    const value = contrast(weight, mean).replace(/, but so does.*$/, ".");
    return [
      quote(query, "query"),
      " gives ",
      ...place(query, key, sameAxis),
      order ? ` its ${order}largest weight` : " a smaller weight",
      value,
    ];
  }

  /** Who looks at one key. */
  function column({ key, query, weight, mean }) {
    const start = [quote(key, "key"), ` receives ${A.words.exact(mean, 2)} from the average token`];
    return query ? [...start, "; the most from ", quote(query, "query"), ` (${A.words.exact(weight, 2)}).`] : [...start, "."];
  }

  /** A whole head: the first of its habits that is strong enough, in the order of UX.md. facts hold means in [0, 1]. */
  function head({ previous, next, self, rest, restName, top, same }) {
    const { exact: weight, percent } = A.words;
    if (previous > 0.5) return [`Nearly every token looks at the token just before it (${weight(previous, 2)} on average).`];
    if (next > 0.5) return [`Nearly every token looks at the token just after it (${weight(next, 2)} on average).`];
    if (self > 0.5) return [`Nearly every token looks at itself (${weight(self, 2)} on average).`];
    if (rest > 0.65) return [`This head is mostly at rest: ${percent(rest)} of its attention goes to ${restName}.`];
    if (top && top.mean > 0.25) return ["Every token looks at ", quote(top.key, "key"), ` (${weight(top.mean, 2)} on average).`];
    if (same > 0.15) return [`Repeated tokens look at each other (${weight(same, 2)} on average).`];
    if (previous > 0.3) return [`Many tokens look at the token just before them (${weight(previous, 2)} on average).`];
    if (next > 0.3) return [`Many tokens look at the token just after them (${weight(next, 2)} on average).`];
    if (rest > 0.35) return [`This head gives ${percent(rest)} of its attention to ${restName}.`];
    if (top)
      return [
        "This head spreads its attention; the most goes to ",
        quote(top.key, "key"),
        ` (${weight(top.mean, 2)} on average).`,
      ];
    return ["This head spreads its attention."];
  }

  const rescaled = (name) =>
    `${name ? name[0].toUpperCase() + name.slice(1) : "Special tokens"} left out and each row rescaled to 1: these are not the model’s own numbers.`;

  return { quote, row, chosen, column, head, contrast, place, rescaled };
})();
