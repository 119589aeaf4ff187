// BertViz in a sandboxed frame, drawn only when asked: its page is large and loads scripts from a CDN.
A.views.bertviz = {
  rail: false,
  create(stage) {
    const { h, put } = A.dom, { selection } = stage;
    const state = { view: "head_view", all: false };
    const frame = h("iframe", { class: "bertviz-frame", title: "BertViz", sandbox: "allow-scripts", hidden: true });
    const problem = h("p", { class: "bertviz-problem", role: "status" });
    const choice = (name, text) => h("button", { type: "button", class: "chip round", "data-view": name, "aria-pressed": String(state.view === name), on: { click: () => choose({ view: name }) } }, text);
    const controls = h("div", { class: "bertviz-controls" });
    put(stage.picture, controls, problem, frame);
    put(stage.panel, h("section", {}, h("h3", { class: "label" }, "What this is"),
      h("p", { class: "bertviz-words" }, "BertViz draws every weight it is given as a line of its own. Its page is made by the library itself from the weights of this capture."),
      h("p", { class: "bertviz-words" }, "Its scripts (require.js, jQuery, d3) come from cdnjs.cloudflare.com; the frame can reach nothing of this page.")));

    function choose(patch) {
      Object.assign(state, patch);
      frame.hidden = true;
      draw();
    }

    async function show() {
      problem.textContent = "Asking BertViz …";
      const { layer } = selection.state;
      try {
        const found = await stage.request("bertviz", { view: state.view, layers: state.all ? null : [layer] });
        problem.textContent = "";
        frame.srcdoc = found.html;
        frame.hidden = false;
        stage.announce("BertViz drawn in its frame.");
      } catch (error) {
        problem.textContent = [error.asked, error.found, error.do].filter(Boolean).join(" ") || String(error.message || error);
      }
    }

    function draw() {
      const { layer } = selection.state;
      put(controls, h("div", { class: "bertviz-choice", role: "group", "aria-label": "BertViz view" }, choice("head_view", "head view"), choice("model_view", "model view")),
        h("label", {}, h("input", { type: "checkbox", checked: state.all, on: { change: (e) => choose({ all: e.target.checked }) } }), " all layers"),
        h("button", { type: "button", class: "button", "data-action": "bertviz", on: { click: show } }, `Draw ${state.all ? "all layers" : `layer ${layer}`} with BertViz`));
      stage.caption(["The same weights, drawn by BertViz."], "Nothing is loaded until you press the button. Long texts and many layers are refused before they stop the browser.");
    }

    return { draw, table: () => ({ columns: ["BertViz"], rows: [["This view has no table; see One head."]] }) };
  },
};
