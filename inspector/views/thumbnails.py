"""Every head as a small picture: exact where it fits, else the mean over blocks of tokens."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.views.manifest import axis_rest

__all__ = ["shown", "thumbnails"]


def thumbnails(capture: Capture, calls: list[AttentionCall], batch: int, size: int) -> tuple[Tensor, bool]:
    """[layer, head, row, column] mean weights of at most ``size`` × ``size`` blocks of shown tokens; and whether they were pooled.

    Heads a layer lacks (layers of one group may differ) are zeros.
    """
    heads = max(call.shape[1] for call in calls)
    found, pooled = [], False
    for call in calls:
        queries, keys = shown(capture, call, batch, 0), shown(capture, call, batch, 1)
        pooled = pooled or len(queries) > size or len(keys) > size
        table = (
            _exact(call, batch, queries, keys) if max(len(queries), len(keys)) <= size else _pooled(capture, call, batch, size)
        )
        found.append(torch.nn.functional.pad(table, (0, 0, 0, 0, 0, heads - table.shape[0])))
    rows, cols = (max(t.shape[a] for t in found) for a in (1, 2))
    return torch.stack([torch.nn.functional.pad(t, (0, cols - t.shape[2], 0, rows - t.shape[1])) for t in found]), pooled


def shown(capture: Capture, call: AttentionCall, batch: int, axis: int) -> Tensor:
    """The positions a small map draws: no rest tokens, no padding; all of them when nothing would be left."""
    tokens = (capture.query_tokens, capture.key_tokens)[axis](call, batch)
    rest = set(axis_rest(capture, call, tokens, call.axes[axis], batch)["rest"])
    kept = [at for at in range(len(tokens)) if at not in rest and not tokens.padding[at]]
    return torch.tensor(kept or list(range(len(tokens))), dtype=torch.long)


def _exact(call: AttentionCall, batch: int, queries: Tensor, keys: Tensor) -> Tensor:
    """[head, row, column]: the weights of the shown tokens as they are."""
    return call.weights(batch, None, queries)[0].cpu()[..., keys]


def _pooled(capture: Capture, call: AttentionCall, batch: int, size: int) -> Tensor:
    """[head, row, column]: block means from the capture's summary, which builds no map of all weights."""
    hidden = _left_out(capture, call, batch, 1)
    same_axis = call.axes[0] == call.axes[1]
    found = capture.summarize(batch=batch, tower=call.tower, kind=call.kind, pool=size, without=hidden if same_axis else None)
    layer = next(entry for entry in found.layers if entry.call is call)
    assert layer.pooled is not None
    return layer.pooled.float()


def _left_out(capture: Capture, call: AttentionCall, batch: int, axis: int) -> list[int]:
    drawn = set(shown(capture, call, batch, axis).tolist())
    return [at for at in range(call.shape[2 + axis]) if at not in drawn]
