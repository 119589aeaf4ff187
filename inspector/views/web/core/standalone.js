// An svg element as a file of its own: its styles written in, over its ground, under its caption, above what made it.
A.standalone = (() => {
  const SHAPE = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity"];
  const WORDS = ["font-size", "font-weight", "font-variant-numeric", "text-anchor", "direction", "text-decoration-line"];
  const KEPT = { text: [...SHAPE, ...WORDS], tspan: [...SHAPE, ...WORDS] };
  const DEFAULTS = {
    opacity: "1",
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "text-decoration-line": "none",
    "text-anchor": "start",
    "font-weight": "400",
    direction: "ltr",
    "font-variant-numeric": "normal",
  };
  const DRAWN = new Set(["path", "rect", "circle", "line", "polyline", "polygon", "text", "tspan", "image"]);
  const HEAD = 26,
    FOOT = 20;

  /**
   * The text and size of the file. dress: {title, ground, ink, muted, footer, swatches: [{stroke, label}]}.
   */
  function make(source, dress) {
    const { svg } = A.dom,
      width = source.width.baseVal.value,
      height = source.height.baseVal.value;
    const copy = stripped(source),
      title = A.tokens.wrap(dress.title, width - 40, 18),
      footer = A.tokens.wrap(dress.footer, width - 40, 12);
    const top = 16 + HEAD * title.length,
      below = FOOT * (footer.length + (dress.swatches.length ? 1 : 0)),
      whole = top + height + below + 12;
    const text = (words, y, size, fill, weight = 400) =>
      svg("text", { x: 16, y, fill, "font-size": size, "font-weight": weight }, words);
    copy.setAttribute("y", top);
    const page = svg(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        width,
        height: whole,
        viewBox: `0 0 ${width} ${whole}`,
        "font-family": A.tokens.FAMILY,
      },
      svg("rect", { width: "100%", height: "100%", fill: dress.ground }),
      title.map((line, i) => text(line, 30 + HEAD * i, 18, dress.ink, 600)),
      copy,
      footer.map((line, i) => text(line, top + height + 14 + FOOT * i, 12, dress.muted)),
      swatches(dress, top + height + 14 + FOOT * footer.length),
    );
    return { text: new XMLSerializer().serializeToString(page), width, height: whole };
  }

  /** Which hue is which head, since the chips are not part of the drawing. */
  function swatches({ swatches: heads, muted }, y) {
    const { svg } = A.dom;
    return heads.map(({ stroke, label }, i) => [
      svg("rect", { x: 16 + 84 * i, y: y - 9, width: 12, height: 8, fill: stroke }),
      svg("text", { x: 34 + 84 * i, y, fill: muted, "font-size": 12 }, label),
    ]);
  }

  function stripped(source) {
    const copy = source.cloneNode(true);
    inline(source, copy);
    for (const node of [copy, ...copy.querySelectorAll("*")])
      for (const { name } of [...node.attributes])
        if (/^(class|role|tabindex|aria-|data-|style$)/.test(name)) node.removeAttribute(name);
    for (const hit of copy.querySelectorAll("[fill='rgba(0, 0, 0, 0)'][stroke='none']")) hit.remove();
    return copy;
  }

  function inline(source, copy) {
    const style = getComputedStyle(source);
    if (DRAWN.has(source.tagName)) {
      for (const name of KEPT[source.tagName] || SHAPE) {
        const value = style.getPropertyValue(name);
        if (value && value !== DEFAULTS[name]) copy.setAttribute(name, value);
      }
    }
    if (style.display === "none" || style.visibility === "hidden") copy.setAttribute("display", "none");
    for (let i = 0; i < source.children.length; i++) inline(source.children[i], copy.children[i]);
  }

  /** What the reader sees around the picture now: caption, colours, model, layer and heads. */
  function dress(stage, heads = []) {
    const bench = stage.panelElement.closest(".bench"),
      style = getComputedStyle(bench),
      value = (name) => style.getPropertyValue(name).trim(),
      { layer } = stage.selection.state,
      shown = A.choices.heads(stage.selection.state);
    const which = shown.length > 1 ? `heads ${A.words.list(shown.map(String))}` : shown.length ? `head ${shown[0]}` : "no head";
    return {
      title: bench.querySelector(".caption").textContent,
      ground: value("--card"),
      ink: value("--ink"),
      muted: value("--muted"),
      footer: `${stage.data.manifest.title || ""} · layer ${layer} · ${which}`,
      swatches: heads.length > 1 ? heads : [],
    };
  }

  return { make, dress };
})();
