// What of a capture a link names beside the selection, and a link that names another text than the one on screen: the host is asked
// to run that, and the link's selection waits for it.
A.link = (() => {
  const NAMES = ["model", "text", "pair", "example", "cut", "z"],
    PLAIN = 1500; // letters of an address up to which a text stands in it as it is

  const part = ([name, value]) => `${name}=${encodeURIComponent(value)}`;
  const some = (all) => Object.entries(all).filter(([, value]) => value);

  /**
   * Makes bench.linked: {parts, lost, coming}. parts are the link's own words, lost says that the text is not among them, coming is
   * a promise while a long text is being packed.
   */
  function prepare(bench) {
    const { link = {} } = bench.manifest,
      { text, pair, ...rest } = link,
      plain = some(link).map(part);
    if (bench.host !== "app") return (bench.linked = { parts: plain.length ? plain : null, lost: false });
    if (link.example || (text && plain.join("&").length <= PLAIN)) return (bench.linked = { parts: plain, lost: false });
    const lost = { parts: [...some(rest).map(part), "lost=text"], lost: true };
    if (!text) return (bench.linked = lost);
    const mine = (bench.linked = { parts: [], lost: false });
    mine.coming = A.packing
      .pack({ text, pair: pair || "" })
      .catch(() => null)
      .then((z) => Object.assign(mine, z ? { parts: [...some(rest).map(part), `z=${z}`] } : lost, { coming: null }));
    return mine;
  }

  let asked = 0; // links opened on this page: what comes back says to which it is the answer

  /** What a hash names of a capture; empty when it names nothing. */
  function named(hash) {
    const parts = new URLSearchParams(hash.replace(/^#/, "")),
      found = {};
    for (const name of NAMES) if (parts.get(name)) found[name] = parts.get(name);
    return found;
  }

  /** Whether a capture is what a link asks for. */
  function fits(wanted, link = {}) {
    if (wanted.example) return wanted.example === link.example;
    return (
      ["text", "pair", "cut"].every((name) => (wanted[name] || "") === (link[name] || "")) &&
      (wanted.model || "bundled") === (link.model || "bundled")
    );
  }

  /** Ask the host for the text of the address, unless it is the one on screen. */
  function ask(bench) {
    if (bench.host !== "app") return;
    bench.awaited = null; // what was asked before is not what the address says now
    const { hash } = location,
      { z, ...wanted } = named(hash);
    if (z) {
      bench.awaited = { hash };
      bench.until(unpacked(bench, hash, z, wanted));
    } else if (wanted.text || wanted.example) open(bench, hash, wanted);
    else if (lost(hash)) say(bench, "This link left its text out, which was too long for it: the picture is of another text.");
  }

  const lost = (hash) => /[#&]lost=/.test(hash);

  function open(bench, hash, wanted) {
    bench.awaited = null;
    if (bench.manifest && fits(wanted, bench.manifest.link)) return false;
    const token = String((asked += 1));
    bench.awaited = { wanted, hash, token };
    bench.act({ name: "open", token, ...wanted });
    return true;
  }

  async function unpacked(bench, hash, z, wanted) {
    try {
      const { text, pair } = await A.packing.unpack(z);
      if (typeof text !== "string" || typeof (pair ?? "") !== "string") throw new TypeError("no text");
      if (location.hash !== hash) return;
      if (!open(bench, hash, { ...wanted, text, ...(pair ? { pair } : {}) })) A.history.follow(bench);
    } catch {
      if (!bench.awaited || bench.awaited.hash !== hash) return;
      bench.awaited = null;
      bench.selection.set({ query: null, key: null });
      say(bench, "The text in this link could not be read: the picture is of another text.");
      A.history.write(bench);
    }
  }

  function say(bench, sentence) {
    bench.sentence = sentence;
    A.notice.notes(bench);
  }

  /** The host could not bring it: the link stands, and counts when its capture comes all the same. */
  function failed(bench) {
    if (bench.awaited) bench.awaited.failed = true;
  }

  /** The hash to read a selection from, once its capture is there; null while it is awaited, and once another one came after it failed. */
  function arrived(bench) {
    const { awaited, manifest } = bench;
    if (!awaited) return null;
    const here = awaited.wanted ? awaited.token === manifest.asked || fits(awaited.wanted, manifest.link) : awaited.batch !== undefined && awaited.batch === manifest.batch;
    if (here || awaited.failed) bench.awaited = null;
    return here ? awaited.hash : null;
  }

  return { ask, arrived, failed, prepare, lost };
})();
