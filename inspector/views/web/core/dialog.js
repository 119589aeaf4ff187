// A quiet dialog over the workbench: for shortcuts, tables and search. Esc or a click beside it closes; focus goes back.
A.dialog = {
  open(bench, title, content, { wide = false, onClose = null } = {}) {
    const { h, put } = A.dom,
      before = A.dom.focused();
    const close = () => {
      put(bench.parts.over);
      bench.closeDialog = null;
      if (before && before.focus) before.focus();
      if (onClose) onClose();
    };
    const box = h(
      "div",
      { class: `dialog${wide ? " wide" : ""}`, role: "dialog", "aria-modal": "true", "aria-label": title, tabindex: "-1" },
      h(
        "div",
        { class: "dialog-head" },
        h("h3", {}, title),
        h("button", { type: "button", class: "action", "aria-label": "Close", on: { click: close } }, "Close"),
      ),
      content,
    );
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        event.preventDefault();
        close();
      }
      if (event.key === "Tab") A.dialog.trap(box, event);
    });
    put(bench.parts.over, h("div", { class: "veil", on: { click: close } }), box);
    bench.closeDialog = close;
    (box.querySelector("input") || box).focus();
    return { close, box };
  },

  trap(box, event) {
    const stops = [...box.querySelectorAll("button, input, select, a[href]")].filter((e) => !e.disabled);
    const first = stops[0],
      last = stops[stops.length - 1],
      at = A.dom.focused();
    if (event.shiftKey && (at === first || at === box)) {
      event.preventDefault();
      last.focus();
    } else if (!event.shiftKey && at === last) {
      event.preventDefault();
      first.focus();
    }
  },
};

A.shortcuts = {
  open(bench) {
    const { h } = A.dom;
    const keys = [
      ["↑ ↓", "focus a token"],
      ["Enter or Space", "pin it, or let it go"],
      ["← →", "choose a key in the row"],
      ["c", "who looks at that key"],
      ["Esc", "let go"],
      ["[ ]", "previous and next layer"],
      [", .", "previous and next head"],
      ["Space, Enter on a head chip", "show one more head, that head alone"],
      ["+ − 0", "zoom, whole map"],
      ["Shift + arrows", "pan"],
      ["/", "find a token"],
      ["?", "this list"],
    ];
    const rows = keys.map(([key, what]) =>
      h(
        "tr",
        {},
        h(
          "th",
          { scope: "row" },
          key
            .split(" ")
            .map((k) => (/^(or|on|a|head|chip)$/.test(k) ? ` ${k} ` : [h("kbd", {}, k.replace(/,$/, "") || ","), " "])),
        ),
        h("td", {}, what),
      ),
    );
    A.dialog.open(bench, "Keyboard shortcuts", h("table", { class: "keys" }, h("tbody", {}, rows)));
  },
};
