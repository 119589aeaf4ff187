"""Multi-head attention: several scaled dot-product attentions, each on its own projections, side by side.

``head_h = Attention(Q W_h^Q, K W_h^K, V W_h^V)``, ``MultiHead = [head_1; …; head_H] W^O``.

Source: Vaswani et al. 2017, "Attention is all you need", section 3.2.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reference.dot_product import dot_product_scores, scaled_dot_product_attention
from reference.errors import AttentionInputError
from reference.inputs import check_inputs, check_size
from reference.module import AttentionModule

__all__ = ["MultiHeadAttention", "multi_head_attention"]


def multi_head_attention(
    query: Tensor, key: Tensor, value: Tensor | None = None, mask: Tensor | None = None, *, num_heads: int
) -> tuple[Tensor, Tensor]:
    """The heads' contexts side by side, [batch, queries, width], and each head's weights, [batch, head, queries, keys].

    The inputs are projected already: their width is cut into ``num_heads`` equal parts.

    Args:
        query: [batch, queries, width].
        key: [batch, keys, width].
        value: [batch, keys, value_width]; the keys unless given.
        mask: bool, True where a key may be seen; [queries, keys], [batch, 1|queries, keys] (for every head), or with a head
            axis, [batch|1, head|1, 1|queries, keys].

    >>> context, weights = multi_head_attention(torch.zeros(1, 2, 4), torch.ones(1, 3, 4), num_heads=2)
    >>> context.shape, weights.shape
    (torch.Size([1, 2, 4]), torch.Size([1, 2, 2, 3]))
    """
    value = key if value is None else value
    check_inputs(query, key, value)
    q, k, v = (_split(tensor, num_heads) for tensor in (query, key, value))
    if mask is not None and mask.ndim == 3:
        mask = mask.unsqueeze(1)
    context, weights = scaled_dot_product_attention(q, k, v, mask)
    return context.transpose(1, 2).flatten(2), weights


class MultiHeadAttention(AttentionModule):
    """Multi-head attention with its projections W_q, W_k, W_v and W_o.

    Args:
        embed_size: width of queries and of the result, a multiple of ``num_heads``.
        num_heads: how many attentions run side by side.
        key_size, value_size: widths of keys and values; ``embed_size`` unless given.
        bias: whether the projections have a bias.

    The weights keep every head: [batch, head, queries, keys], or [batch, head, keys] for one query.

    >>> attention = MultiHeadAttention(embed_size=6, num_heads=3)
    >>> context, weights = attention(torch.zeros(1, 4, 6), torch.zeros(1, 2, 6))
    >>> context.shape, weights.shape
    (torch.Size([1, 2, 6]), torch.Size([1, 3, 2, 4]))
    """

    def __init__(
        self,
        embed_size: int,
        num_heads: int,
        *,
        key_size: int | None = None,
        value_size: int | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_heads = _dividing(num_heads, embed_size)
        self.W_q = nn.Linear(embed_size, embed_size, bias=bias)
        self.W_k = nn.Linear(key_size or embed_size, embed_size, bias=bias)
        self.W_v = nn.Linear(value_size or embed_size, embed_size, bias=bias)
        self.W_o = nn.Linear(embed_size, embed_size, bias=bias)

    @classmethod
    def from_torch(cls, other: nn.MultiheadAttention) -> MultiHeadAttention:
        """The same function as ``other``, its parameters copied.

        Raises:
            AttentionInputError: ``other`` appends keys of its own (``bias_k``, ``add_zero_attn``), which the paper has not.
        """
        if other.bias_k is not None or other.add_zero_attn:
            raise AttentionInputError(
                "An nn.MultiheadAttention was to be copied.",
                "It appends a key of its own (add_bias_kv or add_zero_attn).",
                "Build it without; the paper's attention has no such key.",
            )
        bias = other.in_proj_bias is not None
        new = cls(other.embed_dim, other.num_heads, key_size=other.kdim, value_size=other.vdim, bias=bias)
        new.to(other.out_proj.weight)
        weights: Any = (other.q_proj_weight, other.k_proj_weight, other.v_proj_weight)
        if other.in_proj_weight is not None:
            weights = other.in_proj_weight.chunk(3)
        with torch.no_grad():
            for layer, weight in zip((new.W_q, new.W_k, new.W_v), weights, strict=True):
                layer.weight.copy_(weight)
            new.W_o.weight.copy_(other.out_proj.weight)
            if bias:
                for layer, part in zip((new.W_q, new.W_k, new.W_v), other.in_proj_bias.chunk(3), strict=True):
                    layer.bias.copy_(part)
                new.W_o.bias.copy_(other.out_proj.bias)
        return new

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        self._check(query, key, value)
        q, k, v = self.W_q(query), self.W_k(key), self.W_v(value)
        context, weights = multi_head_attention(q, k, v, mask, num_heads=self.num_heads)
        return self.W_o(context), weights

    def scores(self, keys: Tensor, query: Tensor) -> Tensor:
        """The scores before mask and softmax: [batch, head, keys] for one query a batch item, else with an axis of queries."""
        if self._is_one(keys, query):
            return self.pair_scores(query.unsqueeze(1), keys).squeeze(2)
        return self.pair_scores(query, keys)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e of many queries, [batch, head, queries, keys]."""
        self._check(query, key)
        q, k = _split(self.W_q(query), self.num_heads), _split(self.W_k(key), self.num_heads)
        return dot_product_scores(q, k, q.shape[-1] ** -0.5)

    def _check(self, query: Tensor, key: Tensor, value: Tensor | None = None) -> None:
        check_inputs(query, key, value, W_q=self.W_q.weight)
        for name, tensor, layer in (("query", query, self.W_q), ("key", key, self.W_k), ("value", value, self.W_v)):
            if tensor is not None:
                check_size(name, tensor, layer.in_features)


def _split(tensor: Tensor, num_heads: int) -> Tensor:
    """[batch, rows, head · width] to [batch, head, rows, width]."""
    _dividing(num_heads, tensor.shape[-1])
    return tensor.unflatten(-1, (num_heads, tensor.shape[-1] // num_heads)).transpose(1, 2)


def _dividing(num_heads: int, width: int) -> int:
    if num_heads < 1 or width % num_heads:
        raise AttentionInputError(
            f"{num_heads} heads were asked for.",
            f"A width of {width} cannot be cut into {num_heads} equal parts.",
            "Choose a number of heads that divides it.",
        )
    return num_heads
