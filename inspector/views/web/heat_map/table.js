// The map as numbers: the pinned row, or the head as a grid where it is small, else its strongest links.
(A.heat ||= {}).table = async (map) => {
  const MOST = 2000,
    GRID = 40,
    at = map.pinned(),
    name = (token) => `${token.position} ${A.words.token(token)}`;
  if (at) return rowOf(await map.row(at.row));
  if (map.field.remote)
    return {
      columns: ["position", "token", "attention received"],
      rows: map.field.cols.map((p, c) => [p, map.key(c).label, map.received(c)]),
      caption: "Attention received by each token.",
    };
  return map.field.cols.length <= GRID ? grid() : links();

  function rowOf(weights) {
    const query = map.query(at.row);
    return {
      caption: `Where ${query.label} (position ${query.position}) looks.`,
      columns: ["position", "token", "weight"],
      rows: map.field.cols
        .map((p, c) => [p, map.key(c).label, weights[p] * (map.field.factor ? map.field.factor[at.row] : 1)])
        .sort((a, b) => b[2] - a[2]),
    };
  }

  function grid() {
    return {
      caption: "Rows look, columns are looked at.",
      columns: ["token", ...map.field.cols.map((_, c) => name(map.key(c)))],
      rows: map.field.rows.map((_, r) => [name(map.query(r)), ...map.field.cols.map((__, c) => map.field.value(r, c))]),
    };
  }

  function links() {
    const least = A.heat.scale.kthLargest(
      Float32Array.from(map.field.rows.flatMap((_, r) => map.field.cols.map((__, c) => map.field.value(r, c)))),
      MOST,
    );
    const rows = map.field.rows.flatMap((_, r) =>
      map.field.cols
        .map((__, c) => [map.query(r).position, map.query(r).label, map.key(c).position, map.key(c).label, map.field.value(r, c)])
        .filter((row) => row[4] > least),
    );
    return {
      caption: `The ${A.words.count(rows.length)} largest weights.`,
      columns: ["query position", "query", "key position", "key", "weight"],
      rows: rows.sort((a, b) => b[4] - a[4]),
    };
  }
};
