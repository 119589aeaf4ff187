"""Each row's largest weight. Not linear in the weights, so it takes a sweep over the scores: 0.6 of an attention pass."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.summaries.blocks import Blocks
from inspector.summaries.rows import key_range
from inspector.summaries.summary import LayerSummary

__all__ = ["row_maximum"]

BLOCK = 2**20


def row_maximum(layer: LayerSummary, batch: int) -> Tensor:
    """[head, query] max_j A_ij from the log-sum-exp at hand; NaN for rows without a number."""
    heads, queries = layer.lse.shape
    keys = layer.call.shape[3]
    blocks = Blocks(layer.call, batch, mask=layer.mask)
    found = torch.full((heads, queries), float("-inf"), device=blocks.device)
    step = max(1, min(queries, BLOCK // (heads * min(keys, 2048))))
    for start in range(0, queries, step):
        rows = slice(start, min(queries, start + step))
        first, last = key_range(blocks.mask, batch, rows, keys)
        for begin in range(first, last, 2048):
            block = blocks.masked(rows, slice(begin, min(last, begin + 2048)))
            torch.maximum(found[:, rows], block.amax(-1), out=found[:, rows])
    return (found.cpu() - layer.lse).exp_().clamp_(max=1.0)
