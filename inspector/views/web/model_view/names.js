// A name under a head's map, only where a measure earns it; most maps have none.
(A.allHeads ||= {}).names = (() => {
  /** {text, measure?} per [layer][head], "" where nothing is earned. */
  function of(data, group, maps) {
    const values = data.measures(group),
      { layers } = data.group(group);
    return layers.map((layer, r) =>
      Array.from({ length: layer.heads }, (_, head) => {
        const measured = (name) => (values[name] && values[name][r] ? (values[name][r][head] ?? 0) : 0);
        return name(measured, () => magnet(data, group, layer, maps, r, head), !!data.restName(group, layer.index));
      }),
    );
  }

  function name(measured, magnet, rests) {
    if (measured("previous_token") > 0.3) return "one back";
    if (measured("next_token") > 0.3) return "one ahead";
    if (measured("duplicate_token") > 0.15) return "same word";
    const at = magnet();
    if (at) return `→ ${at}`;
    return rests && measured("rest") > 0.65 ? "at rest" : "";
  }

  /** The one key that gets over a quarter of the rows’ attention, on average; only where a column of the map is one token. */
  function magnet(data, group, layer, maps, r, head) {
    const columns = shown(data.keyTokens(group, layer.index));
    if (!maps || maps.pooled || columns.length > maps.cols) return null;
    const rows = shown(data.queryTokens(group, layer.index)).length,
      bytes = maps.at(r, head);
    for (let c = 0; c < columns.length; c++) {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += (bytes[i * maps.cols + c] / 255) ** 2;
      if (sum / rows > 0.25) return A.captions.quote(columns[c]);
    }
    return null;
  }

  /** The tokens a small map draws. */
  function shown(tokens) {
    const words = tokens.filter((t) => !t.rest && !t.padding);
    return words.length ? words : tokens;
  }

  return { of, shown };
})();
