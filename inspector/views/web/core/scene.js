// A picture as a list of plain shapes: one layout serves the screen (canvas), the PNG and the SVG file.
A.Scene = class {
  constructor(width, height) {
    Object.assign(this, { width, height, items: [] });
  }

  /** {fill, stroke, width, radius, dash, opacity} */
  rect(x, y, w, h, style) {
    this.items.push({ kind: "rect", x, y, w, h, ...style });
  }

  line(x1, y1, x2, y2, style) {
    this.items.push({ kind: "path", d: `M${x1} ${y1}L${x2} ${y2}`, ...style });
  }

  /** An SVG path: {fill, stroke, width, dash, opacity} */
  path(d, style) {
    this.items.push({ kind: "path", d, ...style });
  }

  /** {size, weight, fill, align: "start" | "middle" | "end", rotate in degrees, room: pixels before it is cut, strike} ; y is the middle of the line. */
  text(x, y, text, style) {
    const { room, ...rest } = { size: 12, weight: 400, align: "start", rotate: 0, ...style };
    const shown = room === undefined ? String(text) : A.tokens.fit(String(text), room, rest.size, rest.weight);
    this.items.push({ kind: "text", x, y, text: shown, ...rest });
  }

  /** A canvas stretched over a rectangle; smooth false keeps its pixels as squares. */
  image(source, x, y, w, h, smooth = false) {
    if (source.width && source.height) this.items.push({ kind: "image", source, x, y, w, h, smooth });
  }

  /** Stripes: "rest" (mass at rest), "barred" (not allowed), "broken" (not a number). */
  hatch(x, y, w, h, pattern, colour) {
    this.items.push({ kind: "hatch", x, y, w, h, pattern, colour });
  }

  /** The same stripes inside an SVG path. */
  hatchPath(d, pattern, colour) {
    this.items.push({ kind: "hatch", d, pattern, colour });
  }

  /** What `draw` adds is seen only inside the rectangle. */
  clip(x, y, w, h, draw) {
    this.items.push({ kind: "clip", x, y, w, h });
    draw();
    this.items.push({ kind: "end" });
  }

  /** Another scene, moved to (x, y). */
  inside(scene, x, y) {
    this.items.push({ kind: "move", x, y }, ...scene.items, { kind: "end" });
  }
};

// Stripe patterns: period, thickness and whether they cross, in pixels.
A.Scene.STRIPES = {
  rest: { period: 4, width: 1.6 },
  barred: { period: 7, width: 1 },
  broken: { period: 7, width: 1.1, cross: true },
};
