// Aligned maps of one head: weights on one shared scale, differences around zero on a scale of their own.
(A.reference ||= {}).maps = (() => {
  /** What is drawn of an answer: positions of rows and columns without padding, and each map's values. */
  function read(answer, axes) {
    const decode = (packed) => (packed ? A.bytes.decode(packed) : null),
      real = (tokens) => tokens.filter((t) => !t.padding).map((t) => t.position);
    const model = decode(answer.model),
      minus = (other) => (other ? model.map((v, i) => v - other[i]) : null);
    const additive = decode(answer.additive),
      local = answer.local ? decode(answer.local.map) : null;
    return {
      ...axes,
      rows: real(axes.queries),
      cols: real(axes.keys),
      comparison: answer.comparison,
      fit: answer.fit || null,
      stated: answer.stated || [],
      local: answer.local || null,
      values: {
        model,
        reference: decode(answer.reference),
        difference: decode(answer.difference),
        additive,
        missed: minus(additive),
        near: local,
        far: answer.local ? decode(answer.local.difference) || minus(local) : null,
      },
    };
  }

  /** One value of a map at a place. */
  const at = (data, name, { row, col }) =>
    data.values[name] ? data.values[name][data.rows[row] * data.keys.length + data.cols[col]] : null;

  /** The largest size of a difference over what is drawn: where its scale ends. */
  function reach(data, name) {
    let top = 0;
    const values = data.values[name];
    if (values)
      for (const r of data.rows)
        for (const c of data.cols) {
          const v = Math.abs(values[r * data.keys.length + c]);
          if (v > top && v < Infinity) top = v;
        }
    return top;
  }

  /** How far the additive fit is from the drawn weights: {mean, most, row, col}. */
  function missed(data) {
    const found = { mean: 0, most: 0, row: 0, col: 0 };
    data.rows.forEach((_, row) =>
      data.cols.forEach((__, col) => {
        const off = Math.abs(at(data, "missed", { row, col }));
        found.mean += off / (data.rows.length * data.cols.length);
        if (off > found.most) Object.assign(found, { most: off, row, col });
      }),
    );
    return found;
  }

  /** How many pixels a side and how many weights a pixel. */
  function fit(data, room, ratio) {
    const most = Math.max(data.rows.length, data.cols.length),
      k = Math.floor((room * ratio) / most),
      pool = k >= 1 ? 1 : Math.ceil(most / (room * ratio));
    const cell = k >= 1 ? Math.min(k, 24 * ratio) / ratio : 1 / ratio;
    return { pool, cell, w: cell * Math.ceil(data.cols.length / pool), h: cell * Math.ceil(data.rows.length / pool) };
  }

  /** A block's mean for weights; for differences its largest in size, so that none is averaged away. */
  function block(data, values, r, c, pool, signed) {
    let sum = 0,
      count = 0,
      most = 0;
    for (let i = r * pool; i < Math.min(data.rows.length, (r + 1) * pool); i++) {
      for (let j = c * pool; j < Math.min(data.cols.length, (c + 1) * pool); j++) {
        const v = values[data.rows[i] * data.keys.length + data.cols[j]];
        sum += v;
        count++;
        if (Math.abs(v) > Math.abs(most)) most = v;
      }
    }
    return signed ? most : sum / count;
  }

  /** One pixel a block. */
  function canvas(data, name, size, theme, top) {
    const values = data.values[name],
      signed = top !== undefined,
      rows = Math.ceil(data.rows.length / size.pool),
      cols = Math.ceil(data.cols.length / size.pool);
    const made = document.createElement("canvas"),
      colours = A.colour.table(signed ? "diverging" : "sequential", theme);
    made.width = cols;
    made.height = rows;
    const ctx = made.getContext("2d"),
      pixels = ctx.createImageData(cols, rows);
    for (let i = 0; i < rows * cols; i++) {
      const v = block(data, values, Math.floor(i / cols), i % cols, size.pool, signed);
      const t = signed ? (top > 0 ? 0.5 + 0.5 * Math.max(-1, Math.min(1, v / top)) : 0.5) : A.heat.scale.place(v, 1, false),
        k = 3 * Math.round(255 * t);
      pixels.data.set([colours[k], colours[k + 1], colours[k + 2], 255], 4 * i);
    }
    ctx.putImageData(pixels, 0, 0);
    return made;
  }

  return { read, at, reach, missed, fit, canvas };
})();
