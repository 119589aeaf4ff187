// Whose picture this is: the model and the text of the capture, not those of the form; and what of the text is not in the picture.
A.whose = {
  ROOM: 28,

  /** “The animal didn't cross the street…” */
  quoted(text) {
    const plain = Array.from(A.words.visible(text.replace(/\s+/g, " ").trim())),
      short = plain.length > A.whose.ROOM ? `${plain.slice(0, A.whose.ROOM).join("").trimEnd()}…` : plain.join("");
    return A.dom.h("bdi", { dir: "auto" }, `“${short}”`);
  },

  /** The model and the input of a capture as parts; a capture without text is named by its model alone. */
  name({ title, input }) {
    const { text, pair } = input || {},
      texts = [text, pair].filter(Boolean).map(A.whose.quoted);
    return [title || "model", texts.length ? " · " : "", texts.flatMap((one, i) => (i ? [" + ", one] : [one]))];
  },

  /** The form tells what it says now; what it said for this capture came with the capture. */
  watch(bench) {
    if (bench.host !== "app") return;
    window.addEventListener("inspector-form", (event) => {
      bench.form = event.detail;
      A.whose.check(bench);
    });
  },

  /** As Python names a field's content (component.py): a long text by its length and its ends. */
  key(text) {
    const value = text || "";
    if (value.length <= 2000) return value;
    const chars = Array.from(value);
    return chars.length <= 2000 ? value : `${chars.length}:${chars.slice(0, 1000).join("")}:${chars.slice(-1000).join("")}`;
  },

  /** The picture is dimmed, and says of what it is, while the form says something else. */
  check(bench) {
    const { form, manifest, parts } = bench,
      made = manifest && manifest.form,
      stale = !!(form && made) && ["model", "text", "pair"].some((name) => A.whose.key(form[name]) !== made[name]);
    parts.bench.classList.toggle("stale", stale);
    parts.stale.hidden = !stale;
    A.dom.put(parts.stale, stale ? ["This is still ", A.whose.name(manifest), ". Press Inspect for what the form says now."] : null);
  },

  /** Under the caption: tokens the model cannot read, and tokens it was not given. */
  facts(bench) {
    const { count, plural, list } = A.words,
      { group, layer } = bench.selection.state,
      real = bench.data.keyTokens(group, layer).filter((t) => !t.padding && !t.special),
      unknown = real.filter((t) => t.unknown),
      left = (bench.manifest.input || {}).left_out || 0,
      said = [];
    if (unknown.length) {
      const names = list([...new Set(unknown.map((t) => A.words.visible(t.token)))]);
      said.push(`${count(unknown.length)} of ${plural(real.length, "token")} ${unknown.length === 1 ? "is" : "are"} unknown to this model (${names}).`);
    }
    if (left) said.push(`${plural(left, "token")} of the text ${left === 1 ? "is" : "are"} missing: it was cut to what the model takes.`);
    bench.parts.said.hidden = !said.length;
    bench.parts.said.textContent = said.join(" ");
  },
};

// A new capture replaces the old one at once: picture, caption and proof stay until the new ones are all there.
A.swap = {
  /** The old stages stop answering and stand where they are; what is drawn meanwhile is kept out of sight. */
  begin(bench) {
    const old = [...bench.stages.values()].filter((stage) => !stage.panelElement.hidden);
    for (const stage of bench.stages.values()) stage.dispose(old.includes(stage));
    bench.stages.clear();
    if (!old.length) return A.proof.draw(bench);
    bench.leaving = [...(bench.leaving || []), ...old.map((stage) => stage.panelElement)];
    return bench.parts.bench.classList.add("swapping");
  },

  /** What the drawing said while it was out of sight. */
  said(bench, args) {
    if (!bench.leaving) return false;
    bench.unspoken = args;
    return true;
  },

  end(bench) {
    const { leaving, unspoken } = bench;
    if (!leaving) return;
    bench.leaving = bench.unspoken = null;
    for (const panel of leaving) panel.remove();
    bench.parts.bench.classList.remove("swapping");
    A.proof.draw(bench);
    A.stage.caption(bench, ...(unspoken || [[""], ""]));
  },
};
