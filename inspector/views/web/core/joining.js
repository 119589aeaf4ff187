// Words, not pieces: the reader's choice, offered only where a word has several pieces. What it does is in merged.js.
A.joining = {
  /** {element, draw()} for the rail. */
  create(stage) {
    const { h } = A.dom,
      box = h("input", { type: "checkbox" });
    box.addEventListener("change", () => stage.selection.set({ words: box.checked }));
    const element = h(
      "section",
      { class: "words-choice" },
      h("label", { class: "choice" }, box, h("span", {}, "Words, not pieces", h("small", {}, "sum to a word, mean from a word"))),
    );
    const draw = () => {
      const { group, layer, words: on } = stage.selection.state;
      element.hidden = !A.merged.any(stage.data.queryTokens(group, layer)) && !A.merged.any(stage.data.keyTokens(group, layer));
      box.checked = on;
    };
    return { element, draw };
  },
};
