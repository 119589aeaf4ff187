// How far a token may look: from itself alone (local) to the whole text (global).
(A.reference ||= {}).windows = (() => {
  /** Window sizes up to a length, finer where they are small; null is the whole text. */
  function steps(length) {
    const all = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384].filter((w) => w < length - 1);
    return [...all, null];
  }

  function create(stage) {
    const { h } = A.dom, slider = h("input", { type: "range", class: "slider", min: "0", "aria-label": "Window" }), words = h("p", { class: "small", "aria-live": "polite" });
    let sizes = [null];
    const say = () => { words.textContent = text(sizes[Number(slider.value)]); slider.setAttribute("aria-valuetext", words.textContent); };
    slider.addEventListener("input", say);
    slider.addEventListener("change", () => stage.selection.set({ window: sizes[Number(slider.value)] }));
    const element = h("section", { class: "ref-window" }, h("h4", { class: "label" }, "How far a token may look"), slider, h("div", { class: "ref-ends small" }, h("span", {}, "local"), h("span", {}, "global")), words);
    return { element, draw(length) {
      sizes = steps(length);
      slider.max = String(sizes.length - 1);
      const { window } = stage.selection.state, at = window === null ? -1 : sizes.findIndex((w) => w === null || w >= window);
      slider.value = String(at < 0 ? sizes.length - 1 : at);
      say();
    } };
  }

  const text = (window) => (window === null ? "The whole text, as the model does." : window === 0 ? "Only itself." : `${A.words.plural(window, "token")} to either side.`);

  return { create, steps };
})();
