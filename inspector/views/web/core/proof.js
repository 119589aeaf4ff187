// The proof line: what was compared, how far apart, and where it failed. Never colour alone.
A.proof = {
  draw(bench) {
    const { h, put } = A.dom,
      { proof } = bench.manifest,
      { scientific } = A.words;
    if (!proof) return put(bench.parts.proof);
    const facts = (proof.facts || []).map((fact) => h("span", { class: "fact" }, fact));
    const [sign, word, text] = {
      passed: [
        "✓",
        "Checked",
        `weights × values equal the model’s own output within ${scientific(proof.residual ?? 0)} (limit ${scientific(proof.tolerance ?? 0)})${A.proof.rows(proof)}`,
      ],
      failed: [
        "✗",
        "Failed",
        `weights × values differ from the model’s own output by ${scientific(proof.residual ?? NaN)} (limit ${scientific(proof.tolerance ?? 0)})`,
      ],
      unchecked: ["", "Not checked", proof.reason || "the model’s own output was not kept"],
    }[proof.state] || ["", "Not checked", proof.reason || ""];
    return put(
      bench.parts.proof,
      h("span", { class: `verdict ${proof.state}` }, sign ? `${sign} ` : "", word),
      " ",
      h("span", { class: "proof-long" }, text),
      h("span", { class: "proof-short" }, A.proof.short(proof)),
      A.proof.worst(bench, proof),
      facts,
    );
  },

  /** How much was compared, where it was not every row. */
  rows(proof) {
    return proof.rows && proof.rows < proof.queries ? ` in ${A.words.count(proof.rows)} of ${A.words.count(proof.queries)} rows of every head` : "";
  },

  short(proof) {
    if (proof.state === "passed") return `within ${A.words.scientific(proof.residual ?? 0)} of the model’s output`;
    return proof.state === "failed" ? `off by ${A.words.scientific(proof.residual ?? NaN)}` : proof.reason || "";
  },

  worst(bench, proof) {
    const { worst } = proof;
    if (proof.state !== "failed" || !worst) return null;
    const name = `layer ${worst.layer}${worst.head === undefined || worst.head === null ? "" : `, head ${worst.head}`}`;
    return [
      " ",
      A.dom.h(
        "button",
        {
          type: "button",
          class: "plain-link",
          on: {
            click: () =>
              bench.selection.set({ group: worst.group, layer: worst.layer, heads: [worst.head ?? 0], query: null, key: null }),
          },
        },
        `worst: ${name}`,
      ),
    ];
  },
};
