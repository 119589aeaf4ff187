// Numbers and names as they are printed. Minus is U+2212; weights have 2, 3 or 4 decimals.
A.words = (() => {
  const NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

  /** A weight with a fixed number of decimals; what is not a number says so. */
  function weight(x, digits = 3) {
    if (x === null || x === undefined) return "–";
    if (Number.isNaN(x)) return "NaN";
    if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
    return minus(x.toFixed(digits));
  }

  /** A weight with at least `digits` decimals, and four where these would print a small weight as nothing. */
  function exact(x, digits = 3) {
    if (!(x > 0) || x >= 0.5 * 10 ** -digits) return weight(x, digits);
    return x < 0.00005 ? "<0.0001" : x.toFixed(4);
  }

  /** ".36": two digits where there is no room for more. */
  const short = (x) => (x >= 0.995 ? "1.0" : weight(x, 2).replace(/^0/, ""));
  const minus = (text) => (/^-0(\.0+)?$/.test(text) ? text.slice(1) : text.replace(/-/g, "−"));
  const percent = (x) => `${Math.round(100 * x)} %`;
  const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
  const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

  /** "4.2e−7" */
  function scientific(x) {
    if (x === 0) return "0";
    if (!Number.isFinite(x)) return weight(x);
    return minus(x.toExponential(1)).replace("e+", "e").replace(/\.0e/, "e");
  }

  /** A measure's value with its unit: shares are plain, everything else carries the unit. */
  function measure(value, definition) {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    const large = Math.abs(value) >= 10 || (definition && definition.unit && definition.unit !== "share");
    const text = large ? minus(value.toFixed(1)) : weight(value, 2);
    const unit =
      definition && definition.unit && !["", "share", "1", "ratio"].includes(definition.unit) ? ` ${definition.unit}` : "";
    return text + unit;
  }

  /** "six times", "one and a half times", "more than ten times": how often one number goes into another, from 1.25 up. */
  function times(ratio) {
    if (ratio > 10.5) return "more than ten times";
    const halves = Math.round(2 * ratio);
    if (halves === 3 || halves === 5) return `${NAMES[(halves - 1) / 2]} and a half times`;
    const whole = Math.round(ratio);
    return whole === 2 ? "twice" : `${NAMES[whole]} times`;
  }

  /** "a, b and c" */
  function list(items) {
    if (items.length < 2) return items.join("");
    return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
  }

  /** A raw token with control and direction marks as code points. */
  const visible = (text) =>
    text.replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
    );

  const RTL = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFC]/;
  const LTR = /[A-Za-z\u00C0-\u058F\u0900-\u1FFF\u2C00-\uD7FF]/;
  /** The direction a token is written in, by its first strong character. */
  function direction(text) {
    for (const char of text) {
      if (RTL.test(char)) return "rtl";
      if (LTR.test(char)) return "ltr";
    }
    return "ltr";
  }

  const PATCH = /^row (\d+), column (\d+)$/;
  /** A token as drawn: a leading – for a piece that goes on with its word, cut in the middle of nowhere only when long. */
  function token(part, room = 24) {
    const text = (part.continues && !part.label.startsWith("…") ? "–" : "") + part.label;
    const chars = Array.from(text),
      patch = chars.length > room && PATCH.exec(text);
    if (patch) return `r${patch[1]} c${patch[2]}`; // cut, it would lose its column
    return chars.length > room ? `${chars.slice(0, room - 1).join("")}…` : text;
  }

  return { weight, exact, short, percent, count, plural, scientific, measure, times, list, direction, token, visible, minus };
})();
