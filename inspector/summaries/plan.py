"""Which way is exact: the fused kernel for full and causal attention over an unbroken run of keys, row blocks for the rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from inspector.errors import CaptureError
from inspector.scores import Scores
from inspector.summaries.facts import Item
from inspector.summaries.summary import Wanted

__all__ = ["Plan", "plan_of"]

SHORT = 192  # below this many keys one block holds several heads, and a plain pass is quicker than crafted ones


@dataclass(frozen=True)
class Plan:
    """How to summarise one item.

    Attributes:
        fused: by the fused kernel.
        why: the reason, in words.
        rows, keys: the unbroken runs the fused kernel works on.
        causal: row i of the run sees keys 0 … i of the run.
    """

    fused: bool
    why: str
    rows: slice = field(default_factory=lambda: slice(0, 0))
    keys: slice = field(default_factory=lambda: slice(0, 0))
    causal: bool = False


def plan_of(item: Item, wanted: Wanted) -> Plan:
    """The cheapest exact way; ``wanted.how`` may insist on one.

    Raises:
        CaptureError: the fused kernel was asked for where it is not exact.
    """
    found = _fused(item)
    if wanted.how == "blocked":
        return Plan(False, "row blocks were asked for")
    if wanted.how == "fused":
        if not found.fused:
            raise CaptureError(
                f"{item.call.name!r} was to be summarised by the fused kernel.",
                f"It is not exact here: {found.why}.",
                'Use how="auto".',
            )
        return found
    if wanted.how != "auto":
        raise CaptureError(
            f"A summary by {wanted.how!r} was asked for.", "There are auto, fused and blocked.", "Choose one of these."
        )
    short = found.fused and item.shape[2] <= SHORT
    return Plan(False, "the text is short") if short else found


def _fused(item: Item) -> Plan:
    evidence, mask, (_, queries, keys) = item.call.evidence, item.mask, item.shape
    if not isinstance(evidence, Scores):
        return Plan(False, "the model gave weights, not queries and keys")
    if evidence.softcap is not None:
        return Plan(False, "a soft-cap bends the scores")
    bias_by_query = mask.bias is not None and (mask.bias.ndim < 2 or mask.bias.shape[-2] > 1 or mask.bias.shape[-1] != keys)
    if bias_by_query:
        return Plan(False, "a position bias is added to the scores")
    if mask.dense is not None or mask.segments is not None:
        return Plan(False, "the mask is irregular")
    if mask.left is not None or mask.right not in (None, 0):
        return Plan(False, "a sliding window leaves most keys out")
    seen = torch.arange(keys) if mask.keys is None else mask.keys[0].nonzero().flatten().cpu()
    if not len(seen) or int(seen[-1]) - int(seen[0]) + 1 != len(seen):
        return Plan(False, "the keys that may be seen are scattered")
    run = slice(int(seen[0]), int(seen[-1]) + 1)
    if mask.right is None and not (item.facts.same and queries == keys):
        return Plan(True, "every query sees every key", slice(0, queries), run)
    if mask.offset != 0 or queries != keys:
        return Plan(False, "the queries do not start where the keys do")
    outside = item.facts.real.clone()
    outside[run] = False
    if bool(outside.any()):
        return Plan(False, "some queries stand outside the keys that may be seen")
    causal = mask.right == 0
    return Plan(True, "causal attention" if causal else "every query sees every key", run, run, causal)
