"""Bilinear attention: a matrix says which direction of the query answers which direction of the key, e_ij = q_iᵀ W k_j.

Source: Luong, Pham and Manning 2015, section 3.1, "general". With W = I it is the dot product; a head of a Transformer is
this score with W = W_Qᵀ W_K / √d, a matrix of rank d.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reference.dot_product import dot_product_scores
from reference.inputs import check_inputs, check_size, wide
from reference.module import AttentionModule
from reference.softmax import attend

__all__ = ["BilinearAttention", "bilinear_attention", "bilinear_scores"]


def bilinear_scores(query: Tensor, key: Tensor, W: Tensor) -> Tensor:
    """The scores e_ij = q_iᵀ W k_j, [..., queries, keys], in float32 or better.

    Args:
        query: [..., queries, query_size].
        key: [..., keys, key_size].
        W: [query_size, key_size].

    >>> bilinear_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [10.0]]))
    tensor([[21., 63.]])
    """
    check_inputs(query, key, W=W)
    check_size("query", query, W.shape[0])
    check_size("key", key, W.shape[1])
    return dot_product_scores(wide(query) @ wide(W), wide(key))


def bilinear_attention(
    query: Tensor, key: Tensor, value: Tensor | None = None, mask: Tensor | None = None, *, W: Tensor
) -> tuple[Tensor, Tensor]:
    """The context, [..., queries, value_size], and the weights, [..., queries, keys]; value and mask as everywhere.

    >>> bilinear_attention(torch.ones(1, 2), torch.tensor([[2.0], [4.0]]), W=torch.zeros(2, 1))
    (tensor([[3.]]), tensor([[0.5000, 0.5000]]))
    """
    value = key if value is None else value
    check_inputs(query, key, value)
    return attend(bilinear_scores(query, key, W), value, mask)


class BilinearAttention(AttentionModule):
    """Luong's "general" score with its matrix W, [query_size, key_size].

    >>> BilinearAttention(key_size=3, query_size=2)(torch.zeros(1, 4, 3), torch.ones(1, 2))[1].shape
    torch.Size([1, 4])
    """

    def __init__(self, key_size: int, query_size: int) -> None:
        super().__init__()
        bound = key_size**-0.5
        self.W = nn.Parameter(torch.empty(query_size, key_size).uniform_(-bound, bound))

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        return bilinear_attention(query, key, value, mask, W=self.W)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = qᵀ W k of many queries."""
        return bilinear_scores(query, key, self.W)
