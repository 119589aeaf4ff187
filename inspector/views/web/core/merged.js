// Words, not pieces: the same data with the pieces of a word joined. To a word: the sum over its pieces; from a word: their mean.
// A word stands at the position of its first piece, so that a selection stays what it is; its other pieces are not listed.
A.merged = (() => {
  /** Whether an axis has anything to join. */
  const any = (tokens) => tokens.some((t) => t.continues && !t.padding);

  /** For every position the position of its word: [N]. */
  function starts(tokens) {
    let at = 0;
    return tokens.map((t, i) => {
      if (!t.continues || i === 0 || t.padding) at = i;
      return at;
    });
  }

  /** What a piece adds to its word: one that goes on with a split character ("…日") has named it again. */
  const rest = (label) => (label.startsWith("…") ? Array.from(label).slice(2).join("") : label);

  function tokens(pieces) {
    const of = starts(pieces);
    return pieces.map((t, i) => {
      if (of[i] !== i) return { ...t, padding: true, merged: true };
      let label = t.label;
      for (let j = i + 1; of[j] === i; j++) label += rest(pieces[j].label);
      return { ...t, label, continues: false };
    });
  }

  /** A view of data in which every axis and head is joined. */
  function data(plain) {
    const cache = new Map(),
      once = (key, make) => {
        if (!cache.has(key)) cache.set(key, make());
        return cache.get(key);
      };
    const joined = Object.create(plain);
    joined.queryTokens = (group, layer) => once(`q ${group} ${layer}`, () => tokens(plain.queryTokens(group, layer)));
    joined.keyTokens = (group, layer) => once(`k ${group} ${layer}`, () => tokens(plain.keyTokens(group, layer)));
    joined.head = async (group, layer, head) => {
      const found = await plain.head(group, layer, head);
      return (found.joined ||= join(found, plain.queryTokens(group, layer), plain.keyTokens(group, layer)));
    };
    return joined;
  }

  function join(head, queries, keys) {
    const ofQuery = starts(queries),
      ofKey = starts(keys),
      cache = new Map(),
      last = (i) => {
        let j = i;
        while (ofQuery[j + 1] === i) j++;
        return j;
      };
    const made = Object.create(head);
    made.rowNow = (i) => {
      if (!cache.has(i)) {
        const rows = Array.from({ length: last(i) - i + 1 }, (_, p) => head.rowNow(i + p)),
          out = new Float32Array(keys.length);
        if (rows.some((row) => !row)) return null;
        for (const row of rows) for (let j = 0; j < out.length; j++) out[ofKey[j]] += row[j] / rows.length;
        cache.set(i, out);
      }
      return cache.get(i);
    };
    made.rows = async (from, to) => {
      await head.rows(from, last(ofQuery[to - 1]) + 1);
      return null;
    };
    made.row = async (i) => {
      await made.rows(i, i + 1);
      return made.rowNow(i);
    };
    made.counted = null; // its own counts, not those of the pieces
    made.allowed = (i, j) => head.allowed(last(i), j);
    made.marginals = async () => (made.margins ||= margins(await head.marginals(), ofQuery, ofKey, last));
    return made;
  }

  function margins({ rest, received }, ofQuery, ofKey, last) {
    const joined = { rest: new Float32Array(rest.length), received: new Float32Array(received.length) };
    received.forEach((r, j) => {
      joined.received[ofKey[j]] += r;
    });
    rest.forEach((r, i) => {
      joined.rest[ofQuery[i]] += r / (last(ofQuery[i]) - ofQuery[i] + 1);
    });
    return joined;
  }

  return { any, starts, tokens, data };
})();
