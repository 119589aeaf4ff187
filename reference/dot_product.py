"""Dot-product attention: a pair's score is how much query and key point the same way.

* ``e_ij = q_i · k_j`` (Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine translation",
  section 3.1, "dot");
* ``e_ij = q_i · k_j / √d``, so that the scores of independent entries of variance 1 keep variance 1 (Vaswani et al. 2017,
  "Attention is all you need", section 3.2.1).
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, tanh

from reference.errors import AttentionInputError
from reference.inputs import check_inputs, wide
from reference.module import AttentionModule
from reference.softmax import attend

__all__ = [
    "DotProductAttention",
    "ScaledDotProductAttention",
    "dot_product_attention",
    "dot_product_scores",
    "scaled_dot_product_attention",
]


def dot_product_scores(query: Tensor, key: Tensor, scale: float = 1.0) -> Tensor:
    """The scores e_ij = scale · q_i · k_j, [..., queries, keys], in float32 or better.

    Args:
        query: [..., queries, width].
        key: [..., keys, width], the same leading axes (batch, or batch and heads).

    >>> import torch
    >>> dot_product_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 0.0], [0.0, 4.0]]))
    tensor([[3., 8.]])
    """
    check_inputs(query, key)
    if query.shape[-1] != key.shape[-1]:
        raise AttentionInputError(
            f"The dot product of a query of width {query.shape[-1]} and a key of width {key.shape[-1]} was asked for.",
            "Only vectors of the same width have one.",
            "Project one of them, or use bilinear or additive attention.",
        )
    return (wide(query) * scale) @ wide(key).transpose(-1, -2)


def dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor | None = None, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """The context, [..., queries, value_size], and the weights, [..., queries, keys], of Luong's "dot" score.

    Args:
        value: [..., keys, value_size]; the keys unless given.
        mask: bool, broadcastable to the weights, True where a key may be seen; a row that sees none gives zeros.

    >>> import torch
    >>> dot_product_attention(torch.tensor([[0.0]]), torch.tensor([[2.0], [4.0]]))
    (tensor([[3.]]), tensor([[0.5000, 0.5000]]))
    """
    return scaled_dot_product_attention(query, key, value, mask, scale=1.0)


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    bias: Tensor | None = None,
    softcap: float | None = None,
    sinks: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The context, [..., queries, value_size], and the weights softmax(q·kᵀ/√d), [..., queries, keys], in ``query``'s dtype.

    Args:
        query: [..., queries, width].
        key: [..., keys, width].
        value: [..., keys, value_size]; the keys unless given.
        mask: bool, broadcastable to the weights, True where a key may be seen; a row that sees none gives zeros.
        scale: factor on the dot products; 1/√width unless given.
        bias: added to the scaled scores, broadcastable to the weights (relative positions, ALiBi); −inf hides a key.
        softcap: scores become softcap · tanh(scores / softcap) before bias and mask (Gemma 2).
        sinks: logits broadcastable to [..., queries, 1] that take a share of the softmax and own no key (gpt-oss).

    Raises:
        AttentionInputError: shapes, dtypes or devices that do not fit, or NaN.

    >>> import torch
    >>> query, key = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.eye(4)[:2]
    >>> scaled_dot_product_attention(query, key)[1]
    tensor([[0.7311, 0.2689]])
    """
    value = key if value is None else value
    check_inputs(query, key, value)
    scores = dot_product_scores(query, key, query.shape[-1] ** -0.5 if scale is None else scale)
    if softcap is not None:
        scores = softcap * tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias.to(scores.dtype)
    return attend(scores, value, mask, sinks)


class DotProductAttention(AttentionModule):
    """Luong's "dot" score; no parameters, query and key have the same width.

    >>> import torch
    >>> DotProductAttention()(torch.tensor([[[1.0], [1.0]]]), torch.tensor([[3.0]]))
    (tensor([[1.]]), tensor([[0.5000, 0.5000]]))
    """

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        return dot_product_attention(query, key, value, mask)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = q · k of many queries."""
        return dot_product_scores(query, key)


class ScaledDotProductAttention(AttentionModule):
    """The Transformer's score; no parameters. ``scale`` is 1/√width unless given.

    >>> import torch
    >>> ScaledDotProductAttention()(torch.tensor([[[1.0], [1.0]]]), torch.tensor([[3.0]]))
    (tensor([[1.]]), tensor([[0.5000, 0.5000]]))
    """

    def __init__(self, scale: float | None = None) -> None:
        super().__init__()
        self.scale = scale

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        return scaled_dot_product_attention(query, key, value, mask, scale=self.scale)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = q · k / √d of many queries."""
        return dot_product_scores(query, key, query.shape[-1] ** -0.5 if self.scale is None else self.scale)
