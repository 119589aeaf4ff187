"""From scores to weights to context: the two steps all attentions share.

``α = softmax(e)`` over the keys, then ``c = Σ α_j v_j``. The softmax runs in float32 (float64 for float64 scores) and is
cast back. A row whose keys are all masked has no distribution over them: its weights are zeros, its context is zero, and
so are its gradients.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reference.inputs import check_mask, wide

__all__ = ["attend", "masked_softmax"]


def masked_softmax(scores: Tensor, mask: Tensor | None = None, sinks: Tensor | None = None) -> Tensor:
    """The weights α, [..., queries, keys], in [0, 1], each row summing to 1; the dtype of ``scores``.

    Args:
        scores: e, [..., queries, keys]; −inf counts as masked.
        mask: bool, broadcastable to the scores, True where a key may be seen. A row without any gives zeros.
        sinks: logits broadcastable to [..., queries, 1] that take part in the sum and own no key: rows then sum to less than 1.

    Raises:
        AttentionInputError: a mask that is not boolean or does not broadcast.

    >>> masked_softmax(torch.tensor([[0.0, 0.0, 5.0], [1.0, 2.0, 3.0]]), torch.tensor([[True, True, False], [False] * 3]))
    tensor([[0.5000, 0.5000, 0.0000],
            [0.0000, 0.0000, 0.0000]])
    """
    check_mask(mask, scores.shape)
    e = wide(scores)
    if mask is not None:
        e = e.masked_fill(~mask, float("-inf"))
    if sinks is not None:
        e = torch.cat([e, wide(sinks).to(e.dtype).expand(*e.shape[:-1], 1)], -1)
    weights = _softmax(e)
    return (weights if sinks is None else weights[..., :-1]).to(scores.dtype)


def attend(scores: Tensor, value: Tensor, mask: Tensor | None = None, sinks: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The context c = Σ_j α_j v_j, [..., queries, value_size], and the weights α, [..., queries, keys], in ``value``'s dtype.

    The sum is taken with the weights before they are cast back.

    >>> context, weights = attend(torch.zeros(1, 2), torch.tensor([[1.0, 0.0], [3.0, 4.0]]))
    >>> context, weights
    (tensor([[2., 2.]]), tensor([[0.5000, 0.5000]]))
    """
    weights = masked_softmax(wide(scores), mask, sinks)
    context = weights @ wide(value).to(weights.dtype)
    return context.to(value.dtype), weights.to(value.dtype)


def _softmax(e: Tensor) -> Tensor:
    """Softmax over the last axis; a row of −inf alone gives zeros, and zero gradients."""
    if not e.shape[-1]:
        return e
    empty = e.detach().amax(-1, keepdim=True) == float("-inf")
    if not torch.compiler.is_compiling() and not bool(empty.any()):
        return torch.softmax(e, -1)
    return torch.softmax(e.masked_fill(empty, 0.0), -1).masked_fill(empty, 0.0)
