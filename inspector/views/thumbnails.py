"""Every head as a small picture: exact where it fits, else the mean over blocks of tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.errors import Cancelled, CaptureError
from inspector.metrics import METRICS, list_metrics
from inspector.views.manifest import axis_rest
from inspector.views.rows import row_of

__all__ = ["THUMBNAIL", "is_short_work", "prepare", "shown", "thumbnails"]

THUMBNAIL = 64
_MOMENT = 2**31  # products of numbers that two cores do in well under a second


def is_short_work(capture: Capture) -> bool:
    """Whether measures and small maps of all heads are a matter of a moment, so that a first picture may wait for them."""
    work = 0
    for call in capture.calls:
        _, heads, queries, keys = call.shape
        query = call.evidence.tensors().get("query")
        work += heads * queries * keys * (1 if query is None else query.shape[-1])
    return work <= _MOMENT


def thumbnails(capture: Capture, calls: list[AttentionCall], batch: int, size: int) -> tuple[Tensor, bool]:
    """[layer, head, row, column] mean weights of at most ``size`` × ``size`` blocks of shown tokens; whether they were pooled.

    Heads a layer lacks (layers of one group may differ) are zeros.
    """
    heads = max(call.shape[1] for call in calls)
    found, pooled = [], False
    for call in calls:
        row = row_of(capture, call, batch)
        queries, keys = shown(capture, call, row, 0), shown(capture, call, row, 1)
        pooled = pooled or len(queries) > size or len(keys) > size
        table = _exact(call, row, queries, keys) if max(len(queries), len(keys)) <= size else _pooled(capture, call, row, size)
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


def prepare(capture: Capture, batch: int = 0, progress: Callable[[float], Any] | None = None) -> None:
    """Computes once what measures, margins and small maps are read from. It is the work of a long text, so it says how far it is.

    Args:
        capture: what will be shown.
        batch: which batch item.
        progress: called with the share done; answering False cancels.

    Raises:
        CaptureError: of the first group that has none (scores that are not finite), when the others are computed.
        Cancelled: ``progress`` answered False.
    """
    groups, failed = capture.towers, None
    for at, (tower, kind) in enumerate(groups):
        call = capture.group(tower, kind)[0]
        pooled = max(call.shape[2:]) > THUMBNAIL
        report = None if progress is None else (lambda share, at=at: progress((at + share) / len(groups)))
        try:
            capture.summarize(
                batch=row_of(capture, call, batch),
                tower=tower,
                kind=kind,
                pool=THUMBNAIL if pooled else 0,
                without=_hidden(capture, call, row_of(capture, call, batch)),
                maximum=any(METRICS[name].maximum for name in list_metrics()),
                progress=report,
            )
        except Cancelled:
            raise
        except CaptureError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _pooled(capture: Capture, call: AttentionCall, batch: int, size: int) -> Tensor:
    """[head, row, column]: block means from the capture's summary, which builds no map of all weights."""
    hidden = _hidden(capture, call, batch)
    found = capture.summarize(batch=batch, tower=call.tower, kind=call.kind, pool=size, without=hidden)
    layer = next(entry for entry in found.layers if entry.call is call)
    assert layer.pooled is not None
    return layer.pooled.float()


def _hidden(capture: Capture, call: AttentionCall, batch: int) -> list[int] | None:
    """The positions small maps leave out; None lets the summary leave out special tokens and padding of either axis."""
    if call.axes[0] != call.axes[1]:
        return None
    drawn = set(shown(capture, call, batch, 1).tolist())
    return [at for at in range(call.shape[3]) if at not in drawn]
