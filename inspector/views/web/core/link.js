// A link that names another text than the one on screen: the host is asked to run it, and the link's selection waits for that.
A.link = (() => {
  const NAMES = ["model", "text", "pair", "example"];

  /** {model, text, pair, example} of a hash; empty when it names none. */
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
      (wanted.text || "") === (link.text || "") &&
      (wanted.pair || "") === (link.pair || "") &&
      (wanted.model || "bundled") === (link.model || "bundled")
    );
  }

  /** Ask the host for the text of the address, unless it is the one on screen. */
  function ask(bench) {
    if (bench.host !== "app") return;
    const wanted = named(location.hash);
    if (!wanted.text && !wanted.example) return;
    if (bench.manifest && fits(wanted, bench.manifest.link)) return;
    bench.awaited = { wanted, hash: location.hash };
    bench.act({ name: "open", ...wanted });
  }

  /** The hash to read a selection from, once its capture is there; null while it is awaited. */
  function arrived(bench) {
    const { awaited } = bench;
    if (!awaited || !fits(awaited.wanted, bench.manifest.link)) return null;
    bench.awaited = null;
    return awaited.hash;
  }

  return { ask, arrived };
})();
