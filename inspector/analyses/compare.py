"""``cap.compare(layer, head)``: the model's weights beside those of ``reference/`` on the same queries and keys.

The reference computes in float64 and shares no line with the capture's own arithmetic, so that agreement is evidence. With
a window, the head is also shown as local attention: what it would be if each query saw only its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from inspector.analyses.reading import HeadReading, read_head
from inspector.captures import Capture, method
from inspector.errors import TooLarge
from inspector.indexing import at_least, position
from inspector.proofs import Proof
from inspector.shapes import HeadMap
from reference import Comparison, compare_attention, scaled_dot_product_attention, sliding_window_mask

__all__ = ["HeadComparison", "compare"]

_LARGEST = 2**25  # entries of one map: 270 MB in float64


@dataclass(frozen=True, eq=False)
class HeadComparison:
    """One head beside the reference, [query, key] each.

    Attributes:
        layer, head, batch: which head of which batch item.
        name: the module's path in the model.
        weights: the model's weights, float32.
        reference: ``reference.scaled_dot_product_attention`` on the same q and k, float64.
        difference: weights − reference.
        comparison: how large the difference is, where, and the verdict: by the limit that the call's own proof has.
        stated: what besides q·k the reference was told: scale, mask, soft-cap, bias, sink.
        proof: the check of the weights against the model's own output, made while it ran.
        window: how far to either side the local version sees; None without one.
        local: the local version, float64: softmax over the keys within the window only.
        local_difference: weights − local.
        local_comparison: how large that is.
        local_mass: the mean share of a row's weight that lies inside the window, [0, 1].
    """

    layer: int
    head: int
    batch: int
    name: str
    weights: HeadMap
    reference: HeadMap
    difference: HeadMap
    comparison: Comparison
    stated: tuple[str, ...]
    proof: Proof
    window: int | None = None
    local: HeadMap | None = None
    local_difference: HeadMap | None = None
    local_comparison: Comparison | None = None
    local_mass: float | None = None

    @property
    def sentence(self) -> str:
        """The verdict for a reader."""
        found = self.comparison
        if not found:
            return (
                f"Layer {self.layer} head {self.head} is not the reference's attention: it differs by {found.max_abs:.1e} "
                f"at query {found.where[0]}, key {found.where[1]}."
            )
        return (
            f"Layer {self.layer} head {self.head} is scaled dot-product attention: it differs from the reference by at most "
            f"{found.max_abs:.1e}."
        )

    def __str__(self) -> str:
        lines = [self.sentence, str(self.comparison), *(f"({part})" for part in self.stated)]
        if self.window is not None:
            lines.append(
                f"Within {self.window} keys to either side lie {self.local_mass:.1%} of its weight; {self.local_comparison}"
            )
        return "\n".join(lines)


@method
def compare(
    self: Capture,
    layer: int,
    head: int,
    *,
    kind: str | None = None,
    tower: str | None = None,
    batch: int = 0,
    window: int | None = None,
    queries: slice | None = None,
) -> HeadComparison:
    """The weights of one head, those of ``reference/`` on the same captured queries and keys, and their difference.

    Args:
        layer, head: negative counts from the end.
        kind, tower: which attention, where a model has several ("self", "cross"; "encoder", "decoder").
        batch: item of the batch.
        window: also give the local version, which sees at most so many keys to either side of the query's own position.
        queries: only these rows.

    Raises:
        OutOfRange: no such layer, head or batch item.
        InputError: a window that is no whole number from 0.
        CaptureError: the model gave weights and no queries and keys, so there is nothing to compute them from again.
        TooLarge: more than 33 million weights at once.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat.")
    >>> found = cap.compare(layer=2, head=9)
    >>> found.comparison.passed, found.weights.shape
    (True, torch.Size([9, 9]))
    """
    call = self.call(layer, kind, tower)
    head, batch = position(head, call.shape[1], "head", call.name), position(batch, call.shape[0], "batch item", call.name)
    window = window if window is None else at_least(window, 0, "a window")
    rows, keys = len(range(*(queries or slice(None)).indices(call.shape[2]))), call.shape[3]
    if rows * keys > _LARGEST:
        raise TooLarge(
            f"{rows:,} × {keys:,} weights were to be compared.",
            f"At most {_LARGEST:,} fit at once.",
            f"Choose rows, such as queries=slice(0, {max(1, _LARGEST // keys):,}).",
        )
    reading = read_head(call, head, batch, queries)
    weights = call.weights(batch=batch, heads=head, queries=queries)[0, 0].to(reading.query.device)
    expected = _of_reference(reading, None)
    extra = {} if window is None else _local(weights, reading, window, call.proof.tolerance)
    return HeadComparison(
        layer=call.layer_index,
        head=head,
        batch=batch,
        name=call.name,
        weights=weights,
        reference=expected,
        difference=weights.double() - expected,
        comparison=compare_attention(weights, expected, tolerance=call.proof.tolerance),
        stated=reading.stated,
        proof=call.proof,
        **extra,
    )


def _of_reference(head: HeadReading, mask: Tensor | None) -> Tensor:
    """The reference's weights in float64, [query, key]; ``mask`` narrows what the head may see."""
    allowed = head.allowed if mask is None else mask if head.allowed is None else head.allowed & mask
    _, weights = scaled_dot_product_attention(
        head.query, head.key, mask=allowed, scale=head.scale, bias=head.bias, softcap=head.softcap, sinks=head.sink
    )
    if head.uniform_when_empty and head.allowed is not None:
        weights = torch.where(head.allowed.any(-1, keepdim=True), weights, 1.0 / max(1, weights.shape[-1]))
    return weights


def _local(weights: Tensor, head: HeadReading, window: int, tolerance: float) -> dict[str, Any]:
    near = sliding_window_mask(
        head.num_queries, weights.shape[-1], left=window, right=window, offset=head.offset, device=weights.device
    )[head.rows]
    local = _of_reference(head, near)
    summing = weights.sum(-1) > 0
    inside = (weights * near).sum(-1)[summing] / weights.sum(-1)[summing]
    return {
        "window": window,
        "local": local,
        "local_difference": weights.double() - local,
        "local_comparison": compare_attention(weights, local, tolerance=tolerance),
        "local_mass": float(inside.mean()) if inside.numel() else 0.0,
    }
