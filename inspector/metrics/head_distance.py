"""How differently two captures' heads attend to the same tokens."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.errors import InputError, ShapeError
from inspector.indexing import one_of, position
from inspector.metrics.head_scores import HeadScores
from inspector.summaries.facts import facts_of
from inspector.tokens import Tokens

__all__ = ["head_distance"]

_BLOCK = 2**22


def head_distance(
    cap_a: Capture,
    cap_b: Capture,
    *,
    batch: int = 0,
    rows: str = "content",
    tower: str | None = None,
    kind: str | None = None,
    check_tokens: bool = True,
) -> HeadScores:
    """The Jensen–Shannon divergence between each head of one capture and the same head of another, in [0, ln 2] nats.

    Per row ``½ KL(a‖m) + ½ KL(b‖m)`` with ``m`` the mean of the two rows, then the mean over rows.

    Args:
        cap_a, cap_b: captures of one input through models of one shape (before and after fine-tuning, say).
        batch: which text.
        rows: "content" or "all".
        tower, kind: the group of layers; the first one by default.
        check_tokens: False compares position by position whatever tokens stand there.

    Raises:
        ShapeError: the captures do not have the same layers, heads and number of tokens.
        InputError: they do not have the same tokens; or other ``rows``.
        OutOfRange: no such batch item.

    Source: Clark et al. 2019, §6 (there summed over tokens).

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat.")
    >>> head_distance(cap, cap).values.abs().max().item() < 1e-6
    True
    """
    for cap in (cap_a, cap_b):
        if not isinstance(cap, Capture):
            raise InputError(
                "Two captures were to be compared.", f"A {type(cap).__name__} is none.", "Give what an Inspector returns."
            )
    one_of(rows, ("content", "all"), "rows")
    group = cap_a.find_group(tower, kind)
    pairs = list(zip(cap_a.group(*group), cap_b.group(*group), strict=False))
    shapes = [[tuple(c.shape[1:]) for c in cap.group(*group)] for cap in (cap_a, cap_b)]
    if not pairs or shapes[0] != shapes[1]:
        raise ShapeError(
            "Two captures were to be compared head by head.",
            f"Their (heads, queries, keys) are {shapes[0][:1]} × {len(shapes[0])} and {shapes[1][:1]} × {len(shapes[1])}.",
            "Give captures of one input through models of one shape.",
        )
    batch = position(batch, pairs[0][0].shape[0], "batch item", "the captures")
    for a, b in pairs if check_tokens else ():
        _check_same(cap_a.query_tokens(a, batch), cap_b.query_tokens(b, batch))
        _check_same(cap_a.key_tokens(a, batch), cap_b.key_tokens(b, batch))
    masks = [facts_of(cap_a, a, batch) for a, _ in pairs]
    chosen = [(f.content if rows == "content" else f.real).nonzero().flatten() for f in masks]
    values = torch.stack([_between(a, b, batch, some) for (a, b), some in zip(pairs, chosen, strict=True)])
    return HeadScores(
        values,
        "head_distance",
        "Distance between heads",
        "How differently the same head attends in two captures: 0 for the same weights, ln 2 for disjoint ones.",
        "nats",
        0.0,
        math.log(2),
        "Clark et al. 2019, §6",
        *group,
        tuple(a.layer_index for a, _ in pairs),
        rows,
        max(len(some) for some in chosen),
    )


def _check_same(one: Tokens, two: Tokens) -> None:
    """Raises when both sequences are known and differ: in their pieces, and in their ids where those are all there is."""
    known = min(*one.ids, *two.ids, 0) >= 0
    if one.tokens == two.tokens or (known and one.ids == two.ids) or _unnamed(one) or _unnamed(two):
        return
    apart = [at for at, pair in enumerate(zip(one.tokens, two.tokens, strict=True)) if pair[0] != pair[1]]
    first = apart[0]
    raise InputError(
        "Two captures were to be compared head by head.",
        f"{len(apart)} of their {len(one)} tokens differ, the first at {first}: {one.labels[first]!r} and {two.labels[first]!r}.",
        "Give captures of one input, or check_tokens=False to compare position by position all the same.",
    )


def _unnamed(tokens: Tokens) -> bool:
    """Whether only positions are known: patches, frames."""
    return max(tokens.ids, default=-1) < 0


def _between(a: AttentionCall, b: AttentionCall, batch: int, rows: Tensor) -> Tensor:
    """[head] mean divergence of the chosen rows, some rows at a time."""
    total, count = torch.zeros(a.shape[1], dtype=torch.float64), 0
    for some in rows.split(max(1, _BLOCK // (a.shape[1] * a.shape[3]))):
        one, two = (c.weights(batch, None, some)[0].cpu() for c in (a, b))
        entropies = torch.special.entr((one + two) / 2) - (torch.special.entr(one) + torch.special.entr(two)) / 2
        total += entropies.sum(-1).clamp_min(0).sum(-1, dtype=torch.float64)
        count += len(some)
    return (total / max(1, count)).float() if count else torch.full((a.shape[1],), float("nan"))
