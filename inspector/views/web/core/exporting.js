// Pictures and numbers as files: the drawing as SVG, on a canvas as PNG, its numbers as CSV; captures and pages come from the server.
A.exporting = (() => {
  const kinds = (view) => [view.canvas || view.svg ? "png" : null, view.svg ? "svg" : null].filter(Boolean);

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

  /** The file name says what it is: one-head-layer-3-head-1.svg, or what the view itself says after its slug. */
  function name(bench, kind) {
    const { view, layer } = bench.selection.state,
      heads = A.choices.heads(bench.selection.state),
      slug = A.choices.views(bench.manifest).find((v) => v.name === view).slug;
    const { file } = bench.stage().view;
    return file ? `${slug}-${file()}.${kind}` : `${slug}-layer-${layer}-${heads.length ? `head-${heads.slice(0, 4).join("-")}` : "no-head"}.${kind}`;
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
      const asked = `Asked for the picture as ${kind.toUpperCase()}.`;
      return A.notice.failed(
        bench,
        error.found ? { ...error, asked } : { asked, found: String(error.message || error), do: "Try another format." },
      );
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

  return { kinds, raster, save, fetch };
})();
