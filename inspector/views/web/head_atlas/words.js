// What the atlas says: in which layer a measure is at home, and which head has the most of it.
(A.atlas ||= {}).words = (() => {
  function caption(state) {
    const { definition, flat, layerMeans } = state,
      known = layerMeans.filter((l) => l.mean !== null).sort((a, b) => b.mean - a.mean);
    if (!definition || !flat.length) return A.allHeads.words.caption(state);
    const print = (v) => A.words.measure(v, definition),
      name = `‘${definition.title}’`,
      best = flat[0];
    const head = `layer ${best.layer}, head ${best.head} has the most (${print(best.value)})`;
    if (known.length < 2) return [`${name}: ${head}.`];
    const top = known[0],
      low = known[known.length - 1];
    return [
      `${name} is highest in layer ${top.layer} (${print(top.mean)} on average) and lowest in layer ${low.layer} (${print(low.mean)}); ${head}.`,
    ];
  }

  const how = ({ theme }) =>
    `One cell a head, ${theme === "dark" ? "brighter" : "darker"} = more. Sort the table by any measure, set two against each other below, click a head to open it everywhere.`;

  return { caption, how };
})();
