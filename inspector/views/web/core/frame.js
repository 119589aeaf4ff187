// The skeleton of the workbench: what stays in place whatever is shown.
A.frame = {
  build(bench) {
    const { h } = A.dom;
    const parts = {};
    parts.actions = h("div", { class: "actions" });
    parts.proof = h("div", { class: "proof" });
    parts.top = h("header", { class: "top" }, bench.host === "app" ? parts.proof : A.frame.brand(parts), parts.actions);
    parts.inputs = h("div", { class: "inputs" });
    parts.tabs = h("div", { class: "tabs" });
    parts.chosen = h("div", { class: "chosen" });
    parts.link = h("div", { class: "link", title: "The pinned link" });
    parts.caption = h("h2", { class: "caption", "aria-live": "polite" });
    parts.how = h("p", { class: "how" });
    parts.said = h("p", { class: "said", hidden: true });
    parts.stale = h("p", { class: "stale-note", hidden: true, role: "status" });
    parts.measuring = h("p", { class: "measuring", hidden: true });
    parts.progress = h("div", { class: "progress", hidden: true, role: "status" });
    parts.problem = h("div", { class: "problem-slot" });
    parts.note = h("p", { class: "note", hidden: true, role: "status" });
    parts.views = h("div", { class: "views" });
    parts.live = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
    parts.over = h("div", { class: "over" });
    parts.bench = h(
      "section",
      { class: "bench", "data-host": bench.host, "aria-label": "Attention inspector" },
      bench.host === "page"
        ? h("button", { type: "button", class: "skip", on: { click: () => A.frame.skip(bench) } }, "Skip to the picture")
        : null,
      bench.host === "app" ? [parts.inputs, parts.top] : [parts.top, parts.proof, parts.inputs],
      h("div", { class: "bar" }, parts.tabs, parts.chosen),
      parts.progress,
      parts.problem,
      parts.note,
      h("div", { class: "words" }, parts.caption, h("div", { class: "beside" }, parts.stale, parts.how, parts.measuring), parts.said),
      parts.views,
      parts.live,
      parts.over,
    );
    A.actions.build(bench, parts.actions);
    return parts;
  },

  /** Past header, form and tabs to what the page is about. */
  skip(bench) {
    if (!bench.selection) return;
    const { picture } = bench.stage();
    const stop = picture.querySelector("[role][tabindex='0']:is([role=grid], [role=group]), [role=grid] [tabindex='0']") || picture.querySelector("button, select, input");
    if (stop) stop.focus();
  },

  brand(parts) {
    const { h, svg } = A.dom;
    const mark = svg(
      "svg",
      { viewBox: "0 0 24 24", width: 22, height: 22, "aria-hidden": "true", class: "mark" },
      svg("path", { d: "M2 4C13 4 11 20 22 20M2 12C13 12 11 5 22 5M2 20C13 20 11 4 22 11" }),
    );
    parts.title = h("span", { class: "title" });
    return h("div", { class: "brand" }, mark, h("strong", {}, "Attention Inspector"), parts.title);
  },
};
