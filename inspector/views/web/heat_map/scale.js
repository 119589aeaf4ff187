// Which colour a weight has: √ or linear, up to the head's largest weight, or its 99.95th percentile in long texts.
(A.heat ||= {}).scale = (() => {
  const SHARE_ABOVE = 0.0005,
    LONG = 40;
  const ROUND = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5];

  /** The k-th largest of many values, k from 0, without sorting them all; what is not finite is left out. */
  function kthLargest(values, k) {
    const bins = new Uint32Array(4096);
    let top = 0;
    for (const v of values) if (v > top && v < Infinity) top = v;
    if (!(top > 0)) return 0;
    for (const v of values) if (v >= 0 && v < Infinity) bins[Math.floor(Math.sqrt(v / top) * 4095)]++;
    let bin = 4095,
      seen = 0;
    while (bin > 0 && seen + bins[bin] <= k) seen += bins[bin--];
    const inside = [];
    for (const v of values) if (v >= 0 && v < Infinity && Math.floor(Math.sqrt(v / top) * 4095) === bin) inside.push(v);
    return inside.sort((a, b) => b - a)[Math.min(k - seen, inside.length - 1)];
  }

  /** {top, largest, above: share of values over the top}. Short maps end at their largest value. */
  function fit(values, long) {
    const largest = kthLargest(values, 0),
      k = long ? Math.floor(values.length * SHARE_ABOVE) : 0;
    const top = k ? kthLargest(values, k) : largest;
    let above = 0;
    for (const v of values) if (v > top && v < Infinity) above++;
    return { top: top > 0 ? top : largest || 1, largest, above: values.length ? above / values.length : 0 };
  }

  /** Where a value stands on the scale, 0 to 1. */
  const place = (value, top, linear) => (value > 0 ? Math.min(1, linear ? value / top : Math.sqrt(value / top)) : 0);

  /** Ticks at 0, at round weights that have room, and at the top: [{value, at}]. */
  function ticks(top, linear, room = 0.17) {
    const all = [{ value: 0, at: 0 }];
    for (const value of ROUND) {
      const at = place(value, top, linear);
      if (value < top && at - all[all.length - 1].at >= room && 1 - at >= room) all.push({ value, at });
    }
    return [...all, { value: top, at: 1 }];
  }

  /** ".05": a tick without its leading zero. */
  function label(value) {
    if (value === 0) return "0";
    if (value >= 1) return A.words.minus(String(+value.toPrecision(2)));
    if (value < 0.0001) return A.words.scientific(value);
    return value
      .toPrecision(value < 0.01 ? 1 : 2)
      .replace(/^0/, "")
      .replace(/(\.\d*?)0+$/, "$1")
      .replace(/\.$/, "");
  }

  return { fit, place, ticks, label, kthLargest, isLong: (rows, cols) => Math.max(rows, cols) > LONG };
})();
