// Tokens as drawn in a picture: how wide they are, how they are cut, which of them need their position beside them.
A.tokens = (() => {
  const FAMILY = '-apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
  const widths = new Map();
  let pen = null;

  /** Width of a text in px, as the browser would draw it. */
  function width(text, size = 14, weight = 400) {
    const key = `${size} ${weight} ${text}`;
    if (!widths.has(key)) {
      if (!pen) pen = document.createElement("canvas").getContext("2d");
      if (widths.size > 20000) widths.clear();
      pen.font = `${weight} ${size}px ${FAMILY}`;
      widths.set(key, pen.measureText(text).width);
    }
    return widths.get(key);
  }

  /** The text, cut with … so that it fits into px. */
  function fit(text, px, size = 14, weight = 400) {
    if (width(text, size, weight) <= px) return text;
    const chars = Array.from(text);
    let low = 0,
      high = chars.length;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (width(`${chars.slice(0, middle).join("")}…`, size, weight) <= px) low = middle;
      else high = middle - 1;
    }
    return `${chars.slice(0, Math.max(low, 1)).join("")}…`;
  }

  /** Lines of text, each at most px wide. */
  function wrap(text, px, size = 12) {
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
      if (lines[lines.length - 1] && width(longer, size) > px) lines.push(word);
      else lines[lines.length - 1] = longer;
    }
    return lines;
  }

  /** Labels that stand at more than one position: these carry their position in small digits. */
  function repeated(tokens) {
    const seen = new Set(),
      twice = new Set();
    for (const t of tokens) if (!t.rest && !t.padding) (seen.has(t.label) ? twice : seen).add(t.label);
    return twice;
  }

  return { width, fit, wrap, repeated, FAMILY };
})();
