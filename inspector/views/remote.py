"""What a page gets of a head too long to be sent: its margins and the top of its scale. Rows and tiles are asked for."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.errors import OutOfRange
from inspector.summaries.one_head import head_summary
from inspector.views.packing import floats, square_roots
from inspector.views.registry import ANSWERS, Request
from inspector.views.requests import find_call, whole
from inspector.views.thumbnails import shown

__all__ = ["overview", "tile"]

_SAMPLED = 192
_ABOVE = 0.0005


def overview(capture: Capture, call: AttentionCall, batch: int, head: int) -> dict[str, Any]:
    """Attention received per key (mean over shown queries) and mass at rest per query; other heads are not waited for."""
    layer, at = head_summary(capture, call, head, batch)
    queries, keys = shown(capture, call, batch, 0), shown(capture, call, batch, 1)
    left_out = ~torch.isin(torch.arange(call.shape[2]), queries) & layer.facts.content
    received = layer.received[at].double()
    if left_out.any():  # a first token that acts as a sink counts among the content rows of a summary, and is not drawn
        received = received - call.weights(batch, head, left_out.nonzero().flatten())[0, 0].sum(0).double().cpu()
    resting = len(keys) < int((~layer.facts.padding).sum())
    rest = layer.rest[at] if resting else layer.mass.get("sink", torch.zeros(layer.num_heads, call.shape[2]))[at]
    return {
        "received": floats(received.clamp_min(0) / max(1, len(queries))),
        "rest": floats(rest.nan_to_num(0)),
        "top": _top(call, batch, head, queries, keys),
    }


def _top(call: AttentionCall, batch: int, head: int, queries: Tensor, keys: Tensor) -> float:
    """Where the colour scale of single weights ends: their 99.95th percentile, read from rows spread evenly over the text."""
    some = queries[torch.linspace(0, len(queries) - 1, min(_SAMPLED, len(queries))).round().long()]
    inside = call.weights(batch, head, some)[0, 0].cpu()[:, keys].flatten().nan_to_num(0)
    return float(inside.topk(1 + int(len(inside) * _ABOVE)).values[-1])


@ANSWERS.add("tile")
def tile(capture: Capture, request: Request) -> dict[str, Any]:
    """A rectangle of one head: single weights at pool 1, means of pool × pool weights above.

    With ``largest`` each block's largest weight instead. With ``small`` as bytes, round(255·√(value / top)), for pictures: a
    quarter of the size.
    """
    call = find_call(capture, request)
    q0 = whole(request, "q0", 0, call.shape[2] - 1)
    q1 = whole(request, "q1", q0 + 1, call.shape[2])
    k0 = whole(request, "k0", 0, call.shape[3] - 1)
    k1 = whole(request, "k1", k0 + 1, call.shape[3])
    pool = whole(request, "pool", 1, max(call.shape[2:]))
    head = whole(request, "head", 0, call.shape[1] - 1)
    if ((q1 - q0) / pool) * ((k1 - k0) / pool) > 2**20:
        raise OutOfRange("A tile was asked for.", "It has more than a million cells.", "Ask for a smaller one, or pool more.")
    reduce = "max" if request.get("largest") else "mean"
    values = call.tile(head, queries=slice(q0, q1), keys=slice(k0, k1), pool=pool, batch=request.get("batch", 0), reduce=reduce)
    if request.get("small"):
        top = float(values.nan_to_num(0).max()) or 1.0
        return {"values": square_roots(values / top), "top": top, "mean": pool > 1 and reduce == "mean"}
    return {"values": floats(values), "mean": pool > 1 and reduce == "mean"}
