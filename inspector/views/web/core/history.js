// The address and the way back. A tab or another capture is a step of its own, to which Back returns; what is pinned or hovered on
// the way rewrites the step it happens in.
A.history = {
  watch(bench) {
    if (bench.host === "notebook") return;
    window.addEventListener("hashchange", () => {
      if (!bench.selection || location.hash === bench.written) return;
      bench.written = null;
      A.link.ask(bench);
      if (!bench.awaited) A.history.follow(bench);
    });
  },

  /** Takes the selection that the address names; what a link leaves out has its first value. */
  follow(bench) {
    if (A.batches.follow(bench, location.hash)) return;
    const { manifest } = bench,
      { state } = bench.selection;
    const read = A.hash.read(location.hash, A.choices.views(manifest));
    const wish = { ...A.choices.defaults(), special: "fold", group: manifest.groups[0].key, query: null, key: null, ...read.patch };
    const fitted = A.choices.fit(wish, manifest, { ...state });
    bench.foreign = read.foreign;
    bench.sentence = "";
    bench.travelling = true;
    bench.selection.set(fitted.state);
    A.history.write(bench);
    bench.travelling = false;
    bench.notes = [...read.notes, ...fitted.notes]; // at last: notes are said once, and choosing says those there are
    A.notice.notes(bench);
  },

  /** Writes the selection into the address: as a new step, or over the one the reader is in. */
  write(bench, step) {
    const { linked, selection } = bench;
    if (bench.host === "notebook" || (bench.awaited && !bench.awaited.failed)) return;
    if (linked.coming) {
      linked.coming.then(() => linked === bench.linked && A.history.write(bench, step));
      return;
    }
    const hash = A.hash.write(selection.state, bench.manifest, bench.foreign || [], linked.parts);
    bench.written = hash;
    if (hash === location.hash) return;
    try {
      if (step && !bench.travelling) history.pushState(history.state, "", hash);
      else history.replaceState(history.state, "", hash);
    } catch {
      /* a page opened from a sandbox keeps its address */
    }
  },
};
