// The numbers between the rows: how far from the reference, how much an additive score expresses, how much lies in the window.
(A.reference ||= {}).verdict = (() => {
  function create(stage) {
    const { h } = A.dom;
    return {
      fit: h("div", { class: "ref-verdict" }),
      local: h("div", { class: "ref-verdict ref-near" }),
      draw(view) {
        draw(stage, this.fit, view);
        near(this.local, view);
      },
    };
  }

  function draw(stage, slot, view) {
    const { h, put } = A.dom,
      { data } = view,
      { fit, comparison } = data;
    put(
      slot,
      h(
        "p",
        { class: "ref-number" },
        A.words.scientific(comparison.max_abs ?? NaN),
        comparison.passed ? null : h("span", { class: "ref-failed" }, " ✗ failed"),
      ),
      h("p", { class: "ref-text" }, A.reference.words.verdict(data)),
      fit
        ? [
            h("p", { class: "ref-number" }, A.words.percent(fit.explained)),
            h("p", { class: "ref-text" }, fit.text),
            h("p", { class: "ref-text small" }, A.reference.words.beyond(data)),
          ]
        : null,
      chips(stage, view),
    );
  }

  function chips(stage, view) {
    const { h } = A.dom,
      sizes = [...new Set([...(view.sizes || [2, 8, 66])])];
    return h(
      "div",
      { class: "ref-chips", role: "group", "aria-label": "Hidden units of the additive fit" },
      h("span", { class: "small" }, "Hidden units"),
      sizes.map((n) =>
        h(
          "button",
          {
            type: "button",
            class: "chip round",
            dataset: { hidden: n },
            "aria-pressed": String(n === view.hidden),
            on: { click: () => stage.selection.set({ hidden: n }) },
          },
          String(n),
        ),
      ),
    );
  }

  function near(slot, { data }) {
    const { h, put } = A.dom,
      { local } = data;
    put(
      slot,
      local
        ? [
            h("p", { class: "ref-number" }, A.words.percent(local.mass)),
            h(
              "p",
              { class: "ref-text" },
              `of this head’s attention lies within ${A.reference.words.neighbours(local.window).replace("only itself", "the token itself")}. The local reference spreads all of it there.`,
            ),
          ]
        : null,
    );
  }

  return { create };
})();
