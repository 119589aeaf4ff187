"""One head's summary without the others': what a first picture waits for when a text is long."""

from __future__ import annotations

from dataclasses import replace

from inspector.cache import at_hand, once
from inspector.captures import AttentionCall, Capture
from inspector.scores import Given, Scores
from inspector.summaries.row_sums import keep_row_sums
from inspector.summaries.summarize import place_of, summarize
from inspector.summaries.summary import LayerSummary

__all__ = ["head_summary"]


def head_summary(capture: Capture, call: AttentionCall, head: int, batch: int = 0) -> tuple[LayerSummary, int]:
    """A summary that holds ``head``, and at which place: the whole call's where it is at hand, else one of this head alone.

    Costs one head's share of ``Capture.summarize``: a hundredth of it, where a model has a hundred heads.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat.")
    >>> alone, at = head_summary(cap, cap.call(2), 9)
    >>> alone.num_heads, at, bool((alone.entropy[at] - cap.summarize().layers[2].entropy[9])[1:-1].abs().max() < 1e-5)
    (1, 0, True)
    """
    whole = at_hand(call, place_of(batch))
    if whole is not None and whole[1]["how"] == "fused":  # by rows in blocks, numbers hang on the heads beside, in the last bit
        return LayerSummary(call=call, **whole[1]), head
    return once(call, ("head", batch, head), lambda: _alone(capture, call, head, batch)), 0


def _alone(capture: Capture, call: AttentionCall, head: int, batch: int) -> LayerSummary:
    evidence = call.evidence
    one = evidence.of_head(head) if isinstance(evidence, (Scores, Given)) else Given(call.weights(None, head))
    found = summarize(replace(capture, calls=[replace(call, evidence=one)]), batch=batch, pool=0).layers[0]
    if found.how == "fused":
        keep_row_sums(call, batch, found.lse, head)
    return found
