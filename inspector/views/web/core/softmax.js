// Rows of attention from queries and keys, in double precision: the same rules as the Python side's mask normal form.
A.softmax = (() => {
  /** May query i see key j? */
  function allowed(mask, i, j) {
    if (!mask) return true;
    const at = i + (mask.offset || 0);
    if (mask.left !== null && mask.left !== undefined && j < at - mask.left) return false;
    if (mask.right !== null && mask.right !== undefined && j > at + mask.right) return false;
    return !mask.keys || mask.keys[j] !== 0;
  }

  /** Row i of softmax(scale · q·kᵀ): [K] float32. No allowed key gives all zeros (or an even spread if the mask fills with a number). */
  function row(from, i, out) {
    const { query, key, width, keys, scale, mask, softcap, sink } = from;
    const scores = from.scratch,
      at = i * width;
    let top = sink ?? -Infinity,
      seen = 0;
    for (let j = 0; j < keys; j++) {
      if (!allowed(mask, i, j)) {
        scores[j] = -Infinity;
        continue;
      }
      let dot = 0;
      for (let c = 0, k = j * width; c < width; c++) dot += query[at + c] * key[k + c];
      dot *= scale;
      if (softcap) dot = softcap * Math.tanh(dot / softcap);
      scores[j] = dot;
      if (dot > top) top = dot;
      seen++;
    }
    if (!seen) return out.fill(mask && mask.fill !== null && mask.fill !== undefined ? 1 / keys : 0);
    let sum = sink === null || sink === undefined ? 0 : Math.exp(sink - top);
    for (let j = 0; j < keys; j++) sum += scores[j] = Math.exp(scores[j] - top);
    for (let j = 0; j < keys; j++) out[j] = scores[j] / sum;
    return out;
  }

  return { allowed, row };
})();
