// Find a token by its text or position and pin it.
A.find = {
  /** Tokens whose text holds the words, or whose position is the number; at most 50. */
  matches(tokens, text) {
    const wanted = text.trim().toLocaleLowerCase();
    if (!wanted) return [];
    return tokens
      .filter((t) => !t.padding && (String(t.position) === wanted || t.label.toLocaleLowerCase().includes(wanted)))
      .slice(0, 50);
  },

  open(bench) {
    if (!bench.selection) return;
    const { h, put } = A.dom,
      { group, layer } = bench.selection.state,
      tokens = bench.data.queryTokens(group, layer);
    const list = h("div", { class: "found", role: "listbox", "aria-label": "Tokens found" }),
      said = h("p", { class: "how", role: "status" });
    const field = h("input", {
      class: "field",
      type: "search",
      "aria-label": "Token or position",
      placeholder: "Token or position",
      autocomplete: "off",
      spellcheck: "false",
    });
    let found = [];
    const choose = (token) => {
      dialog.close();
      bench.selection.set({ query: token.position, key: null, from: null });
    };
    const refresh = () => {
      found = A.find.matches(tokens, field.value);
      said.textContent = field.value.trim()
        ? `${A.words.plural(found.length, "token")} found${found.length === 50 ? " (the first 50)" : ""}.`
        : `${A.words.plural(tokens.length, "token")}.`;
      put(
        list,
        found.map((t) =>
          h(
            "button",
            { type: "button", role: "option", class: "found-one", on: { click: () => choose(t) } },
            h("bdi", { dir: "auto" }, A.words.token(t)),
            h("span", { class: "at" }, t.position),
          ),
        ),
      );
    };
    field.addEventListener("input", refresh);
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && found.length) {
        event.preventDefault();
        choose(found[0]);
      }
    });
    const dialog = A.dialog.open(bench, "Find a token", [field, said, list]);
    refresh();
    field.focus();
  },
};
