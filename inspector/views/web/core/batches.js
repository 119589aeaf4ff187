// The texts of a batch, one at a time: each has labels, measures, proof and caption of its own, which come with its manifest.
A.batches = {
  /** Whether an item can be shown: a page carries some of them, a server all. */
  has: ({ batch, batches, carried }, item) => item !== batch && item >= 0 && item < batches && (!carried || carried.includes(item)),

  /** The item a hash names; without one that with which the page began. */
  named(hash, { home }) {
    const found = /[#&]batch=(\d{1,9})(?:&|$)/.exec(hash);
    return found ? Number(found[1]) : home;
  },

  /** Show another item; with a hash, with the selection that it names. */
  async go(bench, batch, hash) {
    const { manifest, answers } = bench,
      asked = { kind: "manifest", batch },
      { id, link, form, demos, views, carried, home } = manifest;
    if (hash) bench.awaited = { hash, batch };
    try {
      const answer = answers[A.Data.key(asked)] ?? (await bench.get({ ...asked, ...A.Data.named({ id }, bench.host) }));
      if (!answer) throw { asked: "Another text of the batch was asked for.", found: "Nothing came back.", do: "Try again, or reload the page." };
      if (answer.error) throw answer.error;
      if (bench.manifest !== manifest) return;
      bench.update({ manifest: { ...answer.manifest, id, link, form, demos, views, carried, home, start: null }, answers, ...(bench.value && bench.value.busy ? { busy: bench.value.busy } : {}) });
    } catch (error) {
      if (bench.awaited && bench.awaited.batch === batch) bench.awaited = null;
      A.notice.failed(bench, error);
    }
  },

  /** Follow a hash to its item; false when it is the one on screen, or there is none such. */
  follow(bench, hash) {
    const wanted = A.batches.named(hash, bench.manifest);
    if (wanted === bench.manifest.batch || !A.batches.has(bench.manifest, wanted)) return false;
    bench.until(A.batches.go(bench, wanted, hash));
    return true;
  },
};
