// The roles of UX.md as plain colours, for pictures that are painted rather than styled.
A.roles = (() => {
  const ROLES = {
    light: {
      page: "#F4F6F8",
      card: "#FFFFFF",
      sunk: "#EDF0F3",
      ink: "#14181D",
      muted: "#56606B",
      line: "#D9DEE4",
      strong: "#B9C1CA",
      query: "#A94A07",
      queryGround: "#FDF0E1",
      key: "#1F5FA8",
      rest: "#76818D",
      pass: "#0F6B4A",
      fail: "#B3261E",
      broken: "#B5127C",
    },
    dark: {
      page: "#0E1216",
      card: "#161B21",
      sunk: "#0F1419",
      ink: "#ECF0F4",
      muted: "#A3AEB9",
      line: "#2A323B",
      strong: "#46515D",
      query: "#FFB454",
      queryGround: "#3A2A12",
      key: "#6CB6FF",
      rest: "#7C8894",
      pass: "#5FD3A2",
      fail: "#FF8A80",
      broken: "#FF6AC1",
    },
  };
  /** Colours by role for "light" or "dark". */
  return (theme) => ROLES[theme === "dark" ? "dark" : "light"];
})();

/** The ink that reads best on a colour given as "rgb(r g b)": near black or white. */
A.inkOn = (css) => {
  const [r, g, b] = css
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  return 1.05 / light > light / 0.059 ? "#FFFFFF" : "#14181D";
};
