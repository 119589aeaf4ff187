"""Concat attention: one matrix reads query and key side by side, e_ij = vᵀ tanh(W [q_i; k_j]).

Source: Luong, Pham and Manning 2015, section 3.1, "concat". Cut W = [W_q, W_k] in two and it is additive attention without
biases, which is how it is computed here: the same blocks, the same memory.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reference.additive import additive_attention, additive_scores
from reference.blocks import BUDGET
from reference.errors import AttentionInputError
from reference.inputs import check_inputs
from reference.module import AttentionModule

__all__ = ["ConcatAttention", "concat_attention", "concat_scores"]


def concat_scores(query: Tensor, key: Tensor, W: Tensor, v: Tensor, *, budget: int = BUDGET) -> Tensor:
    """The scores e, [batch, queries, keys], in float32 or better.

    Args:
        query: [batch, queries, query_size].
        key: [batch, keys, key_size].
        W: [hidden, query_size + key_size], the query's columns first.
        v: [hidden].
        budget: the most bytes the hidden activations may take at a time.

    >>> concat_scores(torch.ones(1, 1, 1), torch.tensor([[[0.0], [-1.0]]]), torch.ones(1, 2), torch.ones(1))
    tensor([[[0.7616, 0.0000]]])
    """
    W_q, W_k = _cut(query, key, W)
    return additive_scores(query, key, W_q=W_q, W_k=W_k, v=v, budget=budget)


def concat_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    mask: Tensor | None = None,
    *,
    W: Tensor,
    v: Tensor,
    budget: int = BUDGET,
) -> tuple[Tensor, Tensor]:
    """The context, [batch, queries, value_size], and the weights, [batch, queries, keys]; value and mask as everywhere.

    >>> concat_attention(torch.ones(1, 1, 1), torch.tensor([[[2.0], [4.0]]]), W=torch.zeros(1, 2), v=torch.ones(1))
    (tensor([[[3.]]]), tensor([[[0.5000, 0.5000]]]))
    """
    W_q, W_k = _cut(query, key, W)
    return additive_attention(query, key, value, W_q=W_q, W_k=W_k, v=v, mask=mask, budget=budget)


class ConcatAttention(AttentionModule):
    """Luong's "concat" score with its matrix W, [hidden, query_size + key_size], and v, [hidden].

    >>> ConcatAttention(key_size=3, query_size=2, hidden_size=5)(torch.zeros(1, 4, 3), torch.ones(1, 2))[0].shape
    torch.Size([1, 3])
    """

    def __init__(self, key_size: int, query_size: int, hidden_size: int) -> None:
        super().__init__()
        wide, narrow = (key_size + query_size) ** -0.5, hidden_size**-0.5
        self.W = nn.Parameter(torch.empty(hidden_size, query_size + key_size).uniform_(-wide, wide))
        self.v = nn.Parameter(torch.empty(hidden_size).uniform_(-narrow, narrow))

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        return concat_attention(query, key, value, mask, W=self.W, v=self.v)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = vᵀ tanh(W [q; k]) of many queries."""
        return concat_scores(query, key, self.W, self.v)


def _cut(query: Tensor, key: Tensor, W: Tensor) -> tuple[Tensor, Tensor]:
    check_inputs(query, key, W=W)
    if W.shape[-1] != query.shape[-1] + key.shape[-1]:
        raise AttentionInputError(
            f"A query of width {query.shape[-1]} and a key of width {key.shape[-1]} were to be read together.",
            f"W takes {W.shape[-1]} columns.",
            f"Give W {query.shape[-1] + key.shape[-1]} columns, the query's first.",
        )
    return W[:, : query.shape[-1]], W[:, query.shape[-1] :]
