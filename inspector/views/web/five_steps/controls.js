// What is looked at: which attention, which character of its answer, and which of the five steps.
(A.steps ||= {}).controls = (() => {
  function create(stage) {
    const { h } = A.dom, set = (patch) => stage.selection.set(patch);
    const parts = {
      attention: h("div", { class: "steps-chips", role: "group", "aria-label": "Attention" }), character: h("div", { class: "steps-chips", role: "group", "aria-label": "Character being written" }),
      verdict: h("span", { class: "dates-verdict" }), list: h("ol", { class: "steps-list" }),
      back: h("button", { type: "button", class: "chip steps-move", on: { click: () => move(-1) } }, "‹ Back"), next: h("button", { type: "button", class: "button steps-move", on: { click: () => move(1) } }, "Next ›"),
    };
    function move(by) {
      const to = stage.selection.state.step + by;
      if (to >= 1 && to <= 5) set({ step: to });
    }
    const choose = h("div", { class: "steps-choose" }, h("div", { class: "steps-choice" }, h("span", { class: "date-label" }, "Attention"), parts.attention), h("div", { class: "steps-choice" }, h("span", { class: "date-label" }, "Writing"), parts.character, parts.verdict));
    const stepper = h("nav", { class: "steps-nav", "aria-label": "Five steps" }, parts.list, h("div", { class: "steps-moves" }, parts.back, parts.next));
    return { ...parts, choose, stepper, set, move };
  }

  function draw(controls, view) {
    const { data, at } = view, { STEPS } = A.steps.words, { state } = view.stage.selection;
    again(controls.attention, view.facts.models.filter((m) => m.name !== "transformer").map((m) => chip(m.title, m.name === state.attention, { attention: m.name }, () => controls.set({ attention: m.name }))));
    again(controls.character, data.steps.map((step, i) => chip(step.character, i === view.position, { position: i, label: `character ${i + 1}, ${step.character}` }, () => controls.set({ position: i }))));
    controls.verdict.textContent = A.dates.words.verdict(data);
    const current = (i) => (i + 1 === at ? { "aria-current": "step" } : {});
    again(controls.list, STEPS.map((step, i) => A.dom.h("li", { class: i + 1 < at ? "is-done" : null }, A.dom.h("button", { type: "button", class: "steps-one", dataset: { key: `step-${i + 1}` }, ...current(i), on: { click: () => controls.set({ step: i + 1 }) } },
      A.dom.h("span", { class: "steps-number" }, i + 1), A.dom.h("span", { class: "steps-name" }, step.name)))));
    for (const [button, off] of [[controls.back, at === 1], [controls.next, at === 5]]) button.setAttribute("aria-disabled", String(off));
  }

  function chip(text, on, dataset, click) {
    const { label, ...rest } = dataset;
    return A.dom.h("button", { type: "button", class: "chip", dataset: { key: Object.entries(rest).flat().join("-"), ...rest }, "aria-label": label, "aria-pressed": String(on), on: { click } }, text);
  }

  /** New buttons in place of old ones; the one that had the focus keeps it. */
  function again(slot, children) {
    const at = A.dom.focused(), key = slot.contains(at) && at.dataset.key;
    A.dom.put(slot, children);
    const same = key && slot.querySelector(`[data-key="${key}"]`);
    if (same) same.focus();
    const on = slot.querySelector("[aria-pressed=true]");
    if (on) A.tabs.reveal(slot, on);
  }

  return { create, draw };
})();
