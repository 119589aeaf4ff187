// The small maps themselves: bytes of √weight on one scale from 0 to 1 for all heads, as one canvas each.
(A.allHeads ||= {}).thumbs = (() => {
  const spread = new WeakMap();

  /**
   * maps from the data, with .at(layer row, head) → bytes. A pooled map holds means of many weights; times the keys of a block it is
   * the attention one token gives to that block, which has the same scale from 0 to 1 as a single weight. `keys` counts the columns' tokens.
   */
  function read(maps, layers, keys) {
    const heads = Math.max(...layers.map((l) => l.heads)),
      size = maps.rows * maps.cols,
      block = maps.pooled ? keys / maps.cols : 1;
    if (!spread.has(maps.maps))
      spread.set(maps.maps, block > 1 ? maps.maps.map((byte) => Math.min(255, Math.round(byte * Math.sqrt(block)))) : maps.maps);
    const bytes = spread.get(maps.maps);
    return {
      ...maps,
      maps: bytes,
      block,
      at: (row, head) => bytes.subarray((row * heads + head) * size, (row * heads + head + 1) * size),
    };
  }

  const kept = new WeakMap();
  /** The canvas of one head in a theme. */
  function canvas(maps, row, head, theme) {
    if (!kept.has(maps.maps)) kept.set(maps.maps, new Map());
    const store = kept.get(maps.maps),
      key = `${row} ${head} ${theme}`;
    if (!store.has(key)) store.set(key, paint(maps.at(row, head), maps.rows, maps.cols, theme));
    return store.get(key);
  }

  function paint(bytes, rows, cols, theme) {
    const made = document.createElement("canvas"),
      colours = A.colour.table("sequential", theme);
    made.width = cols;
    made.height = rows;
    const ctx = made.getContext("2d"),
      pixels = ctx.createImageData(cols, rows);
    for (let i = 0; i < bytes.length; i++) {
      const at = 3 * bytes[i];
      pixels.data.set([colours[at], colours[at + 1], colours[at + 2], 255], 4 * i);
    }
    ctx.putImageData(pixels, 0, 0);
    return made;
  }

  /** The strongest links of a head as lines from left to right: [{from, to, weight}], weakest first. */
  function links(bytes, rows, cols, most) {
    const found = [];
    for (let i = 0; i < rows * cols; i++)
      if (bytes[i] > 56) found.push({ from: Math.floor(i / cols), to: i % cols, weight: (bytes[i] / 255) ** 2 });
    return found
      .sort((a, b) => b.weight - a.weight)
      .slice(0, most)
      .reverse();
  }

  return { read, canvas, links };
})();
