"""Each row's largest weight. Not linear in the weights, so it takes a sweep over the scores, in blocks that stay in the cache."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.scores import Scores
from inspector.summaries.blocks import Blocks, at_once
from inspector.summaries.rows import key_range
from inspector.summaries.summary import LayerSummary

__all__ = ["row_maximum"]

ROWS, KEYS = 256, 1024  # 1 MB of scores


@torch.no_grad()
def row_maximum(layer: LayerSummary, batch: int) -> Tensor:
    """[head, query] max_j A_ij from the log-sum-exp at hand; NaN for rows without a number."""
    heads, queries = layer.lse.shape
    found = torch.full((heads, queries), float("-inf"))
    evidence = layer.call.evidence
    group = evidence.group if isinstance(evidence, Scores) else 1
    for head in range(0, heads, group):
        some = slice(head, head + group)
        found[some] = _largest(Blocks(layer.call, batch, some, mask=layer.mask), queries, layer.call.shape[3])
    return (found - layer.lse).exp_().clamp_(max=1.0)


def _largest(blocks: Blocks, queries: int, keys: int) -> Tensor:
    """[head, query] the largest score of each row."""
    found = torch.full((len(blocks.heads), queries), float("-inf"), device=blocks.device)
    step = max(1, at_once(blocks.device, ROWS) // len(blocks.heads))
    for start in range(0, queries, step):
        rows = slice(start, min(queries, start + step))
        first, last = key_range(blocks.mask, blocks.batch, rows, keys)
        for begin in range(first, last, KEYS):
            block = blocks.masked(rows, slice(begin, min(last, begin + KEYS)))
            torch.maximum(found[:, rows], block.amax(-1), out=found[:, rows])
    return found.cpu()
