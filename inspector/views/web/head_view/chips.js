// The heads of a layer as chips: click to add or remove, double-click, Enter or a long press for that head alone.
(A.headView ||= {}).chips = {
  create(stage) {
    const { h } = A.dom,
      row = h("div", { class: "chips", role: "group", "aria-label": "Heads" });
    const element = h("div", { class: "chip-bar" }, h("span", { class: "chip-word", "aria-hidden": "true" }, "Heads"), row);
    return { element, draw: () => A.headView.chips.draw(stage, row) };
  },

  draw(stage, row) {
    const { h, put } = A.dom,
      { chips } = A.headView,
      { group, layer, heads, blank } = stage.selection.state,
      total = stage.data.layer(group, layer).heads;
    const shown = blank ? [] : heads,
      focused = A.dom.focused(),
      keep = focused && row.contains(focused) ? focused.dataset.chip : null,
      left = row.scrollLeft;
    const made = Array.from({ length: total }, (_, head) => {
      const slot = shown.indexOf(head),
        hue = slot < 0 ? null : A.colour.categorical(slot, stage.theme());
      const chip = h(
        "button",
        {
          type: "button",
          class: "chip",
          "data-chip": head,
          "aria-pressed": String(slot >= 0),
          "aria-label": `Head ${head}`,
          style: hue ? { "--chip": hue.stroke, "--chip-text": hue.text } : {},
        },
        head,
      );
      chips.listen(stage, chip, head, total);
      return chip;
    });
    const all = shown.length === total,
      round = (text, name, on) =>
        h("button", { type: "button", class: "chip round", "data-chip": name, on: { click: on } }, text);
    put(
      row,
      made,
      round("all", "all", () => stage.selection.set({ heads: Array.from({ length: total }, (_, i) => i), blank: false })),
      round("none", "none", () => stage.selection.set({ heads: [heads[0]], blank: true })),
    );
    row.querySelector("[data-chip=all]").hidden = total === 1;
    row.querySelector("[data-chip=all]").setAttribute("aria-pressed", String(all));
    row.querySelector("[data-chip=none]").setAttribute("aria-pressed", String(!!blank));
    row.scrollLeft = left;
    chips.reveal(row, made[heads[0]]);
    if (keep !== null) {
      const again = row.querySelector(`[data-chip="${keep}"]`);
      if (again) again.focus({ preventScroll: true });
    }
  },

  /** Bring a chip into the row's own scrolled part, without moving the page. */
  reveal(row, chip) {
    const start = chip.offsetLeft - row.offsetLeft,
      end = start + chip.offsetWidth;
    if (start < row.scrollLeft || end > row.scrollLeft + row.clientWidth)
      row.scrollLeft = start - (row.clientWidth - chip.offsetWidth) / 2;
  },

  listen(stage, chip, head, total) {
    const { chips } = A.headView;
    let timer = null,
      held = false;
    const start = () => {
      held = false;
      timer = setTimeout(() => {
        held = true;
        chips.alone(stage, head);
      }, 500);
    };
    const stop = () => clearTimeout(timer);
    chip.addEventListener("pointerdown", start);
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) chip.addEventListener(name, stop);
    chip.addEventListener("contextmenu", (event) => {
      if (held) event.preventDefault();
    });
    chip.addEventListener("click", (event) => {
      if (held) {
        held = false;
        return;
      }
      if (event.detail < 2) chips.toggle(stage, head);
    });
    chip.addEventListener("dblclick", () => chips.alone(stage, head));
    chip.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        event.stopPropagation();
        chips.alone(stage, head);
      }
      const to = { ArrowRight: head + 1, ArrowLeft: head - 1 }[event.key];
      if (to !== undefined && to >= 0 && to < total) {
        event.preventDefault();
        event.stopPropagation();
        chip.parentNode.children[to].focus();
      }
    });
  },

  /** One more head, or one less; the last one shown stays. */
  toggle(stage, head) {
    const { heads, blank } = stage.selection.state;
    if (blank) return stage.selection.set({ heads: [head], blank: false });
    const next = heads.includes(head) ? heads.filter((x) => x !== head) : [...heads, head].sort((a, b) => a - b);
    return next.length ? stage.selection.set({ heads: next }) : stage.selection.set({ blank: true });
  },

  alone: (stage, head) => stage.selection.set({ heads: [head], blank: false }),
};
