// Pointer, touch and keyboard on the picture: hover or first tap focuses, click or second tap pins, ground lets go.
(A.headView ||= {}).pointer = (() => {
  const place = (event) => {
    const cell = event.target.closest ? event.target.closest("[data-query], [data-key]") : null;
    if (!cell) return null;
    return cell.dataset.query !== undefined ? { query: Number(cell.dataset.query) } : { key: Number(cell.dataset.key) };
  };

  function attach(view) {
    const { element, stage } = view;
    let touch = false;
    element.addEventListener("pointerdown", (event) => {
      touch = event.pointerType === "touch";
    });
    element.addEventListener("pointermove", (event) => {
      if (event.pointerType !== "touch" && view.scene) hover(view, place(event));
    });
    element.addEventListener("pointerleave", (event) => {
      if (event.pointerType !== "touch") stage.selection.hover(null);
    });
    element.addEventListener("click", (event) => click(view, place(event), touch));
    element.addEventListener("focusin", (event) => {
      const at = place(event);
      if (at && event.target.matches(":focus-visible")) stage.selection.hover(at);
    });
    element.addEventListener("focusout", (event) => {
      if (!event.relatedTarget || !element.contains(event.relatedTarget)) stage.selection.hover(null);
    });
    element.addEventListener("wheel", (event) => wheel(view, event), { passive: false });
  }

  /** Over a key of a pinned row nothing moves: the click will choose it. */
  function hover(view, at) {
    const pinned = view.stage.selection.state.query !== null;
    view.stage.selection.hover(at && at.key !== undefined && pinned ? null : at);
  }

  function click(view, at, touch) {
    const { selection } = view.stage,
      { query, key } = selection.state,
      over = selection.hovered;
    if (!at) {
      selection.hover(null);
      return query === null ? null : selection.set({ query: null, key: null });
    }
    if (at.query !== undefined) {
      if (touch && query !== at.query && !(over && over.query === at.query)) return selection.hover(at);
      return selection.set(query === at.query ? { query: null, key: null } : { query: at.query, key: null });
    }
    if (query !== null) return selection.set({ key: key === at.key ? null : at.key });
    return selection.hover(over && over.key === at.key && touch ? null : at);
  }

  function wheel(view, event) {
    const { scene } = view;
    if (!scene || !scene.plan.long || event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return;
    view.wheeled = (view.wheeled || 0) + (event.deltaMode === 1 ? event.deltaY * 20 : event.deltaY);
    const rows = Math.trunc(view.wheeled / 24);
    if ((event.deltaY < 0 && !scene.plan.above) || (event.deltaY > 0 && !scene.plan.below)) return;
    event.preventDefault();
    if (!rows) return;
    view.wheeled -= rows * 24;
    scroll(view, rows);
  }

  /** Move the window by so many rows. */
  function scroll(view, rows) {
    const { plan } = view.scene,
      last = plan.above + plan.below;
    view.stage.selection.set({ from: Math.max(0, Math.min(last, plan.from + rows)) });
  }

  /** Keys of UX.md; true when the key was taken. */
  function key(view, event) {
    const { scene, stage } = view,
      inside = view.element.contains(A.dom.focused()),
      free = !A.dom.focused() || A.dom.focused() === document.body || inside;
    if (!scene || !free) return false;
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -14, PageDown: 14, Home: -1e9, End: 1e9 }[event.key];
    if (step && !event.shiftKey) return move(view, step);
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") return along(view, event.key === "ArrowRight" ? 1 : -1);
    if ((event.key === "Enter" || event.key === " ") && inside) return pin(view);
    if (event.key === "c") return column(view);
    if (event.key === "Escape" && stage.selection.hovered) {
      stage.selection.hover(null);
      if (stage.selection.state.query === null) return true;
    }
    return false;
  }

  const current = (view) =>
    view.stage.selection.hovered && view.stage.selection.hovered.query !== undefined
      ? view.stage.selection.hovered.query
      : view.stage.selection.state.query;

  async function move(view, step) {
    const real = view.scene.sheet.queryTokens.filter((t) => !t.padding).map((t) => t.position),
      at = current(view);
    const start =
      at === null || at === undefined
        ? (step > 0 ? -1 : 1) + real.indexOf(view.scene.plan.rows[0]) * (step > 0 ? 1 : 0)
        : real.indexOf(at);
    const to = real[Math.max(0, Math.min(real.length - 1, start + step))];
    if (view.scene.geo.y(to) === undefined) {
      view.wantFocus = to;
      view.stage.selection.set({ from: Math.max(0, real.indexOf(to) - 14) });
    } else view.focusRow(to);
    return true;
  }

  function pin(view) {
    const at = current(view),
      { selection } = view.stage;
    if (at === null || at === undefined) return false;
    selection.set(selection.state.query === at ? { query: null, key: null } : { query: at, key: null });
    return true;
  }

  /** Who looks at the key that is chosen, or that the row in focus looks at most: what hovering a key shows. */
  function column(view) {
    const { scene, stage } = view,
      at = current(view);
    const key =
      stage.selection.state.key ??
      (at === null || at === undefined ? null : A.headView.sheet.ranked(scene.sheet, scene.sheet.mean(at))[0]);
    if (key === null || key === undefined) return false;
    stage.selection.hover({ key });
    stage.announce(
      A.headView.facts
        .column(scene.sheet, key)
        .map((part) => part.text ?? part)
        .join(""),
    );
    return true;
  }

  /** → the next weaker key of the row, ← the next stronger one. */
  function along(view, step) {
    const at = current(view),
      { selection } = view.stage,
      { sheet } = view.scene;
    if (at === null || at === undefined) return false;
    const order = A.headView.sheet.ranked(sheet, sheet.mean(at)),
      chosen =
        selection.state.query === at && selection.state.key !== null ? order.indexOf(selection.state.key) : step > 0 ? -1 : 1;
    const to = order[Math.max(0, Math.min(order.length - 1, chosen + step))];
    if (to === undefined) return false;
    selection.set({ query: at, key: to });
    view.stage.announce(`${sheet.keyTokens[to].label} ${A.words.weight(sheet.mean(at)[to])}`);
    return true;
  }

  return { attach, key, scroll };
})();
