"""Local attention: look only at the 2D + 1 keys around a centre p_t.

* local-m, "monotonic": the centre is the query's own position, p_t = t.
* local-p, "predictive": the query says where to look, p_t = S · sigmoid(v_pᵀ tanh(W_p q_t)) with S keys in the source, and
  weights are multiplied by a Gaussian around p_t of standard deviation σ = D/2, which is what lets p_t learn.

The softmax runs over the window only. The Gaussian comes after it, so the rows of local-p sum to less than 1, as in the
paper. Positions are counted from 0.

Source: Luong, Pham and Manning 2015, "Effective approaches to attention-based neural machine translation", section 3.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from reference.bilinear import bilinear_scores
from reference.dot_product import dot_product_scores
from reference.errors import AttentionInputError
from reference.inputs import check_inputs, check_mask, check_size, wide
from reference.module import AttentionModule, row_mask
from reference.softmax import masked_softmax

__all__ = [
    "LocalMonotonicAttention",
    "LocalPredictiveAttention",
    "focus",
    "local_attention",
    "predicted_centre",
]


def local_attention(
    scores: Tensor, value: Tensor, centre: Tensor, window: int, mask: Tensor | None = None, *, gaussian: bool = False
) -> tuple[Tensor, Tensor]:
    """The context, [..., queries, value_size], and the weights, [..., queries, keys], of any scores, near a centre only.

    Args:
        scores: e, [..., queries, keys], of any mechanism.
        value: [..., keys, value_size].
        centre: p, broadcastable to [..., queries]; keys with |j − p| ≤ window take part.
        window: D, at least 1.
        mask: bool, broadcastable to the scores, True where a key may be seen.
        gaussian: multiply the weights by exp(−(j − p)² / 2σ²), σ = D/2 (local-p). Rows then sum to less than 1.

    A row whose window holds no key that may be seen gives zeros.

    >>> local_attention(torch.zeros(1, 4), torch.arange(4.0)[:, None], torch.tensor([2.0]), 1)[1]
    tensor([[0.0000, 0.3333, 0.3333, 0.3333]])
    >>> local_attention(torch.zeros(1, 4), torch.arange(4.0)[:, None], torch.tensor([2.0]), 1, gaussian=True)[1]
    tensor([[0.0000, 0.0451, 0.3333, 0.0451]])
    """
    check_mask(mask, scores.shape)
    nearness = focus(centre, scores.shape[-1], window)
    near = nearness > 0
    weights = masked_softmax(wide(scores), near.expand(scores.shape) if mask is None else near & mask)
    weights = (weights * nearness if gaussian else weights).to(wide(value).dtype)
    return (weights @ wide(value)).to(value.dtype), weights.to(value.dtype)


def focus(centre: Tensor, keys: int, window: int) -> Tensor:
    """How near each key is, exp(−(j − p)² / 2σ²) with σ = D/2, and 0 outside the window; [..., queries, keys], in [0, 1].

    >>> focus(torch.tensor([2.0]), 5, 2)
    tensor([[0.1353, 0.6065, 1.0000, 0.6065, 0.1353]])
    """
    distance = torch.arange(keys, device=centre.device) - wide(centre).unsqueeze(-1)
    gaussian = torch.exp(-(distance**2) / (2 * (_check_window(window) / 2) ** 2))
    return gaussian * (distance.detach().abs() <= window)


def predicted_centre(query: Tensor, W_p: Tensor, v_p: Tensor, length: Tensor | int) -> Tensor:
    """Where each query wants to look, p = S · sigmoid(v_pᵀ tanh(W_p q)), [..., queries], in (0, S), counted in keys.

    Args:
        query: [..., queries, query_size].
        W_p: [hidden, query_size].
        v_p: [hidden].
        length: S, the number of keys, or one for each row.

    >>> predicted_centre(torch.zeros(1, 1, 2), torch.ones(3, 2), torch.ones(3), 10)
    tensor([[5.]])
    """
    check_size("query", query, W_p.shape[-1])
    return length * torch.sigmoid(torch.tanh(wide(query) @ wide(W_p).T) @ wide(v_p))


class LocalMonotonicAttention(AttentionModule):
    """local-m with the dot-product score: query t looks at the keys t − D … t + D.

    Called with one query a batch item, it needs to know which: ``attention(keys, query, position=t)``.

    >>> attention = LocalMonotonicAttention(window=1)
    >>> attention(torch.ones(1, 4, 2), torch.ones(1, 2), position=0)[1]
    tensor([[0.5000, 0.5000, 0.0000, 0.0000]])
    """

    def __init__(self, window: int) -> None:
        super().__init__()
        self.window = _check_window(window)

    def attention(
        self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, *, position: int = 0, **options: Any
    ) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries, the first of them at ``position``."""
        check_inputs(query, key, value)
        centre = torch.arange(query.shape[-2], device=query.device, dtype=torch.float32) + position
        return local_attention(dot_product_scores(query, key), value, centre, self.window, mask)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = q · k of many queries, for every key, near or far."""
        return dot_product_scores(query, key)


class LocalPredictiveAttention(AttentionModule):
    """local-p with the "general" score: each query predicts its centre. Parameters W (score), W_p and v_p (centre).

    Args:
        key_size, query_size: widths.
        hidden_size: width of the layer that predicts the centre.
        window: D; the Gaussian's standard deviation is D/2.

    The source length S is the number of keys, or with a mask the position after the last key a row may see.

    >>> attention = LocalPredictiveAttention(key_size=3, query_size=2, hidden_size=5, window=2)
    >>> attention(torch.zeros(1, 4, 3), torch.zeros(1, 2))[1]
    tensor([[0.0338, 0.1516, 0.2500, 0.1516]], grad_fn=...)
    """

    def __init__(self, key_size: int, query_size: int, hidden_size: int, window: int) -> None:
        super().__init__()
        self.window = _check_window(window)
        self.W = _uniform(query_size, key_size)
        self.W_p = _uniform(hidden_size, query_size)
        self.v_p = _uniform(hidden_size)

    def centre(self, query: Tensor, keys: int, mask: Tensor | None = None) -> Tensor:
        """p, [batch, queries], for ``query`` [batch, queries, query_size] on ``keys`` keys."""
        return predicted_centre(query, self.W_p, self.v_p, _source_length(keys, mask))

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of many queries."""
        check_inputs(query, key, value, W_p=self.W_p, v_p=self.v_p)
        scores = bilinear_scores(query, key, self.W)
        check_mask(mask, scores.shape)
        return local_attention(scores, value, self.centre(query, key.shape[-2], mask), self.window, mask, gaussian=True)

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """e = qᵀ W k of many queries, for every key, near or far."""
        return bilinear_scores(query, key, self.W)

    def focus(self, keys: Tensor, query: Tensor, mask: Tensor | None = None) -> Tensor:
        """What the weights of step 3 are multiplied by: 0 outside the window; [batch, keys], or [batch, queries, keys].

        The softmax before it runs over the keys where it is not 0.
        """
        if self._is_one(keys, query):
            return focus(self.centre(query.unsqueeze(1), keys.shape[1], row_mask(mask)), keys.shape[1], self.window).squeeze(1)
        return focus(self.centre(query, keys.shape[1], mask), keys.shape[1], self.window)


def _source_length(keys: int, mask: Tensor | None) -> Tensor | int:
    """The position after the last key a row may see, broadcastable to [batch, queries]."""
    if mask is None or keys == 0:
        return keys
    return (mask * torch.arange(1, mask.shape[-1] + 1, device=mask.device)).amax(-1) if mask.shape[-1] == keys else keys


def _uniform(*shape: int) -> nn.Parameter:
    bound = shape[-1] ** -0.5
    return nn.Parameter(torch.empty(shape).uniform_(-bound, bound))


def _check_window(window: int) -> int:
    if window < 1:
        raise AttentionInputError(
            f"A window of D={window} was asked for.",
            "It holds no neighbour, and its Gaussian has no width.",
            "Give a whole number of 1 or more.",
        )
    return window
