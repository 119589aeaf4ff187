"""Additive scores without the [batch, queries, keys, hidden] tensor: it is made in blocks of a stated size.

A dot product needs no such tensor; ``tanh(W_k k + W_q q)`` does, and at 8,192 × 8,192 tokens with 64 hidden units it would
be 17 GB. Blocks of at most ``BUDGET`` bytes follow one another; when gradients are wanted each block is computed again in
the backward pass instead of being kept (Chen et al. 2016, "Training deep nets with sublinear memory cost").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from reference.errors import AttentionInputError

__all__ = ["BUDGET", "over_queries", "rows_within", "tanh_scores"]

BUDGET = 8 * 2**20
"""Bytes of hidden activations that exist at a time. Small enough to stay in a processor's cache, where blocks are fastest."""

Attend = Callable[[Tensor, Tensor | None], tuple[Tensor, Tensor]]


def rows_within(budget: int, row_bytes: int) -> int:
    """How many rows of ``row_bytes`` fit the budget, at least one.

    >>> rows_within(100, 30), rows_within(10, 30)
    (3, 1)
    """
    if budget < 1:
        raise AttentionInputError(f"A budget of {budget} bytes was given.", "Nothing fits in it.", "Give a positive number.")
    return max(1, budget // max(1, row_bytes))


def tanh_scores(a: Tensor, b: Tensor, v: Tensor, budget: int = BUDGET) -> Tensor:
    """e_ij = vᵀ tanh(a_i + b_j), [batch, queries, keys].

    Args:
        a: projected queries, [batch, queries, hidden].
        b: projected keys, [batch, keys, hidden].
        v: [hidden].
        budget: the most bytes the hidden activations may take at a time (one entry's own hidden vector always exists).

    >>> tanh_scores(torch.zeros(1, 2, 1), torch.tensor([[[0.0], [20.0]]]), torch.tensor([3.0]))
    tensor([[[0., 3.],
             [0., 3.]]])
    """
    item = v.numel() * a.element_size()
    keys = min(rows_within(budget, item), max(1, b.shape[1]))
    queries = min(rows_within(budget, item * keys), max(1, a.shape[1]))
    batch = min(rows_within(budget, item * keys * queries), max(1, a.shape[0]))
    if batch >= a.shape[0] and queries >= a.shape[1] and keys >= b.shape[1]:
        return _block(a, b, v)
    if torch.is_grad_enabled() and any(t.requires_grad for t in (a, b, v)):
        return _kept_for_backward(a, b, v, (batch, queries, keys))
    scores = a.new_empty(a.shape[0], a.shape[1], b.shape[1])
    for n in _slices(a.shape[0], batch):
        for i in _slices(a.shape[1], queries):
            for j in _slices(b.shape[1], keys):
                scores[n, i, j] = _block(a[n, i], b[n, j], v)
    return scores


def over_queries(attend: Attend, query: Tensor, mask: Tensor | None, rows: int) -> tuple[Tensor, Tensor]:
    """``attend(query, mask)`` for ``rows`` queries at a time: context and weights as if it had been called once.

    What lives beside the result is that of one block. Args: query [batch, queries, width]; mask as ``attend`` takes it.
    """
    if rows >= query.shape[-2]:
        return attend(query, mask)
    blocks = ((i, attend(query[..., i, :], _mask_rows(mask, i))) for i in _slices(query.shape[-2], rows))
    if torch.is_grad_enabled():
        contexts, weights = zip(*(found for _, found in blocks), strict=True)
        return torch.cat(contexts, -2), torch.cat(weights, -2)
    context = weight = None
    for i, (some_context, some_weights) in blocks:
        if context is None or weight is None:
            context, weight = (t.new_empty(*t.shape[:-2], query.shape[-2], t.shape[-1]) for t in (some_context, some_weights))
        context[..., i, :], weight[..., i, :] = some_context, some_weights
    assert context is not None
    assert weight is not None
    return context, weight


def _block(a: Tensor, b: Tensor, v: Tensor) -> Tensor:
    hidden = a.unsqueeze(2) + b.unsqueeze(1)
    hidden = hidden.tanh() if hidden.requires_grad else hidden.tanh_()
    return hidden @ v


def _kept_for_backward(a: Tensor, b: Tensor, v: Tensor, steps: tuple[int, int, int]) -> Tensor:
    batch, queries, keys = steps

    def again(n: slice, i: slice, j: slice) -> Tensor:
        return checkpoint(_block, a[n, i], b[n, j], v, use_reentrant=False, preserve_rng_state=False)  # type: ignore[return-value]

    def row(n: slice, i: slice) -> Tensor:
        return torch.cat([again(n, i, j) for j in _slices(b.shape[1], keys)], 2)

    return torch.cat([torch.cat([row(n, i) for i in _slices(a.shape[1], queries)], 1) for n in _slices(a.shape[0], batch)], 0)


def _slices(length: int, step: int) -> Iterator[slice]:
    return (slice(start, min(start + step, length)) for start in range(0, length, step))


def _mask_rows(mask: Tensor | None, rows: slice) -> Tensor | None:
    return mask if mask is None or mask.ndim < 2 or mask.shape[-2] == 1 else mask[..., rows, :]
