// Measures of a long text come after its picture: they are asked for until they are there, and every place that shows one fills then.
A.measuring = (() => {
  const PAUSE = 500;

  /** Begin once the first picture stands; a manifest that carries its measures needs nothing. */
  async function follow(bench, data) {
    const { groups } = data.manifest;
    if (data.measuring || groups.every((g) => g.measures)) return;
    data.measuring = { share: 0 };
    show(bench, data);
    try {
      for (const group of groups) while (!group.measures) if (!(await ask(bench, data, group))) return;
      delete data.measuring;
    } catch (error) {
      data.measuring = { failed: error };
    }
    if (bench.data !== data) return;
    show(bench, data);
    bench.draw(new Set(["measures"]));
  }

  /** One question; false when the page has gone on to something else or the reader said stop. */
  async function ask(bench, data, group) {
    const answer = await data.get({ kind: "measures", group: group.key });
    if (bench.data !== data || data.measuring.stopped) {
      if (!answer.measures) await data.get({ kind: "measures", group: group.key, stop: true });
      return false;
    }
    if (answer.measures) group.measures = answer.measures;
    else {
      data.measuring.share = answer.pending;
      show(bench, data);
      await new Promise((go) => setTimeout(go, PAUSE));
    }
    return true;
  }

  /** "Measuring all 144 heads: 42 %" beside the line under the caption, with a way to stop and to begin again. */
  function show(bench, data) {
    const { h, put } = A.dom,
      slot = bench.parts.measuring,
      now = data.measuring;
    slot.hidden = !now;
    bench.element.dataset.measured = now ? "no" : "yes";
    if (!now) return put(slot);
    const over = !!(now.failed || now.stopped),
      button = (text, act) => h("button", { type: "button", class: "plain-link", on: { click: act } }, text);
    if (now.over !== over || !slot.contains(now.said)) {
      Object.assign(now, { over, said: h("span", {}) }); // the button stays while the words change, so that a press on it counts
      const act = over ? button("Measure all heads", () => again(bench, data)) : button("Stop", () => stop(bench, data));
      put(slot, now.said, " ", act);
    }
    if (now.failed) now.said.textContent = now.failed.found || now.failed.message || now.failed;
    else now.said.textContent = over ? "Measures are not all there." : words(data);
    return slot;
  }

  function stop(bench, data) {
    data.measuring.stopped = true;
    show(bench, data);
    bench.draw(new Set(["measures"]));
  }

  function again(bench, data) {
    delete data.measuring;
    follow(bench, data);
    bench.draw(new Set(["measures"]));
  }

  /** What stands where measures or maps of all heads would be. */
  function words(data) {
    const heads = data.manifest.groups.reduce((sum, g) => sum + g.layers.reduce((more, l) => more + l.heads, 0), 0),
      { share, stopped, failed } = data.measuring || { share: 0 };
    if (stopped || failed) return `${A.words.plural(heads, "head")} are not measured.`;
    return `Measuring all ${A.words.plural(heads, "head")}: ${Math.floor(100 * share)} %`;
  }

  return { follow, words };
})();
