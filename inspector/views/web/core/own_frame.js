// Inside an app that makes room for it (its style sheet sets --own-frame), the workbench shares the app's frame: its actions stand in
// the header and its proof beside the examples. On a phone the form folds to one line once its picture is there.
A.ownFrame = {
  attach(bench) {
    if (!getComputedStyle(bench.element).getPropertyValue("--own-frame").trim()) return;
    const { h } = A.dom,
      { parts } = bench;
    parts.bench.dataset.frame = "own";
    parts.formWords = h("span", { class: "form-words" });
    parts.formLine = h(
      "button",
      { type: "button", class: "form-line", "aria-expanded": "false", on: { click: () => A.ownFrame.fold(bench, bench.element.dataset.form === "open") } },
      parts.formWords,
      h("span", { class: "form-do" }),
    );
    parts.bench.prepend(parts.formLine);
    document.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("[data-skip]") && bench.element.isConnected) A.frame.skip(bench);
    });
  },

  /** A picture came: its form folds, and the line says what was asked. */
  draw(bench) {
    const { parts, manifest } = bench;
    if (!parts.formLine) return;
    A.dom.put(parts.formWords, A.whose.name(manifest));
    A.ownFrame.fold(bench, true);
  },

  fold(bench, folded) {
    const { formLine } = bench.parts;
    bench.element.dataset.form = folded ? "folded" : "open";
    formLine.setAttribute("aria-expanded", String(!folded));
    formLine.lastChild.textContent = folded ? "Change" : "Fold";
  },

  /** What the workbench stands in: it grows with a form above, also where the page does not. */
  around(bench) {
    const found = [];
    for (let at = bench.element.parentElement; bench.parts.formLine && at && at !== document.body; at = at.parentElement) found.push(at);
    return found;
  },

  /** How far below the top of the page the workbench begins: the header is that far above it. */
  measured(bench, top) {
    if (bench.parts.formLine) bench.parts.bench.style.setProperty("--above", `${top}px`);
  },
};
