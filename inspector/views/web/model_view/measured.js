// The chosen measure of every head of the chosen group: values, order, range, and which heads are chosen or failed.
(A.allHeads ||= {}).measured = (stage) => {
  const { data } = stage,
    { group, layer, heads } = stage.selection.state,
    { layers } = data.group(group),
    theme = stage.theme();
  const measure = A.navigator.measure(stage),
    values = measure ? data.measures(group)[measure] : null,
    definition = measure ? data.measure(measure) : null;
  const value = (row, head) => (values && Number.isFinite(values[row][head] ?? NaN) ? values[row][head] : null);
  const every = layers.flatMap((l, row) =>
    Array.from({ length: l.heads }, (_, head) => ({ layer: l.index, row, head, value: value(row, head) })),
  );
  const flat = every.filter((c) => c.value !== null).sort((a, b) => b.value - a.value),
    low = definition ? (definition.low ?? 0) : 0;
  return {
    group,
    layer,
    layers,
    theme,
    roles: A.roles(theme),
    measure,
    unmeasured: data.measured(group) ? "" : A.measuring.words(data),
    values,
    definition,
    value,
    every,
    flat,
    count: every.length,
    restName: data.restName(group, layer),
    resting: measure === "rest",
    range: {
      low: Math.min(low, flat.length ? flat[flat.length - 1].value : 0),
      high: definition && definition.high ? definition.high : Math.max(1e-9, flat.length ? flat[0].value : 1),
    },
    chosen: (c) => c.layer === layer && heads.includes(c.head),
    failed: (c) => layers[c.row].passed === false && (!layers[c.row].failing || layers[c.row].failing.includes(c.head)),
  };
};
