// The scales of UX.md. Lightness falls evenly along each; zero is the ground, so that nothing looks like nothing.
A.colour = (() => {
  const SEQUENTIAL = {
    light: ["#FBFCFD", "#DDEAF5", "#A9CBE8", "#5E9FD3", "#2468AE", "#123E7C", "#0A2149"],
    dark: ["#12171D", "#14304E", "#1A4F82", "#2B7BBB", "#5BAAE6", "#A6D6F7", "#F3FAFF"],
  };
  const AT = [99, 92, 80, 63, 43, 27, 13].map((l) => (99 - l) / 86);
  const AT_DARK = [0, 1, 2, 3, 4, 5, 6].map((i) => i / 6);
  const DIVERGING = {
    light: ["#8A3B06", "#CF7A2C", "#F1C79B", "#F7F7F5", "#A9CBE8", "#3C82C2", "#123E7C"],
    dark: ["#FFB066", "#C8722A", "#5E3716", "#181C21", "#1A4068", "#3B86C6", "#A6D6F7"],
  };
  const HUES = {
    light: ["#1F5FA8", "#D96F00", "#6B1240", "#4C9E7C", "#3D3A00"],
    dark: ["#6CB6FF", "#FF8A3D", "#F7E27A", "#2FB58A", "#C9F2E6"],
  };
  const DASHES = [null, "7 3", "2 3"];
  const BROKEN = { light: "#B5127C", dark: "#FF6AC1" };

  const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const css = (rgb) => `rgb(${rgb.map(Math.round).join(" ")})`;

  function along(stops, at, t) {
    let i = 1;
    while (i < at.length - 1 && t > at[i]) i++;
    const f = Math.min(1, Math.max(0, (t - at[i - 1]) / (at[i] - at[i - 1])));
    const a = parse(stops[i - 1]),
      b = parse(stops[i]);
    return a.map((v, c) => v + (b[c] - v) * f);
  }

  const tables = new Map();
  /** 256 colours of a scale as [r, g, b] bytes, for painting pixels. */
  function table(name, theme = "light") {
    const key = `${name} ${theme}`;
    if (!tables.has(key)) {
      const bytes = new Uint8ClampedArray(256 * 3);
      for (let i = 0; i < 256; i++)
        bytes.set(
          (name === "diverging" ? divergingRgb : sequentialRgb)(name === "diverging" ? i / 127.5 - 1 : i / 255, theme).map(
            Math.round,
          ),
          i * 3,
        );
      tables.set(key, bytes);
    }
    return tables.get(key);
  }

  const sequentialRgb = (t, theme) => along(SEQUENTIAL[theme], theme === "dark" ? AT_DARK : AT, t);
  const divergingRgb = (t, theme) => along(DIVERGING[theme], AT_DARK, (t + 1) / 2);
  /** Colour of t in [0, 1]. */
  const sequential = (t, theme = "light") => css(sequentialRgb(t, theme));
  /** Colour of t in [−1, 1]; blue is positive. */
  const diverging = (t, theme = "light") => css(divergingRgb(t, theme));

  /** The i-th of several heads: five hues, then dashed, then dotted. Chip text is ink or white, whichever reads. */
  function categorical(i, theme = "light") {
    const stroke = HUES[theme][i % 5];
    return { stroke, dash: DASHES[Math.floor(i / 5) % 3], text: contrast(stroke, "#FFFFFF") >= 4.5 ? "#FFFFFF" : "#14181D" };
  }

  function luminance(hex) {
    const [r, g, b] = parse(hex).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }

  /** WCAG contrast ratio of two hex colours. */
  function contrast(a, b) {
    const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  }

  return { sequential, diverging, categorical, contrast, table, broken: (theme = "light") => BROKEN[theme], rgb: parse };
})();
