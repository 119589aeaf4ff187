"""The keys a row looks at most, for the rows asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.captures import AttentionCall

__all__ = ["TopKeys", "top_keys"]

_BLOCK = 2**22


@dataclass(frozen=True, eq=False)
class TopKeys:
    """The strongest keys of some rows of one call, strongest first.

    Attributes:
        queries: [row] the rows asked for.
        keys: [head, row, rank] positions.
        weights: [head, row, rank] their weights in [0, 1].
        others: [head, row] what all other keys (and a learned sink) share.
    """

    queries: Tensor
    keys: Tensor
    weights: Tensor
    others: Tensor


def top_keys(call: AttentionCall, queries: Sequence[int], count: int = 8, batch: int = 0) -> TopKeys:
    """The ``count`` strongest keys of each row, for every head.

    Args:
        call: the call.
        queries: which rows; negative counts from the end.
        count: how many keys a row; all where there are fewer.
        batch: which batch item.

    Raises:
        OutOfRange: a row that does not exist.
    """
    _, heads, size, keys = call.shape
    count = min(count, keys)
    rows = list(queries)
    found_keys, found_weights = torch.zeros(heads, len(rows), count, dtype=torch.long), torch.zeros(heads, len(rows), count)
    step = max(1, _BLOCK // max(1, heads * keys))
    for start in range(0, len(rows), step):
        best = call.weights(batch, None, rows[start : start + step])[0].topk(count)
        found_keys[:, start : start + step], found_weights[:, start : start + step] = best.indices.cpu(), best.values.cpu()
    positions = torch.tensor([row % max(1, size) for row in rows], dtype=torch.long)
    return TopKeys(positions, found_keys, found_weights, (1 - found_weights.sum(-1)).clamp_(min=0))
