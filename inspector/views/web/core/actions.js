// Copy link, download, table, find, shortcuts, theme: what can be done with any view.
A.actions = {
  build(bench, slot) {
    const { h, put } = A.dom;
    const button = (name, label, text, click) =>
      h(
        "button",
        { type: "button", class: "action", "data-action": name, "aria-label": label, title: label, on: { click } },
        text,
      );
    const menu = h("div", { class: "menu", role: "menu", hidden: true });
    const download = button("download", "Download the picture", "Download", () => A.actions.menu(bench, menu, download));
    download.setAttribute("aria-haspopup", "menu");
    download.setAttribute("aria-expanded", "false");
    put(
      slot,
      button("find", "Find a token", "Find", () => A.find.open(bench)),
      button("table", "Show as table", "Table", () => A.table.open(bench)),
      bench.host === "notebook"
        ? null
        : button("link", "Copy link to this selection", "Copy link", (e) => A.actions.copy(bench, e.currentTarget)),
      h("div", { class: "menu-slot" }, download, menu),
      button(
        "theme",
        "Dark theme",
        "Dark",
        () => bench.selection && bench.selection.set({ theme: bench.theme.now() === "dark" ? "light" : "dark" }),
      ),
      button("keys", "Keyboard shortcuts", "?", () => A.shortcuts.open(bench)),
    );
  },

  theme(bench, theme) {
    const button = bench.parts.actions.querySelector("[data-action=theme]");
    if (!button) return;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", theme === "dark" ? "Light theme" : "Dark theme");
    button.title = button.getAttribute("aria-label");
  },

  /** The link of what is on screen; where the text is too long for one, the button says that it is not in it. */
  async copy(bench, button) {
    if (bench.linked && bench.linked.coming) await bench.linked.coming;
    const lost = bench.linked && bench.linked.lost;
    const done = await navigator.clipboard.writeText(location.href).then(
      () => true,
      () => A.actions.copyByHand(bench),
    );
    button.textContent = (done ? "Copied" : "Ctrl C") + (lost ? " without the text" : "");
    const without = lost ? " The text is too long for a link and is left out." : "";
    bench.announce((done ? "Link copied." : "Press Control C to copy the link.") + without);
    setTimeout(
      () => {
        button.textContent = "Copy link";
      },
      lost ? 4000 : 1600,
    );
  },

  copyByHand(bench) {
    const field = A.dom.h("textarea", { class: "unseen", value: location.href });
    bench.parts.over.append(field);
    field.select();
    let done = false;
    try {
      done = document.execCommand("copy");
    } catch {
      done = false;
    }
    field.remove();
    return done;
  },

  menu(bench, menu, opener) {
    const { h, put } = A.dom;
    if (!menu.hidden) return A.actions.closeMenu(menu, opener);
    const stage = bench.selection && bench.stage();
    const kinds = stage ? A.exporting.kinds(stage.view) : [];
    const item = (name, text, run) =>
      h(
        "button",
        {
          type: "button",
          role: "menuitem",
          "data-download": name,
          on: {
            click: () => {
              A.actions.closeMenu(menu, opener);
              run();
            },
          },
        },
        text,
      );
    put(
      menu,
      kinds.includes("png") ? item("png", "Picture, PNG", () => A.exporting.save(bench, "png")) : null,
      kinds.includes("svg") ? item("svg", "Drawing, SVG", () => A.exporting.save(bench, "svg")) : null,
      item("csv", "Numbers, CSV", () => A.exporting.save(bench, "csv")),
      bench.host === "app"
        ? [
            item("html", "Page, HTML", () => A.exporting.fetch(bench, "html")),
            bench.element.dataset.kind === "learn"
              ? null
              : item("capture", "Capture, safetensors", () => A.exporting.fetch(bench, "capture")),
          ]
        : null,
    );
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    menu.querySelector("button").focus();
    menu.onkeydown = (event) => {
      const items = [...menu.children],
        step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") {
        A.actions.closeMenu(menu, opener);
        opener.focus();
      }
      if (step) items[(items.indexOf(A.dom.focused()) + step + items.length) % items.length].focus();
      if (step || event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
      }
    };
    menu.onfocusout = (event) => {
      if (!menu.contains(event.relatedTarget) && event.relatedTarget !== opener) A.actions.closeMenu(menu, opener);
    };
  },

  closeMenu(menu, opener) {
    menu.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  },
};
