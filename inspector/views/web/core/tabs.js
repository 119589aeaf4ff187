// The views as an ARIA tablist: arrows move, the chosen tab is the one tab stop.
A.tabs = {
  build(bench) {
    const { h, put } = A.dom;
    const views = A.choices.views(bench.manifest);
    put(
      bench.parts.tablist,
      views.map((view) =>
        h(
          "button",
          {
            class: "tab",
            type: "button",
            role: "tab",
            id: `tab-${view.name}`,
            "aria-controls": `panel-${view.name}`,
            "data-view": view.name,
            on: { click: () => bench.selection.set({ view: view.name }), keydown: (event) => A.tabs.move(bench, event) },
          },
          view.title,
        ),
      ),
    );
    if (bench.parts.title) bench.parts.title.textContent = bench.manifest.title || "";
  },

  draw(bench) {
    const { view } = bench.selection.state;
    for (const tab of bench.parts.tablist.children) {
      const on = tab.dataset.view === view;
      tab.setAttribute("aria-selected", String(on));
      tab.tabIndex = on ? 0 : -1;
      if (on) A.tabs.reveal(bench.parts.tablist, tab);
    }
    bench.stage();
    for (const [name, stage] of bench.stages) stage.panelElement.hidden = name !== view;
  },

  /** Where a row of buttons is wider than its place, the chosen one is brought into the middle. */
  reveal(row, one) {
    if (row.scrollWidth <= row.clientWidth) return;
    const all = row.getBoundingClientRect(), box = one.getBoundingClientRect();
    row.scrollLeft += box.left - all.left - (all.width - box.width) / 2;
  },

  move(bench, event) {
    const tabs = [...bench.parts.tablist.children],
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
