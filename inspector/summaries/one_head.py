"""One head's summary without the others': what a first picture waits for when a text is long."""

from __future__ import annotations

from dataclasses import replace

from inspector.captures import AttentionCall, Capture
from inspector.scores import Given, Scores
from inspector.summaries.keeping import kept
from inspector.summaries.summarize import summarize
from inspector.summaries.summary import LayerSummary

__all__ = ["head_summary"]

KEPT = 64  # heads a call


def head_summary(capture: Capture, call: AttentionCall, head: int, batch: int = 0) -> tuple[LayerSummary, int]:
    """A summary that holds ``head``, and at which place: the whole call's where it is at hand, else one of this head alone.

    Costs one head's share of ``Capture.summarize``: a hundredth of it, where a model has a hundred heads.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat.")
    >>> alone, at = head_summary(cap, cap.call(2), 9)
    >>> alone.num_heads, at, bool((alone.entropy[at] - cap.summarize().layers[2].entropy[9])[1:-1].abs().max() < 1e-5)
    (1, 0, True)
    """
    whole = next((found for (item, _), found in kept(call, "summaries").items() if item == batch), None)
    if whole is not None:
        return whole, head
    evidence = call.evidence
    known: dict[tuple[int, int], LayerSummary] = kept(call, "heads")
    if (batch, head) not in known:
        one = evidence.of_head(head) if isinstance(evidence, (Scores, Given)) else Given(call.weights(None, head))
        alone = replace(call, evidence=one)
        found = summarize(replace(capture, calls=[alone]), batch=batch, pool=0).layers[0]
        kept(call, "row_sums").setdefault((batch, head), found.lse[0])
        while len(known) >= KEPT:
            known.pop(next(iter(known)), None)
        known[batch, head] = found
        return found, 0
    return known[batch, head], 0
