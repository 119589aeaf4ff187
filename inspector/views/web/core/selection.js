// One selection for all views: what is chosen (written to the link) and, apart from it, what the pointer is over (never written).
A.Selection = class {
  constructor(state) {
    this.state = state;
    this.listeners = new Set();
    this.hoverListeners = new Set();
    this.hovered = null;
  }

  /** Change some parts; listeners hear the new state and the set of names that really changed. */
  set(patch) {
    const changed = new Set();
    if (patch.heads && this.state.blank && patch.blank === undefined) patch = { ...patch, blank: false }; // who chooses a head sees it
    for (const [name, value] of Object.entries(patch)) {
      if (JSON.stringify(this.state[name]) !== JSON.stringify(value)) changed.add(name);
    }
    if (!changed.size) return changed;
    this.state = { ...this.state, ...patch };
    for (const fn of [...this.listeners]) fn(this.state, changed);
    return changed;
  }

  on(fn) {
    this.listeners.add(fn);
    return () => this.listeners.delete(fn);
  }

  /** What the pointer or the roving focus is over: {query} or {key} or {layer, head}, null for nothing. */
  hover(part) {
    if (JSON.stringify(part) === JSON.stringify(this.hovered)) return;
    this.hovered = part;
    for (const fn of [...this.hoverListeners]) fn(part);
  }

  onHover(fn) {
    this.hoverListeners.add(fn);
    return () => this.hoverListeners.delete(fn);
  }
};

// What may be chosen, given a manifest.
A.choices = (() => {
  const defaults = () =>
    Object.fromEntries(
      Object.values(A.views).flatMap((view) => Object.entries(view.settings || {}).map(([name, s]) => [name, s.default])),
    );

  /** The tabs there are: the views of this capture, then demonstrations, which have input of their own. */
  const views = (manifest) => [...manifest.views, ...(manifest.demos || [])].filter((v) => A.views[v.name]);

  /** A first state: the manifest's own suggestion, else the first head of the first group. */
  function first(manifest) {
    const start = manifest.start || {},
      group = manifest.groups.find((g) => g.key === start.group) || manifest.groups[0];
    const layer = group.layers.find((l) => l.index === start.layer) || group.layers[0];
    const names = views(manifest).map((v) => v.name);
    return {
      ...defaults(),
      view: names.includes(start.view) ? start.view : names[0],
      group: group.key,
      layer: layer.index,
      heads: start.heads || [start.head ?? 0],
      query: start.query ?? null,
      key: start.key ?? null,
      special: "fold",
      theme: null,
    };
  }

  /** The parts of a wish that exist here, and the names of those that do not. */
  function fit(wish, manifest, base) {
    const state = { ...base, ...wish },
      notes = [];
    const refuse = (name, value) => {
      if (name in wish) notes.push(`${name}=${wish[name]}`);
      state[name] = value;
    };
    if (!views(manifest).some((v) => v.name === state.view)) refuse("view", views(manifest)[0].name);
    let group = manifest.groups.find((g) => g.key === state.group);
    if (!group) {
      group = manifest.groups[0];
      refuse("group", group.key);
    }
    let layer = group.layers.find((l) => l.index === state.layer);
    if (!layer) {
      layer = group.layers[0];
      refuse("layer", layer.index);
    }
    const heads = state.heads.filter((h) => h < layer.heads);
    if (heads.length < state.heads.length) refuse("heads", heads.length ? heads : [0]);
    if (state.query !== null && state.query >= layer.queries) refuse("query", null);
    if (state.key !== null && state.key >= layer.keys) refuse("key", null);
    return { state, notes };
  }

  const ONE = new Set(["heat_map", "reference_view"]);
  /** The heads that are drawn: none where the reader has put all of them away, and the first where a view draws one at a time. */
  const heads = ({ view, blank, heads: chosen }) =>
    view === "head_view" && blank ? [] : ONE.has(view) ? chosen.slice(0, 1) : chosen;

  return { first, fit, defaults, heads, views };
})();
