// Light or dark: what the reader chose, else what the host page is, else what the system prefers.
A.theme = {
  follow(bench) {
    const system = matchMedia("(prefers-color-scheme: dark)"),
      forced = matchMedia("(forced-colors: active)"); // then the system's ground decides, whatever was chosen
    const hosted = () => {
      const marked = [document.body, document.documentElement].map(
        (e) =>
          e &&
          (e.classList.contains("dark") || e.classList.contains("vscode-dark")
            ? "dark"
            : e.dataset.theme || e.dataset.jpThemeLight),
      );
      const found = marked.find(Boolean);
      if (found === "dark" || found === "false") return "dark";
      if (found === "light" || found === "true") return "light";
      return bench.host === "app" ? "light" : null;
    };
    let chosen = null,
      last = null;
    const now = () => (!forced.matches && (chosen || hosted())) || (system.matches ? "dark" : "light");
    const refresh = () => {
      const theme = now();
      bench.parts.bench.dataset.theme = theme;
      bench.element.dataset.theme = theme;
      if (bench.host === "page")
        document.documentElement.style.background = getComputedStyle(bench.parts.bench).getPropertyValue("--page");
      if (last !== null && last !== theme && bench.selection) bench.draw(new Set(["theme"]));
      last = theme;
      A.actions.theme(bench, theme);
    };
    for (const query of [system, forced]) query.addEventListener("change", refresh);
    const watcher = new MutationObserver(refresh);
    for (const e of [document.body, document.documentElement])
      if (e) watcher.observe(e, { attributes: true, attributeFilter: ["class", "data-theme", "data-jp-theme-light"] });
    const apply = (theme) => {
      chosen = theme;
      refresh();
    };
    queueMicrotask(refresh);
    return { now, apply };
  },
};
