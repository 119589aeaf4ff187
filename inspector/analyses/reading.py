"""One head of one batch item, laid open: queries, keys and everything else its softmax was given."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.errors import CaptureError
from inspector.masks import Mask
from inspector.scores import Scores

__all__ = ["HeadReading", "read_head"]


@dataclass(frozen=True, eq=False)
class HeadReading:
    """What one head's weights follow from, in float64; on the CPU where the device has no such numbers (Apple's GPUs).

    Attributes:
        query: [query, width], the rows asked for.
        key: [key, width].
        scale: factor on q·k.
        allowed: bool, broadcastable to [query, key]; None when every key may be seen.
        bias: added to the scaled scores, broadcastable to [query, key]; None without one.
        softcap: see ``inspector.scores``.
        sink: the head's learned sink logit, [1, 1]; None without one.
        uniform_when_empty: a row that may see no key is uniform, as the model's kernel leaves it, instead of zeros.
        offset: position of query 0 counted in keys.
        num_queries: how many queries the head has, of which ``rows`` were asked for.
        rows: their positions.
        stated: the same for a reader.
    """

    query: Tensor
    key: Tensor
    scale: float
    allowed: Tensor | None
    bias: Tensor | None
    softcap: float | None
    sink: Tensor | None
    uniform_when_empty: bool
    offset: int
    num_queries: int
    rows: Tensor
    stated: tuple[str, ...]


def read_head(call: AttentionCall, head: int, batch: int = 0, queries: slice | None = None) -> HeadReading:
    """The reading of one head.

    Raises:
        OutOfRange: no such head or batch item.
        CaptureError: the model gave weights only.
    """
    at = [call._index(index, axis) for axis, index in enumerate((batch, head, queries))]
    kept = call.evidence
    if not isinstance(kept, Scores):
        raise CaptureError(
            f"The queries and keys of {call.name!r} were asked for.",
            "The model computed these weights itself, and q·k does not explain them.",
            "Choose a layer captured with queries and keys; its weights can still be viewed.",
        )
    item, one, rows = at
    place = torch.device("cpu") if kept.device.type == "mps" else kept.device
    num_keys = call.shape[3]
    allowed = kept.mask.keep(item, one, rows, num_keys)
    bias = kept.mask.added(item, one, rows, num_keys)
    offset = kept.mask.offset or (num_keys - call.shape[2] if call.kind == "self" else 0)
    return HeadReading(
        query=kept.query[item][0, one][0, rows].to(place).double(),
        key=kept.key[item][0, one // kept.group][0].to(place).double(),
        scale=kept.scale,
        allowed=None if allowed is None else allowed[0, 0].to(place),
        bias=None if bias is None else bias[0, 0].to(place).double(),
        softcap=kept.softcap,
        sink=None if kept.sinks is None else kept.sinks[one].to(place).double().reshape(1, 1),
        uniform_when_empty=_is_uniform_when_empty(kept),
        offset=offset,
        num_queries=call.shape[2],
        rows=rows.to(place),
        stated=tuple(_stated(kept, allowed)),
    )


def _is_uniform_when_empty(kept: Scores) -> bool:
    """A finite fill makes all scores of such a row equal; a learned sink, when there is one, then takes everything."""
    return kept.mask.fill != float("-inf") and kept.sinks is None


def _stated(kept: Scores, allowed: Tensor | None) -> list[str]:
    width = kept.query.shape[-1]
    usual = abs(kept.scale * width**0.5 - 1) < 1e-6
    said = [f"scale 1/√{width}" if usual else f"scale {kept.scale:.6g} instead of 1/√{width}"]
    said += [] if kept.softcap is None else [f"scores capped at ±{kept.softcap:g} by a tanh"]
    said += [] if kept.mask.bias is None else ["the model's position bias is added"]
    said += [] if kept.sinks is None else ["a learned sink takes part in the softmax, so rows sum to less than 1"]
    said += _masks(kept.mask)
    if allowed is not None and (empty := int((~allowed.any(-1)).sum())):
        kind = "uniform" if _is_uniform_when_empty(kept) else "zeros"
        said.append(f"{empty} rows may see no key and are {kind}, as the model's kernel leaves them")
    return said


def _masks(mask: Mask) -> list[str]:
    said = []
    if mask.left is not None or mask.right is not None:
        left = "every earlier key" if mask.left is None else f"{mask.left} keys back"
        right = "every later key" if mask.right is None else "none ahead" if mask.right <= 0 else f"{mask.right} ahead"
        said.append(f"each query sees {left} and {right}")
    if mask.keys is not None and not bool(mask.keys.all()):
        said.append("padding keys are hidden")
    if mask.segments is not None:
        said.append("packed sequences see only themselves")
    if mask.dense is not None and not bool(mask.dense.all()):
        said.append("the model's own mask is applied")
    return said
