// Findings in words (UX.md's table), as pure functions: they return parts, strings and {text, role}.
A.captions = (() => {
  const quote = (token, role) => {
    const text = token.special && !token.continues ? token.label : `‘${A.words.token(token)}’`;
    return role ? { text, role } : text;
  };

  const degree = (weight) => (weight > 0.5 ? "looks mostly at " : weight > 0.2 ? "looks most at " : null);

  /** "every token", "nearly every token (20 of 22)", "most tokens (15 of 22)", "3 of 22 tokens": what was counted, and no more. */
  function some(n, of, word = "token") {
    const { count } = A.words;
    if (n === of) return { text: `every ${word}`, many: false };
    const share = `(${count(n)} of ${count(of)})`;
    if (n >= 0.9 * of) return { text: `nearly every ${word} ${share}`, many: false };
    if (n > 0.5 * of) return { text: `most ${word}s ${share}`, many: true };
    return { text: `${count(n)} of ${count(of)} ${word}s`, many: n !== 1 };
  }

  const upper = (text) => text[0].toUpperCase() + text.slice(1);

  /** How often the weight holds what the average token gives the key. */
  function often(weight, mean) {
    const ratio = weight / mean,
      it = "what the average token gives it";
    if (ratio < 0.75) return `, less than ${it} (${A.words.exact(mean, 2)}).`;
    return ratio < 1.25 ? `, about ${it}.` : `, ${A.words.times(ratio)} ${it}.`;
  }

  /** The contrast that keeps a caption honest: how many others ({n, of}) look at the same key, or how often the weight holds the mean. */
  function contrast(weight, mean, others) {
    const value = ` (${A.words.exact(weight, 2)})`;
    if (!(mean > 0)) return `${value}.`;
    if (degree(weight) && weight < 2 * mean && mean > 0.15 && others && others.n > 0.5 * others.of) {
      const { text, many } = some(others.n, others.of, "other token");
      return `${value}, but ${text} ${many ? "look" : "looks"} at it too (${A.words.exact(mean, 2)} on average).`;
    }
    return value + often(weight, mean);
  }

  /** Where the key stands, when it is the same word as the query: itself, or an earlier or later one. */
  function place(query, key, sameAxis) {
    if (!sameAxis || query.label !== key.label || (query.unknown && query.position !== key.position)) return [quote(key, "key")];
    const steps = query.position - key.position;
    if (steps === 0) return [{ text: "itself", role: "key" }];
    const far = `${Math.abs(steps)} ${Math.abs(steps) === 1 ? "token" : "tokens"}`;
    return [steps > 0 ? "an earlier " : "a later ", quote(key, "key"), `, ${far} ${steps > 0 ? "back" : "ahead"}`];
  }

  /**
   * A row in focus. facts: {query, key, weight, mean, others, rest, restName, sameAxis, none, broken}; key is the strongest
   * key shown, mean what the average token gives it, others how many other rows look at it ({n, of}; null where that is not known).
   */
  function row({ query, key, weight, mean, others, rest, restName, sameAxis, none, broken }) {
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
        contrast(weight, mean, others),
      ];
    const among = rest > weight ? "among words the most" : "the most";
    return [who, ` ${degree(weight) || `spreads its attention; ${among} goes to `}`, ...at, contrast(weight, mean, others)];
  }

  /** The pinned key of a row that is not its strongest; folded keys are not ranked, so the rank is one among words. */
  function chosen({ query, key, weight, mean, rank, sameAxis, folded }) {
    const order = ["", "", "second ", "third "][rank] ?? "",
      among = folded ? " among words" : "";
    return [
      quote(query, "query"),
      " gives ",
      ...place(query, key, sameAxis),
      order ? ` its ${order}largest weight${among}` : " a smaller weight",
      contrast(weight, mean),
    ];
  }

  /** Who looks at one key; mean is null where it is not known, some true where only the rows shown were read. */
  function column({ key, query, weight, mean, some: part }) {
    const start = mean === null ? [] : [` receives ${A.words.exact(mean, 2)} from the average token`],
      from = `${start.length ? "; " : " receives "}the most${part ? " of the rows shown" : ""} from `;
    if (!query) return [quote(key, "key"), ...start, start.length ? "." : " is looked at by no token shown."];
    return [quote(key, "key"), ...start, from, quote(query, "query"), ` (${A.words.exact(weight, 2)}).`];
  }

  const average = (x) => ` (${A.words.exact(x, 2)} on average).`;

  /** "Every token looks at itself (0.81 on average)." */
  function habit(n, of, mean, one, several) {
    const { text, many } = some(n, of);
    return [`${upper(text)} ${many ? `look at ${several}` : `looks at ${one}`}${average(mean)}`];
  }

  /** A whole head: the first of its habits that most of its rows have. found: what A.habits.count gives; restName: "" where nothing is folded. */
  function head(found, restName) {
    if (!found.aim) return far(found, restName);
    if (found.broken) return [`${A.words.count(found.broken)} of ${A.words.plural(found.rows, "row")} ${found.broken === 1 ? "holds" : "hold"} weights that are not numbers: no average is taken.`];
    const { rows, previous, next, self, same, most, rest } = found,
      half = rows / 2,
      name = restName && rest > 0 ? restName : "";
    if (rows > 1) {
      if (previous.n > half) return habit(previous.n, rows, previous.mean, "the token just before it", "the token just before them");
      if (next.n > half) return habit(next.n, rows, next.mean, "the token just after it", "the token just after them");
      if (self.n > half) return habit(self.n, rows, self.mean, "itself", "themselves");
    }
    if (name && rest > 0.65) return [`This head is mostly at rest: ${A.words.percent(rest)} of the words’ attention goes to ${name}.`];
    if (rows > 1 && most && most.n > half) {
      const { text, many } = some(most.n, rows);
      return [`${upper(text)} ${many ? "look" : "looks"} at `, quote(most.key, "key"), average(most.mean)];
    }
    if (same.n > same.of / 2)
      return [`${same.n === same.of ? `All ${same.of}` : `${same.n} of ${same.of}`} repeated tokens look at another of their kind${average(same.mean)}`];
    if (previous.n >= rows / 4 && previous.n > 1) return habit(previous.n, rows, previous.mean, "the token just before it", "the token just before them");
    if (next.n >= rows / 4 && next.n > 1) return habit(next.n, rows, next.mean, "the token just after it", "the token just after them");
    if (name && rest > 0.35) return [`This head gives ${A.words.percent(rest)} of the words’ attention to ${name}.`];
    return weak(found, name);
  }

  /** No habit of most rows: how many spread their attention, and which key gets the most. */
  function weak({ rows, spread, top, looking, rest }, name) {
    if (!top) return ["No token shown gives anything to another."];
    const among = name && rest > top.mean ? "among words the most goes to " : "the most goes to ",
      n = looking.get(top.key.position) || 0;
    if (spread > rows / 2) {
      const { text, many } = some(spread, rows);
      return [`${upper(text)} ${many ? "spread their" : "spreads its"} attention; ${among}`, quote(top.key, "key"), average(top.mean)];
    }
    const { count } = A.words;
    return [upper(among), quote(top.key, "key"), ` (${A.words.exact(top.mean, 2)} on average); ${n ? count(n) : "none"} of ${count(rows)} tokens ${n === 1 ? "looks" : "look"} at it.`];
  }

  /** A head too long to count here: only its means are known, and only they are said. */
  function far({ rest, top, seeing }, restName) {
    if (restName && rest > 0.35)
      return [`This head ${rest > 0.65 ? "is mostly at rest: " : "gives "}${A.words.percent(rest)} of the words’ attention ${rest > 0.65 ? "goes " : ""}to ${restName}.`];
    if (!top) return ["No token shown gives anything to another."];
    const among = restName && rest > top.mean ? "among words the most goes to " : "the most goes to ";
    return [upper(among), quote(top.key, "key"), ` (${A.words.exact(top.mean, 2)} on average${seeing ? ", of those that may see it" : ""}).`];
  }

  const rescaled = (name) =>
    `${name ? name[0].toUpperCase() + name.slice(1) : "Special tokens"} left out and each row rescaled to 1: these are not the model’s own numbers.`;

  return { quote, row, chosen, column, head, contrast, place, rescaled, some };
})();
