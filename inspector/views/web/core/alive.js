// A run whose end never arrives, because the server ended or the connection did. While one is shown and no news comes, the page asks
// whether it still goes on; told twice that it does not, or not told at all, it says so in place of the progress.
A.alive = (() => {
  const EVERY = 4000,
    PATIENCE = 20000;

  function watch(bench, busy, missed = 0) {
    clearTimeout(bench.asking);
    if (busy && busy.run && bench.host === "app") bench.asking = setTimeout(() => ask(bench, busy, missed), EVERY);
  }

  async function ask(bench, busy, missed) {
    const before = bench.value,
      late = new Promise((_, reject) => setTimeout(() => reject(new Error("no answer")), PATIENCE));
    let lost = "";
    try {
      const answer = await Promise.race([bench.get({ kind: "running", run: busy.run }), late]);
      if (!answer) lost = "The server cannot be reached any more."; // Gradio swallows what went wrong, and answers nothing
      else if (answer.running === false) lost = "The server works on it no longer: it was ended, or started again.";
    } catch {
      lost = "The server cannot be reached any more.";
    }
    if (bench.value !== before) return;
    if (lost && missed) bench.update({ error: { asked: "This input was to be inspected.", found: lost, do: "Press Inspect again." } });
    else watch(bench, busy, lost ? 1 : 0);
  }

  return { watch };
})();
