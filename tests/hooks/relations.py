"""Why a tensor that the library returns as attention equals no captured call.

Either eager attention is another function than the model's own kernel, which a capture of the eager run shows; or what is
returned is not what was used, and stands in a known relation to it. Both are tested on the numbers: no class is excused by
its name.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import Tensor, nn

from inspector import Capture, capture
from tests.hooks.matching import hf_attentions, nearest, unmatched

__all__ = ["ANOTHER", "reason_of", "reasons_for"]

ANOTHER = "eager is another function"
Change = Callable[[Tensor], Tensor]


def _same(table: Tensor) -> Tensor:
    return table.float()


def _softmax(table: Tensor) -> Tensor:
    return table.float().softmax(-1)


def _without_sink(ours: Tensor) -> Tensor:
    return ours / ours.sum(-1, keepdim=True)


def _hard(table: Tensor) -> Tensor:
    """Each key wholly to its likeliest query, and the mean over the keys a query was given (GroupViT)."""
    chosen = torch.zeros_like(table).scatter_(-2, table.argmax(-2, keepdim=True), 1.0)
    return chosen / (chosen.sum(-1, keepdim=True) + 1.0)


# reason: (what is done to our weights, what is done to the tensor that was returned) for the two to be equal
_RELATIONS: dict[str, tuple[Change, Change]] = {
    "scores, before the softmax": (_same, _softmax),
    "weights without the sink that took part": (_without_sink, _same),
    "a soft assignment, where a hard one was used": (_same, _hard),
}


def reason_of(capture: Capture, table: Tensor, tolerance: float = 1e-5) -> str:
    """What ``table`` is instead of weights; "" where nothing known fits and somebody has to look.

    Args:
        capture: of the very run that returned ``table``.
    """
    for reason, (ours, theirs) in _RELATIONS.items():
        error = nearest(capture, theirs(table), ours)
        if error is not None and error <= tolerance:
            return reason
    return "no weights: some are negative" if bool((table < 0).any()) else ""


def reasons_for(model: nn.Module, inputs: dict[str, Any], names: Collection[str]) -> dict[str, str]:
    """For each of the tensors ``names`` that an eager run returns, why the model's own kernel used no such weights.

    Args:
        model: with eager attention.
    """
    torch.manual_seed(2)  # as the runs it is compared with
    with torch.no_grad(), warnings.catch_warnings(), capture(model, proof_rows=None) as cap:
        warnings.simplefilter("ignore")
        output = model(**inputs, output_attentions=True)
    wanted = {name: table for name, table in hf_attentions(output) if name in names}
    left = unmatched(cap, list(wanted.items()))
    return {name: reason_of(cap, table) if name in left else ANOTHER for name, table in wanted.items()}
