// The workbench: one place that holds the tabs, the selection, the caption and, below them, the view that is chosen.
A.Workbench = class {
  constructor(element, { value, get, act, host }) {
    Object.assign(this, { element, get, act: act || (() => {}), host: host || "page", stages: new Map(), drawnCount: 0, coming: 0 });
    const root = element.shadowRoot || element.attachShadow({ mode: "open" });
    this.parts = A.frame.build(this);
    A.dom.put(root, A.dom.h("style", {}, A.css || ""), this.parts.bench);
    this.root = root;
    this.theme = A.theme.follow(this);
    this.keyboard = A.keyboard.attach(this);
    A.ownFrame.attach(this);
    this.watchSize();
    A.history.watch(this);
    A.whose.watch(this);
    this.opened = location.hash;
    this.update(value);
  }

  /** Take what the host has now: a manifest, an error, progress, or nothing yet. */
  update(value) {
    this.value = value;
    A.notice.draw(this, value);
    if (value && (value.error || value.busy === null)) A.link.failed(this); // it failed, or was cancelled
    const manifest = value && value.manifest;
    if (
      !manifest ||
      manifest === this.manifest ||
      (manifest.id && this.manifest && manifest.id === this.manifest.id && manifest.batch === this.manifest.batch)
    )
      return;
    const before = this.selection && { state: this.selection.state, manifest: this.manifest };
    this.manifest = manifest;
    manifest.home ??= manifest.batch;
    A.link.prepare(this);
    if (!before) A.link.ask(this);
    this.parts.measuring.hidden = true;
    this.answers = value.answers || {};
    this.data = new A.Data(manifest, this.get, A.Data.named(manifest, this.host), this.answers);
    A.swap.begin(this);
    this.captionOf = null;
    this.notes = [];
    if (before) this.sentence = ""; // what was said of the link is said of the picture before
    const linked = !!this.awaited,
      state = this.firstState(before);
    this.selection = new A.Selection(state);
    this.selection.on((_, changed) => this.changed(changed));
    A.tabs.build(this);
    A.whose.check(this);
    A.ownFrame.draw(this);
    this.parts.bench.dataset.full = "yes";
    this.changed(new Set(["view", "theme", "layer", "heads"]), !!before && !linked);
    if (!before && !this.awaited && this.host !== "notebook") A.batches.follow(this, this.opened);
  }

  firstState(before) {
    const base = A.choices.first(this.manifest),
      arrived = A.link.arrived(this);
    if (before && !arrived) return A.keep.over(before, this.manifest, base);
    if (this.host === "notebook") return base;
    const read = A.hash.read(arrived || location.hash, A.choices.views(this.manifest));
    this.foreign = read.foreign;
    if (["layer", "heads", "group"].some((name) => name in read.patch)) Object.assign(base, { query: null, key: null });
    if (!arrived && A.link.lost(location.hash)) for (const name of ["query", "key", "from", "look"]) delete read.patch[name];
    const { state, notes } = A.choices.fit(read.patch, this.manifest, base);
    this.notes = [...read.notes, ...notes];
    return state;
  }

  /** Something was chosen: write the link, refresh what surrounds the view, and draw the view itself. */
  changed(changed, step) {
    const { state } = this.selection;
    if (changed.has("theme")) this.theme.apply(state.theme);
    A.history.write(this, step ?? changed.has("view"));
    A.tabs.draw(this);
    A.steppers.draw(this);
    A.whose.facts(this);
    A.notice.notes(this);
    this.element.dataset.view = state.view;
    this.draw(changed);
  }

  stage() {
    const name = this.selection.state.view;
    if (!this.stages.has(name)) this.stages.set(name, A.stage.create(this, name));
    return this.stages.get(name);
  }

  /** Draw the chosen view; calls made while one runs are gathered into one more. */
  async draw(changed) {
    for (const name of changed || ["all"]) (this.waiting ||= new Set()).add(name);
    delete this.element.dataset.drawn;
    if (this.drawing) return;
    this.drawing = true;
    while (this.waiting) {
      const now = this.waiting;
      this.waiting = null;
      await this.drawOnce(now);
    }
    this.drawing = false;
    A.measuring.follow(this, this.data);
    this.until(A.steppers.link(this));
  }

  /** Something is on its way to the screen (a frame, a fetch): the picture counts as drawn when it is there. */
  async until(work) {
    this.coming++;
    delete this.element.dataset.drawn;
    try {
      return await work;
    } finally {
      this.coming--;
      this.finished();
    }
  }

  finished() {
    if (this.drawing || this.coming || !this.selection) return;
    this.element.dataset.drawn = String(++this.drawnCount);
    this.element.dispatchEvent(new CustomEvent("drawn", { bubbles: true, composed: true }));
  }

  async drawOnce(changed) {
    const stage = this.stage(),
      { data } = this;
    const { view } = this.selection.state,
      unsaid = () => this.captionOf !== view && A.stage.caption(this, [""], "");
    const slow = setTimeout(() => {
      stage.panelElement.classList.add("waiting");
      unsaid();
    }, 250);
    try {
      await stage.draw(changed);
      A.notice.clearFetch(this);
    } catch (error) {
      if (this.data === data) A.notice.failed(this, error);
    } finally {
      clearTimeout(slow);
      stage.panelElement.classList.remove("waiting");
      if (this.data === data) {
        unsaid(); // another capture's picture is still to come, and its caption with it
        A.swap.end(this);
      }
    }
  }

  /**
   * Draw again when the width changes, or the place on the page (a form above grew, the window became lower).
   * The first look is part of the first drawing: only now the height of what stands above is known.
   */
  watchSize() {
    let last = "",
      seen = null;
    this.until(new Promise((done) => (seen = done)));
    const look = () => {
      const box = this.parts.bench.getBoundingClientRect();
      const now = [this.parts.bench.clientWidth, Math.round(box.top + window.scrollY), window.innerHeight].join(" ");
      if (now === last || !box.width) return;
      last = now;
      A.ownFrame.measured(this, Math.round(box.top + window.scrollY));
      if (this.selection) this.draw(new Set(["size"]));
      seen();
    };
    this.sizes = new ResizeObserver(look);
    for (const element of [this.parts.bench, ...A.ownFrame.around(this), document.body, document.documentElement])
      this.sizes.observe(element);
  }

  /** Say something to a screen reader. */
  announce(text) {
    this.parts.live.textContent = text;
  }
};

/** Put a workbench into an element; returns {update(value)}. */
A.mount = (element, options) => {
  const bench = new A.Workbench(element, options);
  return { update: (value) => bench.update(value), bench };
};
