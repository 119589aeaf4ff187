// What the picture of all heads says: its caption, how to read it, what the bars are.
(A.allHeads ||= {}).words = (() => {
  /** The finding: how many heads rest, or who is highest in the measure that is chosen. */
  function caption(state) {
    if (state.unmeasured) return [`${state.unmeasured}.`];
    const { measure, definition, flat, restName } = state,
      total = flat.length;
    if (!measure) return [`${A.words.plural(state.count, "head")}; no measure of them is known.`];
    if (measure === "rest" && restName) {
      const resting = flat.filter((c) => c.value > 0.5).length;
      if (resting > 0)
        return [
          `${resting} of ${A.words.plural(total, "head")} ${resting === 1 ? "spends" : "spend"} more than half ${resting === 1 ? "its" : "their"} attention on ${restName}.`,
        ];
    }
    if (!total) return [`‘${definition.title}’ is not defined for these heads.`];
    const best = flat[0],
      middle = flat[Math.floor(total / 2)],
      print = (v) => A.words.measure(v, definition);
    return [
      `Layer ${best.layer}, head ${best.head} is highest in ‘${definition.title.toLowerCase()}’ (${print(best.value)}); half of the ${A.words.plural(total, "head")} stay at or under ${print(middle.value)}.`,
    ];
  }

  const how = ({ count, lines }) =>
    lines
      ? `All ${A.words.count(count)} heads at once. Level lines mean ‘looks at itself’, a fan to one point means ‘many look at one token’. Click a head to open it everywhere.`
      : `All ${A.words.count(count)} heads at once. A diagonal just under the middle means ‘looks one token back’; a vertical stripe means ‘many look at one token’. Click a head to open it everywhere.`;

  /** "Row = token that looks, column = token looked at, [CLS] and [SEP] left out. Bar: …" */
  function foot(state) {
    const { maps, layout: l, definition, range, restName, resting, lines, names } = state;
    const out = restName ? `, ${restName} left out` : "";
    const start = lines
      ? `Left = token that looks, right = token looked at${out}; links of about 0.05 or more, at most ${state.count > 256 ? 16 : 60} a head.`
      : `Row = token that looks, column = token looked at${out}.`;
    if (l.side < 12)
      return `Too small for maps here: each cell is shaded by ‘${definition ? definition.title.toLowerCase() : "nothing"}’; ‘ranked’ or a wider screen shows them.`;
    const pooled = maps.pooled
      ? ` Pooled to ${maps.rows} × ${maps.cols}: a cell is what a token gives to a block of ${Math.round(maps.block)} tokens.`
      : "";
    const bar =
      definition && l.bar
        ? ` Bar: ${resting && restName ? `share of attention on ${restName}` : sentence(definition)} (full width = ${A.words.measure(range.high, definition).replace(/\.00$/, "")}).`
        : "";
    const unnamed = !l.ranked && !l.names && names.flat().some(Boolean) ? " Names appear on a wider screen." : "";
    return start + pooled + bar + unnamed;
  }

  /** A measure's text as part of a sentence: "The share of …." → "the share of …". */
  const sentence = ({ text, title }) => {
    const plain = (text || title).split(/(?<=\.)\s/)[0].replace(/\.$/, "");
    return plain[0].toLowerCase() + plain.slice(1);
  };

  /** "Layer 3, head 1: 0.55, at rest" for pointer and screen reader. */
  function head({ value, definition, names }, cell) {
    const v = value(cell.row, cell.head),
      name = names[cell.row][cell.head];
    return [
      `Layer ${cell.layer}, head ${cell.head}`,
      v === null || !definition ? "" : `: ${definition.title.toLowerCase()} ${A.words.measure(v, definition)}`,
      name ? ` · ${name}` : "",
    ].join("");
  }

  return { caption, how, foot, head };
})();
