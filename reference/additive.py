"""Additive attention: a small network scores each pair, e_i = vᵀ tanh(W_k k_i + W_q q), α = softmax(e), c = Σ α_i k_i.

Source: Bahdanau, Cho and Bengio 2015, "Neural machine translation by jointly learning to align and translate", appendix
A.1.2, where W_q is W_a, W_k is U_a and v is v_a; q is the decoder's state before the step, k_i the encoder's annotations.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reference.blocks import BUDGET, over_queries, rows_within, tanh_scores
from reference.errors import AttentionInputError
from reference.inputs import check_inputs, check_mask, check_size, wide
from reference.module import AttentionModule
from reference.softmax import attend

__all__ = ["AdditiveAttention", "additive_attention", "additive_scores"]


def additive_scores(
    query: Tensor,
    key: Tensor,
    *,
    W_q: Tensor,
    W_k: Tensor,
    v: Tensor,
    b_q: Tensor | None = None,
    b_k: Tensor | None = None,
    budget: int = BUDGET,
) -> Tensor:
    """The scores e, [batch, queries, keys], in float32 or better.

    Args:
        query: q, [batch, queries, query_size].
        key: k, [batch, keys, key_size].
        W_q: [hidden, query_size].
        W_k: [hidden, key_size].
        v: [hidden].
        b_q, b_k: [hidden] biases, as linear layers have them; the paper's formula has none.
        budget: the most bytes the [batch, queries, keys, hidden] activations may take at a time.

    Raises:
        AttentionInputError: shapes, dtypes or devices that do not fit, or NaN.

    >>> one = torch.ones(1, 1)
    >>> additive_scores(torch.zeros(1, 1, 1), torch.tensor([[[0.0], [1.0]]]), W_q=one, W_k=one, v=torch.ones(1))
    tensor([[[0.0000, 0.7616]]])
    """
    _check(query, key, None, W_q=W_q, W_k=W_k, v=v, b_q=b_q, b_k=b_k)
    a, b = _project(query, W_q, b_q), _project(key, W_k, b_k)
    return tanh_scores(a, b, wide(v), budget)


def additive_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    *,
    W_q: Tensor,
    W_k: Tensor,
    v: Tensor,
    b_q: Tensor | None = None,
    b_k: Tensor | None = None,
    mask: Tensor | None = None,
    budget: int = BUDGET,
) -> tuple[Tensor, Tensor]:
    """The context c, [batch, queries, value_size], and the weights α, [batch, queries, keys], in ``query``'s dtype.

    Without a value the keys are summed, as in the paper. Other arguments as in ``additive_scores``; a row that sees no key
    gives zeros.

    >>> one = torch.ones(1, 1)
    >>> key = torch.tensor([[[-1.0], [1.0]]])
    >>> context, weights = additive_attention(torch.zeros(1, 1, 1), key, W_q=one, W_k=one, v=torch.ones(1))
    >>> weights, context
    (tensor([[[0.1790, 0.8210]]]), tensor([[[0.6420]]]))
    """
    value = key if value is None else value
    _check(query, key, value, W_q=W_q, W_k=W_k, v=v, b_q=b_q, b_k=b_k)
    check_mask(mask, torch.Size((*query.shape[:-1], key.shape[-2])))
    keys, strength, values = _project(key, W_k, b_k), wide(v), wide(value)

    def rows(some: Tensor, some_mask: Tensor | None) -> tuple[Tensor, Tensor]:
        context, weights = attend(tanh_scores(_project(some, W_q, b_q), keys, strength, budget), values, some_mask)
        return context.to(query.dtype), weights.to(query.dtype)

    row_bytes = keys.numel() * keys.element_size()
    return over_queries(rows, query, mask, rows_within(budget, row_bytes))


class AdditiveAttention(AttentionModule):
    """Additive attention with its parameters: W_k and W_q (linear layers) and v (a vector).

    Args:
        key_size: width of a key.
        query_size: width of a query.
        hidden_size: width of the tanh layer.
        bias: linear layers with bias, as the article's code has them; False gives the article's formula.
        budget: the most bytes the hidden activations may take at a time.

    A state dict whose ``v`` is a linear layer to one output (``v.weight`` [1, hidden]) loads as well; a bias of that layer
    adds the same to every score, which the softmax ignores, and is dropped.

    >>> attention = AdditiveAttention(key_size=3, query_size=2, hidden_size=5)
    >>> context, weights = attention(torch.zeros(1, 4, 3), torch.zeros(1, 2))
    >>> context.shape, weights
    (torch.Size([1, 3]), tensor([[0.2500, 0.2500, 0.2500, 0.2500]], grad_fn=...))
    """

    def __init__(self, key_size: int, query_size: int, hidden_size: int, bias: bool = True, *, budget: int = BUDGET) -> None:
        super().__init__()
        self.key_size, self.query_size, self.hidden_size, self.budget = key_size, query_size, hidden_size, budget
        self.W_k = nn.Linear(key_size, hidden_size, bias=bias)
        self.W_q = nn.Linear(query_size, hidden_size, bias=bias)
        bound = hidden_size**-0.5
        self.v = nn.Parameter(torch.empty(hidden_size).uniform_(-bound, bound))
        self.register_load_state_dict_pre_hook(_read_v)

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        check_size("query", query, self.query_size)
        check_size("key", key, self.key_size)
        return additive_attention(
            query,
            key,
            value,
            W_q=self.W_q.weight,
            W_k=self.W_k.weight,
            v=self.v,
            b_q=self.W_q.bias,
            b_k=self.W_k.bias,
            mask=mask,
            budget=self.budget,
        )

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = vᵀ tanh(W_k k + W_q q) of many queries."""
        W_q, W_k = self.W_q, self.W_k
        return additive_scores(
            query, key, W_q=W_q.weight, W_k=W_k.weight, v=self.v, b_q=W_q.bias, b_k=W_k.bias, budget=self.budget
        )

    def extra_repr(self) -> str:
        """The sizes, for printing."""
        return f"v: {self.hidden_size}"


def _read_v(module: nn.Module, state: dict[str, Tensor], prefix: str, *_: Any) -> None:
    """Lets ``v`` come as a vector, a row, a column, or as a linear layer's weight."""
    state.pop(f"{prefix}v.bias", None)
    found = state.pop(f"{prefix}v.weight", state.get(f"{prefix}v"))
    if found is not None:
        state[f"{prefix}v"] = found.reshape(-1) if found.ndim == 2 and 1 in found.shape else found


def _project(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return nn.functional.linear(wide(rows), wide(weight), None if bias is None else wide(bias))


def _check(query: Tensor, key: Tensor, value: Tensor | None, **parameters: Tensor | None) -> None:
    check_inputs(query, key, value, **parameters)
    for name, tensor in (("query", query), ("key", key)):
        weight = parameters[f"W_{name[0]}"]
        if weight is not None:
            check_size(name, tensor, weight.shape[-1])
    _check_hidden(**parameters)  # type: ignore[arg-type]


def _check_hidden(W_q: Tensor, **others: Tensor | None) -> None:
    """Everything in the hidden layer is as wide as W_q makes it."""
    hidden = W_q.shape[0]
    for name, tensor in others.items():
        if tensor is not None and tensor.shape[0] != hidden:
            raise AttentionInputError(
                f"A {name} of width {tensor.shape[0]} was given.",
                f"W_q makes {hidden} hidden units of a query.",
                f"Give {name} [{hidden}{', key_size' if name == 'W_k' else ''}].",
            )
