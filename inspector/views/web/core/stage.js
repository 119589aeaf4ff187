// What a view is given: its own picture, rail and panel, the data, the selection, and a way to say its finding.
A.stage = {
  create(bench, name) {
    const { h } = A.dom,
      view = A.views[name];
    const rail = h("div", { class: "rail" }),
      picture = h("div", { class: "picture" }),
      panel = h("div", { class: "panel" });
    const panelElement = h(
      "div",
      {
        class: `view view-${name.replace(/_/g, "-")}${view.rail === false ? " no-rail" : ""}`,
        role: "tabpanel",
        id: `panel-${name}`,
        "aria-labelledby": `tab-${name}`,
        "data-view": name,
      },
      rail,
      picture,
      panel,
    );
    bench.parts.views.append(panelElement);
    const input = h("div", { class: `own-input input-${name.replace(/_/g, "-")}` });
    if (view.learns) bench.parts.inputs.append(input);
    const stage = {
      picture,
      rail,
      panel,
      input,
      panelElement,
      host: bench.host,
      data: bench.data,
      selection: bench.selection,
      theme: () => bench.theme.now(),
      request: (kind, rest) => bench.data.get({ kind, ...rest }),
      announce: (text) => bench.announce(text),
      caption: (parts, how, options) => {
        bench.captionOf = name;
        A.stage.caption(bench, parts, how, options);
      },
      /** Something that is seen already and only has to be in the link. */
      remember: (patch) => {
        bench.selection.state = { ...bench.selection.state, ...patch };
        A.history.write(bench);
      },
      until: (work) => bench.until(work),
      redraw: () => bench.draw(new Set(["redraw"])),
      narrow: () => bench.parts.views.clientWidth < 848,
      reduced: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
    };
    const drawn = view.create(stage);
    stage.view = drawn;
    stage.draw = (changed) => drawn.draw(changed);
    stage.show = (on) => {
      panelElement.hidden = input.hidden = !on;
    };
    stage.dispose = (stay) => {
      if (drawn.dispose) drawn.dispose();
      input.remove();
      if (!stay) return panelElement.remove();
      panelElement.dataset.leaving = "";
      panelElement.inert = true;
      return panelElement.removeAttribute("id");
    };
    return stage;
  },

  /** The finding above the picture; parts are strings and {text, role}. Hovering changes it silently. */
  caption(bench, parts, how, { live = true } = {}) {
    if (A.swap.said(bench, [parts, how, { live }])) return;
    const { h, put } = A.dom,
      { caption, how: line } = bench.parts;
    const text = parts.map((p) => (typeof p === "string" ? p : p.text)).join("");
    bench.captionParts = parts;
    bench.captionHow = how || "";
    line.textContent = how || "";
    if (caption.textContent === text) return;
    caption.setAttribute("aria-live", live ? "polite" : "off");
    put(
      caption,
      parts.map((p) => (typeof p === "string" ? p : h("bdi", { class: `is-${p.role || "plain"}`, dir: "auto" }, p.text))),
    );
  },
};
