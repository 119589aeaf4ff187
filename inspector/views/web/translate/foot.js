// Under the maps: what rows, columns, colours and bars are, where the Transformer's weights come from, and that they were checked.
(A.dates ||= {}).foot = (() => {
  const RTL = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;

  function how({ theme }) {
    return `Row = character written, column = character read, ${theme === "dark" ? "brighter" : "darker"} = more attention. Point at a character: the same row lights up in all five.`;
  }

  function lines(view) {
    const { answer, theme, facts, figures } = view, extreme = theme === "dark" ? "brightest" : "darkest";
    const colour = `Colour: square root of the weight, one scale for all five maps, ${extreme} = 1. Bars: the row in focus, else the average row, 0 to 1. Rows of local-p sum to less than 1: its Gaussian takes the rest.`;
    const order = RTL.test(answer.text) ? "Columns stand in the order of reading, so right-to-left letters run from left to right here." : "";
    return [[colour, order && ` ${order}`], proof(answer.cross, figures), held(facts)].filter(Boolean);
  }

  function proof(cross, figures) {
    if (!cross) return "";
    const { h } = A.dom, { scientific } = A.words, told = figures.find((f) => f.name === "transformer").told;
    return [h("b", { class: cross.passed ? "dates-passed" : "dates-failed" }, cross.passed ? "✓ Checked" : "✗ Failed"),
      ` Transformer: cross-attention of ${told}, read from the running model by the inspector’s hooks (${cross.source}); weights × values equal its own output within ${scientific(cross.residual ?? NaN)} (limit ${scientific(cross.tolerance)}). The other four report their own weights.`];
  }

  /** What the models reach on dates of years and writings they never saw. */
  function held({ models }) {
    const shares = models.map((m) => m.exact.both * 100), low = Math.min(...shares), count = models[0].evaluated;
    return `Trained here on dates in 29 locales; right in all ten characters for ${low === 100 ? "all" : `at least ${low.toFixed(low < 99.95 ? 1 : 2)} %`} of ${A.words.count(count)} dates whose year and writing they never saw.`;
  }

  return { how, lines };
})();
