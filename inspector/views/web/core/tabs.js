// The views as ARIA tablists, of two kinds and apart: those that show the capture, and demonstrations with input of their own.
// Arrows move within a kind; the chosen tab is its one tab stop.
A.tabs = {
  build(bench) {
    const { put } = A.dom,
      all = A.choices.views(bench.manifest),
      learns = (view) => !!A.views[view.name].learns;
    put(
      bench.parts.tabs,
      A.tabs.group(bench, "Inspect", all.filter((view) => !learns(view))),
      A.tabs.group(bench, "Learn", all.filter(learns)),
    );
    if (bench.parts.title) bench.parts.title.textContent = bench.manifest.title || "";
  },

  group(bench, name, views) {
    if (!views.length) return null;
    const { h } = A.dom;
    const list = h("div", { class: "tab-list", role: "tablist", "aria-label": name }, views.map((view) => A.tabs.one(bench, view)));
    return h("div", { class: "tab-group", "data-group": name }, h("span", { class: "tab-word", "aria-hidden": "true" }, name), list);
  },

  one: (bench, view) =>
    A.dom.h(
      "button",
      {
        class: "tab",
        type: "button",
        role: "tab",
        id: `tab-${view.name}`,
        "aria-controls": `panel-${view.name}`,
        "data-view": view.name,
        on: { click: () => bench.selection.set({ view: view.name }), keydown: (event) => A.tabs.move(event) },
      },
      view.title,
    ),

  draw(bench) {
    const { view } = bench.selection.state,
      { tabs } = bench.parts;
    for (const list of tabs.querySelectorAll(".tab-list")) {
      const all = [...list.children],
        chosen = all.find((tab) => tab.dataset.view === view);
      for (const tab of all) {
        tab.setAttribute("aria-selected", String(tab === chosen));
        tab.tabIndex = tab === (chosen || all[0]) ? 0 : -1;
      }
      if (chosen) A.tabs.reveal(tabs, chosen);
    }
    bench.element.dataset.kind = A.views[view].learns ? "learn" : "inspect";
    bench.stage();
    for (const [name, stage] of bench.stages) stage.show(name === view);
  },

  /** Where a row of buttons is wider than its place, the chosen one is brought into the middle. */
  reveal(row, one) {
    if (row.scrollWidth <= row.clientWidth) return;
    const all = row.getBoundingClientRect(), box = one.getBoundingClientRect();
    row.scrollLeft += box.left - all.left - (all.width - box.width) / 2;
  },

  move(event) {
    const tabs = [...event.currentTarget.parentNode.children],
      at = tabs.indexOf(event.currentTarget);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  },
};
