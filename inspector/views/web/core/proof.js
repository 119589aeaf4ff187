// The proof line: what was compared, how far apart, and where it failed. Never colour alone.
A.proof = {
  draw(bench) {
    const { h, put } = A.dom,
      { proof } = bench.manifest;
    if (!proof) return put(bench.parts.proof);
    const facts = (proof.facts || []).map((fact) => h("span", { class: "fact" }, fact));
    const [sign, word, text] = A.proof.verdict(proof);
    const { title, input } = bench.manifest;
    bench.parts.proof.title = [title, input && [input.text, input.pair].filter(Boolean).join(" + "), word, text, ...(proof.facts || [])].filter(Boolean).join(" · ");
    return put(
      bench.parts.proof,
      h("span", { class: "whose" }, A.whose.name(bench.manifest)),
      h("span", { class: `verdict ${proof.state}` }, sign ? `${sign} ` : "", word),
      " ",
      h("span", { class: "proof-long" }, text),
      h("span", { class: "proof-short" }, A.proof.short(proof)),
      A.proof.worst(bench, proof),
      proof.made_up && proof.state !== "made_up" ? h("span", { class: "fact" }, proof.made_up) : null,
      facts,
    );
  },

  /** Sign, word and sentence. Only what was checked in this run, on weights that were loaded, gets a tick. */
  verdict(proof) {
    const limit = `(limit ${A.words.scientific(proof.tolerance ?? 0)})`,
      error = A.words.scientific(proof.residual ?? NaN),
      equal = `weights × values equal the model’s own output within ${error} ${limit}${A.proof.rows(proof)}`,
      told = proof.from_file ? "by the file’s word, when it was saved, " : "";
    return (
      {
        passed: ["✓", "Checked", equal],
        made_up: ["", "Checked, but on made-up weights", `${proof.made_up}; ${equal}`],
        saved: [
          "",
          "Checked when it was saved",
          `by the file’s word: weights × values equalled the model’s own output within ${error} ${limit}${A.proof.rows(proof)}; the file holds no values to check them with again`,
        ],
        failed: ["✗", "Failed", `${told}weights × values differ from the model’s own output by ${error} ${limit}`],
      }[proof.state] || ["", "Not checked", proof.reason || "the model’s own output was not kept"]
    );
  },

  /** How much was compared, where it was not every row. */
  rows(proof) {
    if (proof.checked < proof.calls) return ` in ${A.words.count(proof.checked)} of ${A.words.plural(proof.calls, "call")}; the others could not be checked`;
    return proof.rows && proof.rows < proof.queries ? ` in ${A.words.count(proof.rows)} of ${A.words.count(proof.queries)} rows of every head` : "";
  },

  short(proof) {
    const error = A.words.scientific(proof.residual ?? NaN);
    return (
      { passed: `within ${error} of the model’s output`, made_up: proof.made_up, saved: `by the file’s word, within ${error}`, failed: `off by ${error}` }[
        proof.state
      ] ||
      proof.reason ||
      ""
    );
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
