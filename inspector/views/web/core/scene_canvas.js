// A scene on a canvas, in whole device pixels.
A.paintScene = (() => {
  function stripes(ctx, name, colour, ratio) {
    const { period, width, cross } = A.Scene.STRIPES[name],
      size = Math.round(period * ratio),
      tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = width * ratio;
    pen.beginPath();
    for (const shift of [-size, 0, size]) {
      pen.moveTo(shift - 1, size + 1);
      pen.lineTo(shift + size + 1, -1);
      if (cross) {
        pen.moveTo(shift - 1, -1);
        pen.lineTo(shift + size + 1, size + 1);
      }
    }
    pen.stroke();
    const pattern = ctx.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().scale(1 / ratio));
    return pattern;
  }

  function shape(ctx, item) {
    if (item.fill) {
      ctx.fillStyle = item.fill;
    }
    if (item.stroke) {
      ctx.strokeStyle = item.stroke;
      ctx.lineWidth = item.width || 1;
      ctx.setLineDash(item.dash || []);
    }
  }

  const DRAW = {
    rect(ctx, item) {
      shape(ctx, item);
      if (item.radius) {
        ctx.beginPath();
        ctx.roundRect(item.x, item.y, item.w, item.h, item.radius);
        if (item.fill) ctx.fill();
        if (item.stroke) ctx.stroke();
        return;
      }
      if (item.fill) ctx.fillRect(item.x, item.y, item.w, item.h);
      if (item.stroke) ctx.strokeRect(item.x, item.y, item.w, item.h);
    },
    path(ctx, item) {
      shape(ctx, item);
      const path = new Path2D(item.d);
      if (item.fill) ctx.fill(path);
      if (item.stroke) ctx.stroke(path);
    },
    text(ctx, item) {
      ctx.save();
      ctx.translate(item.x, item.y);
      if (item.rotate) ctx.rotate((item.rotate * Math.PI) / 180);
      ctx.font = `${item.weight} ${item.size}px ${A.tokens.FAMILY}`;
      ctx.direction = A.words.direction(item.text);
      ctx.textAlign = { start: "left", middle: "center", end: "right" }[item.align];
      ctx.textBaseline = "alphabetic";
      ctx.fillStyle = item.fill;
      ctx.fillText(item.text, 0, item.size * 0.36);
      if (item.strike) {
        const width = A.tokens.width(item.text, item.size, item.weight);
        ctx.fillRect(item.align === "end" ? -width : item.align === "middle" ? -width / 2 : 0, 0, width, 1);
      }
      ctx.restore();
    },
    image(ctx, item) {
      ctx.imageSmoothingEnabled = item.smooth;
      ctx.imageSmoothingQuality = "high";
      ctx.drawImage(item.source, item.x, item.y, item.w, item.h);
    },
    hatch(ctx, item, ratio, kept) {
      const key = `${item.pattern} ${item.colour}`;
      if (!kept.has(key)) kept.set(key, stripes(ctx, item.pattern, item.colour, ratio));
      ctx.fillStyle = kept.get(key);
      if (item.d) ctx.fill(new Path2D(item.d));
      else ctx.fillRect(item.x, item.y, item.w, item.h);
    },
    clip(ctx, item) {
      ctx.save();
      ctx.beginPath();
      ctx.rect(item.x, item.y, item.w, item.h);
      ctx.clip();
    },
    move(ctx, item) {
      ctx.save();
      ctx.translate(item.x, item.y);
    },
    end(ctx) {
      ctx.restore();
    },
  };

  /** Draw a scene; the canvas gets `ratio` device pixels per pixel. `ground` fills it first, null leaves it clear. */
  function paint(canvas, scene, ratio, ground = null) {
    const width = Math.round(scene.width * ratio),
      height = Math.round(scene.height * ratio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const ctx = canvas.getContext("2d"),
      kept = new Map();
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, width, height);
    if (ground) {
      ctx.fillStyle = ground;
      ctx.fillRect(0, 0, width, height);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const item of scene.items) {
      ctx.globalAlpha = item.opacity ?? 1;
      DRAW[item.kind](ctx, item, ratio, kept);
    }
    return canvas;
  }

  return paint;
})();
