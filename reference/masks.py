"""Who may see whom, as boolean tables: True where query i may look at key j. Several masks are joined with ``&``."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.errors import AttentionInputError

__all__ = ["causal_mask", "padding_mask", "sliding_window_mask"]


def causal_mask(queries: int, keys: int | None = None, *, offset: int = 0, device: torch.device | str | None = None) -> Tensor:
    """True where key j is not later than query i, j ≤ i + offset; bool [queries, keys].

    Args:
        queries: number of queries.
        keys: number of keys; as many as queries unless given.
        offset: position of query 0 among the keys: 0 aligns the table top-left, ``keys − queries`` bottom-right (decoding
            with a cache).

    >>> causal_mask(2, 3).int()
    tensor([[1, 0, 0],
            [1, 1, 0]], dtype=torch.int32)
    """
    i, j = _positions(queries, queries if keys is None else keys, offset, device)
    return j <= i


def sliding_window_mask(
    queries: int,
    keys: int | None = None,
    *,
    left: int,
    right: int = 0,
    offset: int = 0,
    device: torch.device | str | None = None,
) -> Tensor:
    """True where key j lies in the window around query i, i + offset − left ≤ j ≤ i + offset + right; bool [queries, keys].

    Args:
        left, right: how many keys before and after the query's own position may be seen; right 0 is causal.

    Source: Beltagy et al. 2020 (Longformer), section 3.1.

    >>> sliding_window_mask(3, left=1).int()
    tensor([[1, 0, 0],
            [1, 1, 0],
            [0, 1, 1]], dtype=torch.int32)
    """
    for name, size in (("left", left), ("right", right)):
        if size < 0:
            raise AttentionInputError(
                f"A window with {name}={size} was asked for.", "It would end before it begins.", f"Give a {name} of 0 or more."
            )
    i, j = _positions(queries, queries if keys is None else keys, offset, device)
    return (j >= i - left) & (j <= i + right)


def padding_mask(lengths: Tensor, keys: int | None = None) -> Tensor:
    """True for the first ``lengths[b]`` keys of each batch item; bool [batch, 1, keys], the 1 standing for the queries.

    Args:
        lengths: int [batch], real keys of each item.
        keys: padded length; the longest item unless given.

    >>> padding_mask(torch.tensor([2, 3]))[:, 0].int()
    tensor([[1, 1, 0],
            [1, 1, 1]], dtype=torch.int32)
    """
    if lengths.ndim != 1 or lengths.is_floating_point():
        raise AttentionInputError(
            "A padding mask was asked for.",
            f"The lengths are {lengths.dtype} {list(lengths.shape)}.",
            "Give one whole number a batch item.",
        )
    size = int(lengths.max()) if keys is None and lengths.numel() else keys or 0
    return (torch.arange(size, device=lengths.device) < lengths[:, None])[:, None]


def _positions(queries: int, keys: int, offset: int, device: torch.device | str | None) -> tuple[Tensor, Tensor]:
    """Positions of the queries, as a column, and of the keys, as a row."""
    return torch.arange(queries, device=device)[:, None] + offset, torch.arange(keys, device=device)[None, :]
