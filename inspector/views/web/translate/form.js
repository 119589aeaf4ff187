// The date field with its examples, what is wrong with a text that no model takes, and what the models know of one they do.
(A.dates ||= {}).form = (() => {
  let made = 0;

  function create(stage) {
    const { h } = A.dom, id = `date-${++made}`;
    const parts = {
      field: h("input", { class: "date-field", id, type: "text", dir: "auto", autocomplete: "off", autocapitalize: "off", spellcheck: "false", enterkeyhint: "go", "aria-describedby": `${id}-said ${id}-error` }),
      go: h("button", { type: "submit", class: "button date-go" }, "Translate"), chips: h("div", { class: "date-chips", role: "group", "aria-label": "Example dates" }),
      error: h("div", { class: "date-error", id: `${id}-error` }), said: h("p", { class: "date-said", id: `${id}-said` }),
    };
    const element = h("form", { class: "date-form", novalidate: true, "aria-label": "A date", on: { submit: (event) => { event.preventDefault(); stage.until(submit(form, parts.field.value)); } } },
      h("div", { class: "date-line" }, h("label", { class: "date-label", for: id }, "Date"), parts.field, parts.go, parts.chips), parts.error, parts.said);
    const form = { stage, element, ...parts, asked: 0, known: null, fail: (error) => fail(form, error), begin: (facts, text) => begin(form, facts, text), draw: (facts, answer) => draw(form, facts, answer) };
    return form;
  }

  /** Only a text that was answered becomes the selection; of any other the field says what is wrong, and all else stays. */
  async function submit(form, text) {
    const mine = ++form.asked;
    form.element.setAttribute("aria-busy", "true");
    try {
      await A.dates.store.translation(form.stage, text);
      if (mine !== form.asked) return;
      form.fail(null);
      form.stage.selection.set({ date: text });
    } catch (error) {
      if (mine === form.asked) form.fail(error);
    } finally {
      if (mine === form.asked) form.element.removeAttribute("aria-busy");
    }
  }

  function fail(form, error) {
    const known = error && error.found, absent = known && /does not carry/.test(error.found);
    const card = !error ? null : absent ? { asked: "Another date was to be read.", found: "This page carries the answers to its examples only.", do: "Take one of them, or type the date in the app." }
      : known ? error : { asked: "A date was to be read.", found: String(error.message || error), do: "Try again." };
    form.field.setAttribute("aria-invalid", String(!!error));
    A.dom.put(form.error, card ? A.notice.card(null, card) : null);
  }

  /** Before the first answer: the examples, the date that is being read, and that this takes a moment. */
  function begin(form, facts, text) {
    const { h, put } = A.dom;
    form.field.value = text;
    put(form.chips, h("span", { class: "small" }, "Examples"), facts.examples.map((text) => h("button", { type: "button", class: "chip round", dir: "auto", dataset: { date: text }, on: { click: () => { form.field.value = text; form.stage.until(submit(form, text)); } } }, text)));
    put(form.said, "Reading it. The models are loaded once, which takes a few seconds.");
  }

  function draw(form, facts, answer) {
    const { put } = A.dom;
    if (!form.chips.childElementCount) begin(form, facts, answer.text);
    if (form.known !== answer.text) { form.known = answer.text; form.field.value = answer.text; form.fail(null); }
    for (const chip of form.chips.querySelectorAll("button")) chip.setAttribute("aria-pressed", String(chip.dataset.date === answer.text));
    const chosen = form.chips.querySelector("[aria-pressed=true]");
    if (chosen) A.tabs.reveal(form.chips, chosen);
    form.element.classList.toggle("is-outside", !answer.known);
    put(form.said, A.dates.words.standing(answer));
  }

  return { create };
})();
