// Keys that work anywhere in the workbench; a view is asked first, text fields are left alone.
A.keyboard = {
  attach(bench) {
    const onKey = (event) => A.keyboard.press(bench, event);
    bench.root.addEventListener("keydown", onKey);
    document.addEventListener("keydown", (event) => {
      if (!bench.element.contains(event.target) && A.keyboard.alone(bench, event)) onKey(event);
    });
    return { onKey };
  },

  /** Keys pressed on a page's bare ground belong to its first workbench. */
  alone(bench, event) {
    if (!bench.element.isConnected || bench.host === "notebook") return false;
    return event.target === document.body || event.target === document.documentElement;
  },

  typing(event) {
    const at = event.composedPath()[0];
    return (
      at instanceof HTMLElement &&
      (at.isContentEditable ||
        ["TEXTAREA", "SELECT"].includes(at.tagName) ||
        (at.tagName === "INPUT" && !["radio", "checkbox", "range", "button"].includes(at.type)))
    );
  },

  press(bench, event) {
    if (
      !bench.selection ||
      event.defaultPrevented ||
      event.ctrlKey ||
      event.metaKey ||
      event.altKey ||
      A.keyboard.typing(event) ||
      bench.closeDialog
    )
      return;
    const { view } = bench.stage();
    const done = (view.key && view.key(event)) || A.keyboard.own(bench, event);
    if (done) event.preventDefault();
  },

  own(bench, event) {
    const { state } = bench.selection;
    if (A.views[state.view].learns && event.key !== "?") return false; // the capture it does not show keeps its selection
    switch (event.key) {
      case "[":
        A.steppers.layer(bench, -1);
        return true;
      case "]":
        A.steppers.layer(bench, 1);
        return true;
      case ",":
        A.steppers.head(bench, -1);
        return true;
      case ".":
        A.steppers.head(bench, 1);
        return true;
      case "?":
        A.shortcuts.open(bench);
        return true;
      case "/":
        A.find.open(bench);
        return true;
      case "Escape":
        if (state.key !== null) bench.selection.set({ key: null });
        else if (state.query !== null) bench.selection.set({ query: null });
        else return false;
        return true;
      default:
        return false;
    }
  },
};
