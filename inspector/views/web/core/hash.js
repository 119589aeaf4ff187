// The selection as a link: #view=one-head&layer=3&heads=1&query=10&key=2 … and back, with notes on what could not be read.
A.hash = (() => {
  const whole = (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined);
  const wholes = (text) => {
    const all = text.split(",").map(whole);
    return all.length && all.every((n) => n !== undefined) ? [...new Set(all)].sort((a, b) => a - b) : undefined;
  };
  const oneOf =
    (...names) =>
    (text) =>
      names.includes(text) ? text : undefined;
  const FIELDS = {
    group: { parse: (text) => text || undefined },
    layer: { parse: whole },
    heads: { parse: wholes, format: (heads) => heads.join(",") },
    query: { parse: whole },
    key: { parse: whole },
    special: { parse: oneOf("fold", "draw", "rescale"), hide: "fold" },
    theme: { parse: oneOf("light", "dark") },
  };
  const FOREIGN = new Set(["model", "text", "pair", "example", "view", "batch", "cut", "z", "lost", "lang"]);

  /** Each view's own settings beside the shared fields. */
  function fields() {
    const all = { ...FIELDS };
    for (const view of Object.values(A.views)) {
      for (const [name, setting] of Object.entries(view.settings || {})) all[name] = { hide: setting.default, ...setting };
    }
    return all;
  }

  /** {patch, notes, foreign} of a hash; a part that cannot be read is left out and named in a note. */
  function read(text, views) {
    const patch = {},
      notes = [],
      foreign = [],
      known = fields();
    for (const part of text.replace(/^#/, "").split("&").filter(Boolean)) {
      const [name, value] = split(part);
      if (name === "view") {
        const view = views.find((v) => v.slug === value || v.name === value);
        if (view) patch.view = view.name;
        else notes.push(`view=${value}`);
      } else if (Object.hasOwn(known, name)) {
        const parsed = known[name].parse(value);
        if (parsed === undefined) notes.push(part);
        else patch[name] = parsed;
      } else if (FOREIGN.has(name)) foreign.push(part);
      else notes.push(part);
    }
    return { patch, notes, foreign };
  }

  function split(part) {
    const at = part.indexOf("=");
    const decode = (text) => {
      try {
        return decodeURIComponent(text.replace(/\+/g, " "));
      } catch {
        return text;
      }
    };
    return at < 0 ? [decode(part), ""] : [decode(part.slice(0, at)), decode(part.slice(at + 1))];
  }

  /** The hash of a state; defaults, empty parts and the first group are left out. `own`: what the link says of the capture itself. */
  function write(state, manifest, foreign = [], own = null) {
    const parts = [],
      others = foreign.filter((part) => !part.startsWith("batch=")),
      kept = own ? [...own, ...others.filter((part) => part.startsWith("lang="))] : others;
    const view = A.choices.views(manifest).find((v) => v.name === state.view);
    if (view) parts.push(`view=${encodeURIComponent(view.slug)}`);
    for (const [name, field] of Object.entries(fields())) {
      const value = state[name];
      if (value === null || value === undefined || value === field.hide) continue;
      if (name === "group" && value === manifest.groups[0].key) continue;
      const text = field.format ? field.format(value) : String(value);
      if (text !== "") parts.push(`${name}=${encodeURIComponent(text).replace(/%2C/g, ",")}`);
    }
    if (manifest.batch !== (manifest.home ?? manifest.batch)) parts.push(`batch=${manifest.batch}`);
    return `#${[...parts, ...kept].join("&")}`;
  }

  return { read, write };
})();
