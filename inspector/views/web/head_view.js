// One head: who looks at whom, as lines between two columns of tokens. Parts are in head_view/.
A.views.head_view = {
  settings: {
    threshold: {
      default: null,
      parse: (text) => (/^[01]?(\.\d+)?$/.test(text) && text !== "" && Number(text) <= 1 ? Number(text) : undefined),
    },
    from: { default: null, parse: (text) => (/^\d{1,9}$/.test(text) ? Number(text) : undefined) },
    pairs: { default: null, parse: (text) => (/^[AB][ABS]$/.test(text) ? text : undefined) },
    words: { default: false, parse: (text) => (text === "true" ? true : undefined) },
    blank: { default: false, parse: (text) => (text === "true" ? true : undefined) },
  },

  create(stage) {
    const { h, svg } = A.dom,
      H = A.headView,
      view = { stage, scene: null };
    view.element = svg("svg", {
      class: "one-head",
      role: "grid",
      "aria-label": "Tokens that look, and where they look",
      "aria-readonly": "true",
    });
    view.strip = H.strip.create(view);
    const chips = H.chips.create(stage),
      nav = A.navigator.create(stage),
      specials = A.specials.create(stage),
      pairs = H.rail.pairs(stage),
      slider = H.rail.threshold(stage),
      joining = A.joining.create(stage);
    const state = () => stage.selection.state;
    view.list = A.rowPanel.create(stage);
    const heads = A.headPanel.create(stage);
    stage.picture.append(chips.element, view.strip.element, view.element);
    stage.rail.append(nav.element, specials.element, pairs.element, slider.element, joining.element);
    stage.panel.append(view.list.element, heads.element);
    view.focusRow = (q) => {
      const cell = view.scene.parts.queries.get(q);
      if (cell) H.stop(view, cell);
      stage.selection.hover({ query: q });
    };
    const off = stage.selection.onHover(() => {
      if (view.scene && stage.selection.state.view === "head_view") H.refocus(view, false);
    });
    H.pointer.attach(view);

    return {
      async draw(changed) {
        const had = A.dom.focused(),
          held = had && view.element.contains(had) && had.dataset.query !== undefined ? Number(had.dataset.query) : null;
        if (!stage.picture.clientWidth) return;
        const scene = await H.scene.make(stage, view);
        chips.draw();
        nav.draw();
        specials.draw();
        pairs.draw(scene.sheet);
        slider.draw(scene.threshold);
        joining.draw();
        heads.element.hidden = state().blank;
        heads.draw();
        view.scene = null;
        scene.element = view.element;
        scene.parts = H.draw.all(view.element, scene);
        view.scene = scene;
        view.strip.draw(scene);
        H.refocus(view, true);
        H.appear(view, changed);
        const wanted = view.wantFocus ?? held;
        view.wantFocus = null;
        if (wanted !== null && wanted !== undefined && scene.parts.queries.has(wanted)) {
          H.stop(view, scene.parts.queries.get(wanted));
          if (held !== wanted) stage.selection.hover({ query: wanted });
        }
      },
      svg: () => A.standalone.make(view.element, A.standalone.dress(stage, state().blank ? [] : H.swatches(view.scene))),
      canvas: () => null,
      table: () => (state().blank ? { caption: "No head is shown.", columns: [], rows: [] } : H.table(view.scene, stage)),
      pinned: () => view.scene && H.pinned(view.scene),
      key: (event) => H.pointer.key(view, event),
      dispose: off,
    };
  },
};
