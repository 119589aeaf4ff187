"""Every head as a small picture: exact where it fits, else the mean over blocks of tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.views.manifest import axis_rest

__all__ = ["shown", "thumbnails"]


def thumbnails(capture: Capture, calls: list[AttentionCall], batch: int, size: int) -> tuple[Tensor, bool]:
    """[layer, head, row, column] mean weights of at most ``size`` × ``size`` blocks of shown tokens, and whether they were pooled.

    Heads a layer lacks (layers of one group may differ) are zeros.
    """
    heads = max(call.shape[1] for call in calls)
    found, pooled = [], False
    for call in calls:
        queries, keys = shown(capture, call, batch, 0), shown(capture, call, batch, 1)
        pooled = pooled or len(queries) > size or len(keys) > size
        table = _pooled(call, batch, queries, keys, size)
        found.append(torch.nn.functional.pad(table, (0, 0, 0, 0, 0, heads - table.shape[0])))
    rows, cols = (max(t.shape[a] for t in found) for a in (1, 2))
    return torch.stack([torch.nn.functional.pad(t, (0, cols - t.shape[2], 0, rows - t.shape[1])) for t in found]), pooled


def shown(capture: Capture, call: AttentionCall, batch: int, axis: int) -> Tensor:
    """The positions a small map draws: no rest tokens, no padding; all of them when nothing would be left."""
    tokens = (capture.query_tokens, capture.key_tokens)[axis](call, batch)
    rest = set(axis_rest(capture, call, tokens, call.axes[axis], batch)["rest"])
    kept = [at for at in range(len(tokens)) if at not in rest and not tokens.padding[at]]
    return torch.tensor(kept or list(range(len(tokens))), dtype=torch.long)


def _pooled(call: AttentionCall, batch: int, queries: Tensor, keys: Tensor, size: int) -> Tensor:
    """[head, row, column], row blocks at a time, so that no N×N table exists."""
    row_of, rows = _blocks(len(queries), size)
    col_of, cols = _blocks(len(keys), size)
    total = torch.zeros(call.shape[1], rows, cols)
    step = max(1, 2**22 // max(1, call.shape[1] * call.shape[3]))
    for some, places in zip(queries.split(step), row_of.split(step), strict=True):
        weights = call.weights(batch, None, some)[0].cpu()[..., keys]
        by_key = torch.zeros(*weights.shape[:2], cols).index_add_(2, col_of, weights)
        total.index_add_(1, places, by_key)
    area = torch.bincount(row_of, minlength=rows)[:, None] * torch.bincount(col_of, minlength=cols)[None, :]
    return total / area.clamp_min(1)


def _blocks(count: int, size: int) -> tuple[Tensor, int]:
    """Which of at most ``size`` equal blocks each of ``count`` positions falls in, and how many blocks there are."""
    blocks = min(count, size)
    return torch.arange(count) * blocks // max(1, count), blocks
