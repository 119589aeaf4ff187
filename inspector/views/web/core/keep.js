// What of a selection outlives a new capture: the head always, the tokens only where the text is the same.
A.keep = {
  over(before, manifest, base) {
    if (manifest.begin) return { ...base, theme: before.state.theme }; // an example was chosen: it has a beginning of its own
    const same =
      JSON.stringify(Object.values(before.manifest.axes).map((a) => a.labels)) ===
      JSON.stringify(Object.values(manifest.axes).map((a) => a.labels));
    const sameModel = before.manifest.model && manifest.model && before.manifest.model.name === manifest.model.name;
    const wish = { ...before.state };
    if (!same) Object.assign(wish, { query: null, key: null, from: null, look: null });
    if (!same && manifest.start && !sameModel) {
      for (const name of ["group", "layer", "heads", "query", "key"]) wish[name] = base[name];
    }
    return A.choices.fit(wish, manifest, base).state;
  },
};
