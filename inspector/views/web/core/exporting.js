// Pictures as files: the SVG of a view with its styles written in, its canvas, or the SVG painted on a canvas.
A.exporting = (() => {
  const KEPT = [
    "fill",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "opacity",
    "fill-opacity",
    "stroke-opacity",
    "font-family",
    "font-size",
    "font-weight",
    "font-variant-numeric",
    "text-anchor",
    "dominant-baseline",
    "direction",
    "unicode-bidi",
    "text-decoration-line",
    "paint-order",
    "stroke-linejoin",
  ];
  const DEFAULTS = {
    opacity: "1",
    "fill-opacity": "1",
    "stroke-opacity": "1",
    "stroke-dasharray": "none",
    "text-decoration-line": "none",
    direction: "ltr",
    "font-variant-numeric": "normal",
    "paint-order": "normal",
  };

  const kinds = (view) => [view.canvas || view.svg ? "png" : null, view.svg ? "svg" : null].filter(Boolean);

  /** A copy of an svg element that looks the same without any style sheet, over a ground and under a title. */
  function standalone(source, { title, ground, ink, muted, footer }) {
    const { svg } = A.dom,
      width = source.width.baseVal.value || source.clientWidth,
      height = source.height.baseVal.value || source.clientHeight;
    const copy = source.cloneNode(true);
    inline(source, copy);
    for (const gone of copy.querySelectorAll("[data-transient]")) gone.remove();
    for (const node of [copy, ...copy.querySelectorAll("*")])
      for (const { name } of [...node.attributes])
        if (/^(class|role|tabindex|aria-|data-|style$)/.test(name)) node.removeAttribute(name);
    const family = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
    const text = (words, y, size, fill, weight) =>
      svg("text", { x: 16, y, fill, "font-size": size, "font-weight": weight, "font-family": family }, words);
    const lines = wrap(title, Math.floor(width / 9.4)),
      head = 16 + 26 * lines.length,
      foot = footer ? wrap(footer, Math.floor(width / 6)) : [];
    const whole = svg(
      "svg",
      {
        xmlns: "http://www.w3.org/2000/svg",
        width,
        height: height + head + 20 * foot.length + 12,
        viewBox: `0 0 ${width} ${height + head + 20 * foot.length + 12}`,
      },
      svg("rect", { width: "100%", height: "100%", fill: ground }),
      lines.map((line, i) => text(line, 30 + 26 * i, 18, ink, 600)),
    );
    copy.setAttribute("y", head);
    whole.append(copy, ...foot.map((line, i) => text(line, head + height + 14 + 20 * i, 12, muted, 400)));
    return { text: new XMLSerializer().serializeToString(whole), width, height: height + head + 20 * foot.length + 12 };
  }

  function inline(source, copy) {
    const style = getComputedStyle(source);
    if (copy.tagName !== "defs" && copy.tagName !== "pattern") {
      for (const name of KEPT) {
        const value = style.getPropertyValue(name);
        if (value && value !== DEFAULTS[name]) copy.setAttribute(name, value);
      }
    }
    if (style.display === "none" || style.visibility === "hidden") copy.setAttribute("display", "none");
    for (let i = 0; i < source.children.length; i++) inline(source.children[i], copy.children[i]);
  }

  function wrap(text, room) {
    const lines = [""];
    for (const word of (text || "").split(" ")) {
      if (lines[lines.length - 1].length + word.length > room && lines[lines.length - 1]) lines.push("");
      lines[lines.length - 1] += (lines[lines.length - 1] ? " " : "") + word;
    }
    return lines;
  }

  async function raster(svgText, width, height) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svgText)}`;
    await image.decode();
    const canvas = A.dom.h("canvas", {});
    canvas.width = width * 2;
    canvas.height = height * 2;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  function offer(bench, blob, name) {
    const url = URL.createObjectURL(blob),
      link = A.dom.h("a", { href: url, download: name });
    bench.parts.over.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  /** The file name says what it is: one-head-layer-3-head-1.svg */
  function name(bench, kind) {
    const { view, layer, heads } = bench.selection.state,
      slug = (bench.manifest.views.find((v) => v.name === view) || { slug: view }).slug;
    return `${slug}-layer-${layer}-head-${heads.slice(0, 4).join("-")}.${kind}`;
  }

  async function save(bench, kind) {
    const { view } = bench.stage();
    try {
      if (kind === "csv")
        return offer(bench, new Blob([`\uFEFF${A.table.csv(await view.table())}`], { type: "text/csv" }), name(bench, kind));
      const drawn = view.svg ? await view.svg() : null;
      if (kind === "svg" && drawn)
        return offer(bench, new Blob([drawn.text || drawn], { type: "image/svg+xml" }), name(bench, kind));
      const canvas = view.canvas && view.canvas() ? view.canvas() : await raster(drawn.text, drawn.width, drawn.height);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
      return offer(bench, blob, name(bench, kind));
    } catch (error) {
      return A.notice.failed(bench, {
        asked: `Asked for the picture as ${kind.toUpperCase()}.`,
        found: String(error.message || error),
        do: "Try another format.",
      });
    }
  }

  /** A file the server writes: the whole capture, or a page of this view. */
  async function fetch(bench, what) {
    const { view, group, layer, heads, query, key } = bench.selection.state;
    try {
      const file = await bench.data.get({ kind: "export", what, view, start: { view, group, layer, heads, query, key } });
      const link = A.dom.h("a", { href: file.url, download: file.name });
      bench.parts.over.append(link);
      link.click();
      link.remove();
    } catch (error) {
      A.notice.failed(bench, error);
    }
  }

  /** Colours and words for standalone(): what the reader sees now. */
  function dress(stage, footer) {
    const bench = stage.panelElement.closest(".bench"),
      style = getComputedStyle(bench),
      value = (v) => style.getPropertyValue(v).trim();
    const caption = bench.querySelector(".caption").textContent,
      { layer, heads } = stage.selection.state;
    return {
      title: caption,
      ground: value("--card"),
      ink: value("--ink"),
      muted: value("--muted"),
      footer: `${stage.data.manifest.title || ""} · layer ${layer} · ${heads.length > 1 ? "heads" : "head"} ${heads.join(", ")}${footer ? ` · ${footer}` : ""}`,
    };
  }

  return { kinds, standalone, raster, save, fetch, dress, wrap };
})();
