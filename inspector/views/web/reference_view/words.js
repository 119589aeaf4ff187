// What the reference view says: what each map is, the verdict, the caption.
(A.reference ||= {}).words = (() => {
  /** Two significant digits: 2.4e−7, 0.54. */
  const size = (v) => (v === 0 ? "0" : v < 0.001 ? A.words.scientific(v) : v < 0.1 ? v.toPrecision(2) : v.toFixed(2));

  function of(name, view) {
    const { data } = view,
      { fit, comparison } = data,
      told = data.stated.filter((part) => !/^scale 1\/√/.test(part)),
      pooled = view.size.pool > 1 ? ` · 1 pixel = ${view.size.pool} × ${view.size.pool} weights` : "";
    const units = `${view.hidden} hidden ${view.hidden === 1 ? "unit" : "units"}`;
    return {
      model: { title: "Model", sub: `weights of the model’s own queries and keys, float32${pooled}` },
      reference: {
        title: "Reference",
        sub: told.length ? `written out in float64, with ${told.join(", ")}` : "softmax(q·kᵀ/√d) written out, float64",
      },
      difference: {
        title: "Model − reference",
        sub: comparison.passed
          ? `colour stretched to ±${size(comparison.max_abs || 0)}${rounding(comparison) ? ": rounding only" : ""}`
          : "blue: the model gives more; orange: the reference",
      },
      additive: {
        title: "Additive fit",
        sub: fit
          ? `vᵀ tanh(W q + U k), ${fit.hidden} hidden ${fit.hidden === 1 ? "unit" : "units"}, fitted to this head`
          : "vᵀ tanh(W q + U k)",
        missing: view.fitError || `Fitting ${units} …`,
      },
      missed: { title: "Model − additive fit", sub: "blue: the model gives more; orange: the fit gives more" },
      near: { title: "Local reference", sub: data.local ? `the same, each token sees ${neighbours(data.local.window)}` : "" },
      far: { title: "Model − local reference", sub: "blue: the model gives more; orange: the window does" },
    }[name];
  }

  const neighbours = (window) => (window === 0 ? "only itself" : `${A.words.plural(window, "token")} to either side`);

  /** The value of a map at the cross-hair; differences carry their sign. */
  function value(figure, { data }, at) {
    const v = A.reference.maps.at(data, figure.name, at);
    if (v === null) return "";
    if (!figure.signed) return A.words.weight(v, 4);
    return v === 0
      ? "0"
      : `${v > 0 ? "+" : "−"}${Math.abs(v) < 0.001 ? A.words.scientific(Math.abs(v)) : Math.abs(v).toFixed(3)}`;
  }

  function caption({ data }) {
    const { comparison: c } = data,
      by = A.words.scientific(c.max_abs ?? NaN);
    if (!c.passed) {
      const [row, col] = c.where || [];
      const place =
        data.queries[row] && data.keys[col]
          ? [" at ", A.captions.quote(data.queries[row], "query"), " → ", A.captions.quote(data.keys[col], "key")]
          : [];
      return ["This head is not the reference’s attention: it differs by up to ", by, ...place, "."];
    }
    const last = rounding(c) ? ", up to float32 rounding" : "";
    return [`This head is scaled dot-product attention${last}: it differs from the reference by at most ${by}.`];
  }

  function how(view) {
    const { data } = view,
      parts = ["Top row: is it right? Bottom row: could an additive (Bahdanau) score do the same?"];
    if (data.fit) parts.push(missed(data));
    if (data.local) parts.push("Last row: what stays when the window is narrow.");
    return parts.join(" ");
  }

  /** What float32 loses on weights up to 1 from scores of some 20; more would be another function. */
  const rounding = (comparison) => comparison.max_abs !== null && comparison.max_abs <= 2e-6;

  /** The share of the structure is a mean over rows, the largest difference one weight: what leads from the one to the other. */
  function missed(data) {
    const { mean, most, row, col } = A.reference.maps.missed(data),
      quote = (t) => A.captions.quote(t);
    return `${A.words.percent(data.fit.explained)} is a mean over rows: with ${A.words.plural(data.fit.hidden, "hidden unit")} a weight is off by ${size(mean)} on average, by ${size(most)} at most (${quote(data.queries[data.rows[row]])} → ${quote(data.keys[data.cols[col]])}).`;
  }

  /** "largest difference from the reference. Float32 rounding is about 1e−7; anything above 1e−5 would be marked as failing." */
  const verdict = ({ comparison: c }) =>
    c.passed
      ? `largest difference from the reference. Float32 rounding is about 1e−7; anything above ${A.words.scientific(c.tolerance)} would be marked as failing.`
      : `largest difference from the reference: above the limit of ${A.words.scientific(c.tolerance)}, so this head is marked as failing.`;

  const beyond = ({ fit }) =>
    Number.isFinite(fit.beyond_position)
      ? `Positions alone, without looking at the words, reach KL ${fit.kl_position.toPrecision(3)}; the fit explains ${A.words.percent(Math.max(0, fit.beyond_position))} of what they leave.`
      : "";

  return { size, of, value, caption, how, verdict, beyond, neighbours };
})();
