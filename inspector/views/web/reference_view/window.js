// How far a token may look: from itself alone (local) to the whole text (global).
(A.reference ||= {}).windows = (() => {
  /** Window sizes up to a length, finer where they are small; null is the whole text. */
  function steps(length) {
    const all = [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384].filter((w) => w < length - 1);
    return [...all, null];
  }

  function create(stage) {
    const { h } = A.dom,
      slider = h("input", { type: "range", class: "slider", min: "0", "aria-label": "Window" }),
      words = h("p", { class: "small", "aria-live": "polite" });
    let sizes = [null];
    const say = () => {
      words.textContent = text(sizes[Number(slider.value)]);
      slider.setAttribute("aria-valuetext", words.textContent);
    };
    slider.addEventListener("input", say);
    slider.addEventListener("change", () => stage.selection.set({ window: sizes[Number(slider.value)] }));
    const element = h(
      "section",
      { class: "ref-window" },
      h("h3", { class: "label" }, "How far a token may look"),
      slider,
      h("div", { class: "ref-ends small" }, h("span", {}, "local"), h("span", {}, "global")),
      words,
    );
    return {
      element,
      draw(length) {
        sizes = steps(length);
        slider.max = String(sizes.length - 1);
        const { window } = stage.selection.state,
          at = window === null ? -1 : sizes.findIndex((w) => w === null || w >= window);
        slider.value = String(at < 0 ? sizes.length - 1 : at);
        say();
      },
    };
  }

  /** An answer with the local version added: a softmax over fewer keys is the same weights, rescaled to 1 within the window. */
  function narrow(answer, window) {
    const [rows, cols] = answer.model.shape,
      model = A.bytes.decode(answer.model),
      map = new Float32Array(model.length),
      difference = new Float32Array(model.length);
    let inside = 0,
      counted = 0;
    for (let i = 0; i < rows; i++) {
      const near = (j) => Math.abs(j - i) <= window;
      let sum = 0,
        all = 0;
      for (let j = 0; j < cols; j++) {
        const w = model[i * cols + j];
        all += w;
        if (near(j)) sum += w;
      }
      for (let j = 0; j < cols; j++) {
        const at = i * cols + j;
        map[at] = near(j) && sum > 0 ? model[at] / sum : 0;
        difference[at] = model[at] - map[at];
      }
      if (all > 0) {
        inside += sum / all;
        counted++;
      }
    }
    return { ...answer, local: { map, difference, mass: counted ? inside / counted : 0, window } };
  }

  const text = (window) =>
    window === null
      ? "The whole text, as the model does."
      : window === 0
        ? "Only itself."
        : `${A.words.plural(window, "token")} to either side.`;

  return { create, steps, narrow };
})();
