// Measures of a long text come after its picture: they are asked for until they are there, and every place that shows one fills then.
A.measuring = (() => {
  const PAUSE = 500;

  /** Begin once the first picture stands; a manifest that carries its measures needs nothing. */
  async function follow(bench, data) {
    const { groups } = data.manifest;
    if (data.measuring || groups.every((g) => g.measures)) return;
    const now = (data.measuring = { share: 0 });
    show(bench, data);
    try {
      for (const group of groups) while (!group.measures) if (!(await ask(bench, data, group, now))) return;
      if (data.measuring === now) delete data.measuring;
    } catch (error) {
      if (data.measuring !== now) return;
      now.failed = error;
      const card = error.found ? error : { asked: "The heads were to be measured.", found: String(error.message || error) };
      if (bench.data === data) A.dom.put(bench.parts.problem, A.notice.card(bench, card)); // stays when the picture is drawn again
    }
    if (bench.data !== data) return;
    show(bench, data);
    bench.announce(`${words(data)}.`);
    bench.draw(new Set(["measures"]));
  }

  /** One question; false when the page has gone on to something else, or the reader said stop (and perhaps began again since). */
  async function ask(bench, data, group, now) {
    const answer = await data.get({ kind: "measures", group: group.key }),
      gone = bench.data !== data,
      mine = data.measuring === now;
    if (gone || !mine || now.stopped) {
      if (!answer.measures && (gone || mine)) await data.get({ kind: "measures", group: group.key, stop: true });
      return false;
    }
    if (answer.measures) group.measures = answer.measures;
    else {
      Object.assign(now, { share: answer.pending, waiting: !!answer.waiting });
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
    bench.element.dataset.measured = now ? "no" : "yes";
    slot.classList.toggle("over", !now); // its place stays, so that nothing jumps
    if (!now) return slot;
    slot.hidden = false;
    const over = !!(now.failed || now.stopped),
      button = (text, act) => h("button", { type: "button", class: "plain-link", on: { click: act } }, text);
    if (now.over !== over || !slot.contains(now.said)) {
      Object.assign(now, { over, said: h("span", {}) }); // the button stays while the words change, so that a press on it counts
      const act = over ? button("Measure all heads", () => again(bench, data)) : button("Stop", () => stop(bench, data));
      const held = slot.contains(A.dom.focused());
      put(slot, now.said, " ", act);
      if (held) act.focus();
    }
    now.said.textContent = over ? "Measures are not all there." : progress(data);
    return slot;
  }

  function stop(bench, data) {
    data.measuring.stopped = true;
    show(bench, data);
    bench.announce(`${words(data)}.`);
    bench.draw(new Set(["measures"]));
  }

  function again(bench, data) {
    delete data.measuring;
    A.dom.put(bench.parts.problem);
    follow(bench, data);
    bench.draw(new Set(["measures"]));
  }

  /** What stands where measures or maps of all heads would be. */
  function words(data) {
    const heads = data.manifest.groups.reduce((sum, g) => sum + g.layers.reduce((more, l) => more + l.heads, 0), 0),
      { stopped, failed, waiting } = data.measuring || {};
    if (stopped || failed) return `${A.words.plural(heads, "head")} are not measured`;
    if (!data.measuring && data.manifest.groups.every((g) => g.measures)) return `All ${A.words.plural(heads, "head")} are measured`;
    if (waiting) return `Another text is measured first, then these ${A.words.plural(heads, "head")}`;
    return `Measuring all ${A.words.plural(heads, "head")}`;
  }

  /** The same with the share done, for the line that is written anew at every step. */
  const progress = (data) => words(data) + (data.measuring.waiting ? "" : `: ${Math.floor(100 * data.measuring.share)} %`);

  /** Whether somebody is at work on them. */
  const going = (data) => !(data.measuring && (data.measuring.stopped || data.measuring.failed));

  return { follow, words, going };
})();
