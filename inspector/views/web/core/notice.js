// What stands where the caption would be: nothing yet, progress, an error card; and small notes about the link.
A.notice = {
  draw(bench, value) {
    const { put } = A.dom,
      { parts } = bench;
    const busy = value && value.busy,
      error = value && value.error;
    parts.bench.classList.toggle("busy", !!busy);
    parts.bench.classList.toggle("has-problem", !!error);
    A.notice.progress(bench, busy);
    A.alive.watch(bench, busy);
    put(parts.problem, error ? A.notice.card(bench, error) : null);
    if (!bench.manifest && !(value && value.manifest)) {
      put(parts.caption, error || busy ? "" : "Type a text, or take an example.");
      parts.bench.dataset.full = "no";
      bench.element.dataset.drawn = "empty";
    }
  },

  progress(bench, busy) {
    const { h, put } = A.dom,
      { progress } = bench.parts;
    progress.hidden = !busy;
    if (!busy) return put(progress);
    if (!progress.childElementCount)
      put(
        progress,
        h("div", { class: "line" }, h("i", {})),
        h("span", {}),
        h("button", { type: "button", class: "plain-link", on: { click: () => bench.act({ name: "cancel" }) } }, "Cancel"),
      );
    const known = typeof busy.fraction === "number",
      [line, said, cancel] = progress.children; // they stay: a button that is replaced while it is pressed is not clicked
    line.classList.toggle("unknown", !known);
    line.firstChild.style.width = known ? `${100 * busy.fraction}%` : "";
    said.textContent = known ? `${busy.step} ${Math.round(100 * busy.fraction)} %` : busy.step;
    cancel.hidden = !busy.cancel;
    return progress;
  },

  card(bench, error) {
    const { h } = A.dom;
    const button = error.action
      ? h("button", { type: "button", class: "button", on: { click: () => bench.act(error.action) } }, error.action.label)
      : null;
    return h(
      "div",
      { class: "problem", role: "alert" },
      h("p", {}, h("b", {}, error.asked || "")),
      h("p", {}, error.found || ""),
      h("p", {}, error.do || ""),
      button,
    );
  },

  /** A head or tile could not be fetched: say so, keep the last picture. */
  failed(bench, error) {
    const known = error && error.found;
    if (!known) console.error(error);
    const card = known
      ? error
      : {
          asked: "Asked for the picture of this head.",
          found: String((error && error.message) || error),
          do: "Choose another head, or run the text again.",
        };
    A.dom.put(bench.parts.problem, A.notice.card(bench, card));
    bench.fetchFailed = true;
  },

  clearFetch(bench) {
    if (!bench.fetchFailed) return;
    bench.fetchFailed = false;
    A.dom.put(bench.parts.problem);
  },

  notes(bench) {
    const { note } = bench.parts,
      notes = bench.notes || [],
      said = [notes.length ? `Not understood in the link, left out: ${notes.join(", ")}.` : "", bench.sentence || ""].filter(Boolean);
    note.hidden = !said.length;
    note.textContent = said.join(" ");
    bench.notes = [];
    if (said.length) bench.parts.bench.dataset.noted = "yes";
  },
};
