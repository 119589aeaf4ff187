// The numbers behind a picture as a real table, for readers who cannot or would rather not see it; and as CSV.
A.table = {
  async open(bench) {
    if (!bench.selection) return;
    const { h } = A.dom,
      data = await bench.stage().view.table();
    if (!data) return;
    const cell = (value) =>
      typeof value === "number"
        ? h("td", { class: "number" }, A.words.weight(value, Number.isInteger(value) ? 0 : 4))
        : h("td", { dir: "auto" }, value ?? "");
    const shown = data.rows.slice(0, 2000);
    const table = h(
      "table",
      { class: "numbers" },
      data.caption ? h("caption", {}, data.caption) : null,
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          data.columns.map((c, i) =>
            h("th", { scope: "col", class: shown.length && typeof shown[0][i] === "number" ? "number" : null }, c),
          ),
        ),
      ),
      h(
        "tbody",
        {},
        shown.map((row) => h("tr", {}, row.map(cell))),
      ),
    );
    const more =
      data.rows.length > shown.length
        ? h("p", { class: "how" }, `The first 2,000 of ${A.words.count(data.rows.length)} rows; the CSV download has them all.`)
        : null;
    A.dialog.open(bench, "As a table", h("div", { class: "scroll", tabindex: "0" }, table, more), { wide: true });
  },

  /** RFC 4180; a text that a spreadsheet would run as a formula gets an apostrophe. */
  csv({ columns, rows }) {
    const safe = (value) => {
      const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value ?? "");
      return /[",\n\r]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
    };
    return [columns, ...rows].map((row) => row.map(safe).join(",")).join("\r\n");
  },
};
