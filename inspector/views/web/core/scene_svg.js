// A scene as an SVG file: shapes and words stay shapes and words, maps of cells are embedded as images.
A.sceneSvg = (() => {
  const svg = (...all) => A.dom.svg(...all),
    n = (x) => A.dom.n(x);

  function stroke(item) {
    return {
      fill: item.fill || "none",
      stroke: item.stroke || null,
      "stroke-width": item.stroke ? item.width || 1 : null,
      "stroke-dasharray": item.dash ? item.dash.join(" ") : null,
      opacity: item.opacity ?? null,
    };
  }

  const box = (item) => ({ x: n(item.x), y: n(item.y), width: n(item.w), height: n(item.h) });

  function stripes(id, name, colour) {
    const { period, width, cross } = A.Scene.STRIPES[name],
      p = period / Math.SQRT2;
    return svg(
      "pattern",
      { id, width: p, height: p, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("line", { x1: 0, y1: 0, x2: 0, y2: p, stroke: colour, "stroke-width": width }),
      cross ? svg("line", { x1: 0, y1: 0, x2: p, y2: 0, stroke: colour, "stroke-width": width }) : null,
    );
  }

  const MAKE = {
    rect: (item) => svg("rect", { ...box(item), rx: item.radius || null, ...stroke(item) }),
    path: (item) => svg("path", { d: item.d, ...stroke(item) }),
    text: (item) =>
      svg(
        "text",
        {
          x: 0,
          y: n(item.size * 0.36),
          transform: `translate(${n(item.x)} ${n(item.y)})${item.rotate ? ` rotate(${item.rotate})` : ""}`,
          "font-size": item.size,
          "font-weight": item.weight,
          "text-anchor": item.align,
          fill: item.fill,
          "text-decoration": item.strike ? "line-through" : null,
          opacity: item.opacity ?? null,
        },
        item.text,
      ),
    image: (item) =>
      svg("image", {
        ...box(item),
        href: item.source.toDataURL("image/png"),
        preserveAspectRatio: "none",
        style: item.smooth ? null : { "image-rendering": "pixelated" },
      }),
    hatch(item, shared) {
      const key = `${item.pattern}-${item.colour.slice(1)}`;
      if (!shared.patterns.has(key)) shared.patterns.set(key, stripes(key, item.pattern, item.colour));
      const fill = `url(#${key})`;
      return item.d ? svg("path", { d: item.d, fill }) : svg("rect", { ...box(item), fill });
    },
  };

  /** The text of an SVG document. */
  function toSvg(scene, ground, title) {
    const shared = { patterns: new Map(), clips: 0 },
      defs = svg("defs"),
      root = svg(
        "svg",
        {
          xmlns: "http://www.w3.org/2000/svg",
          viewBox: `0 0 ${n(scene.width)} ${n(scene.height)}`,
          width: n(scene.width),
          height: n(scene.height),
          "font-family": A.tokens.FAMILY,
        },
        title ? svg("title", null, title) : null,
        defs,
        svg("rect", { width: "100%", height: "100%", fill: ground }),
      );
    const open = [root];
    for (const item of scene.items) {
      if (item.kind === "clip") {
        const id = `clip-${++shared.clips}`,
          group = svg("g", { "clip-path": `url(#${id})` });
        defs.append(svg("clipPath", { id }, svg("rect", box(item))));
        open[open.length - 1].append(group);
        open.push(group);
      } else if (item.kind === "move") {
        const group = svg("g", { transform: `translate(${n(item.x)} ${n(item.y)})` });
        open[open.length - 1].append(group);
        open.push(group);
      } else if (item.kind === "end") open.pop();
      else open[open.length - 1].append(MAKE[item.kind](item, shared));
    }
    defs.append(...shared.patterns.values());
    return new XMLSerializer().serializeToString(root);
  }

  return toSvg;
})();
