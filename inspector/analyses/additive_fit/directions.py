"""Where a fit begins: an additive attention built from the head's own directions, no random search.

A head's score is a sum of products, ``scale·q·k = Σ_r s_r x_r y_r``, one for each pair of directions: with whitened
``x = Uᵀ C_q^{-1/2} (q − μ_q)``, ``y = Vᵀ C_k^{-1/2} (k − μ_k)`` and
``C_q^{1/2} C_k^{1/2} = U S Vᵀ``, the strengths are s = scale·S.

Two tanh units make one product. At c = artanh(1/√3) the third derivative of tanh vanishes, so

    tanh(c + ε(y + x)) − tanh(c + ε(y − x)) = 2ε f'(c) x + 2ε² f''(c) x y + O(ε⁴),

and what depends on the query alone drops out of the softmax. One more unit, in its linear range, carries the term
``scale·μ_q·k`` of the mean query. So 2d + 1 units are the whole head, and ⌊(h − 1)/2⌋ pairs its strongest part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.analyses.additive_fit.rows import HeadRows
from reference import AdditiveAttention

__all__ = ["Directions", "directions_of", "start_from"]

_CENTRE = math.atanh(1 / math.sqrt(3))
_BEND = -2 * math.tanh(_CENTRE) * (1 - math.tanh(_CENTRE) ** 2)  # f''(c)
_LINEAR = 0.02  # the linear unit's standard deviation before its tanh
_FLOOR = 1e-8  # of the largest eigenvalue


@dataclass(frozen=True, eq=False)
class Directions:
    """A head's pairs of directions, the strongest first, in float64.

    Attributes:
        of_query: [direction, width], rows turn a centred query into x.
        of_key: [direction, width], rows turn a centred key into y.
        strength: s, [direction], in units of the score: how far one standard deviation of x and of y move it together.
        mean_query, mean_key: [width].
        tilt: scale·μ_q, [width], what the mean query asks of a key.
        key_spread: standard deviation of tilt·k.
    """

    of_query: Tensor
    of_key: Tensor
    strength: Tensor
    mean_query: Tensor
    mean_key: Tensor
    tilt: Tensor
    key_spread: float


def directions_of(rows: HeadRows) -> Directions:
    """The directions of a head on these texts."""
    query = rows.query[rows.counts].double()
    key = rows.key[rows.allowed.any(1)].double()
    mean_query, half_query, back_query = _whitening(query)
    mean_key, half_key, back_key = _whitening(key)
    U, S, Vh = torch.linalg.svd(half_query @ half_key)
    tilt = rows.scale * mean_query
    spread = float(((key - mean_key) @ tilt).std(correction=0))
    return Directions(U.T @ back_query, Vh @ back_key, rows.scale * S, mean_query, mean_key, tilt, spread)


def start_from(found: Directions, hidden: int, *, epsilon: float = 0.02, seed: int = 0) -> AdditiveAttention:
    """An additive attention of ``hidden`` units that is the head, or its strongest part where the units do not suffice.

    Args:
        epsilon: ε above; smaller loses digits of float32, larger cuts off more of the tanh.
        seed: of the spare units, which begin with v = 0.
    """
    width = len(found.mean_query)
    generator = torch.Generator().manual_seed(seed)
    W_q, W_k = (0.1 * torch.randn(hidden, width, generator=generator, dtype=torch.float64) for _ in range(2))
    b, v = torch.zeros(hidden, dtype=torch.float64), torch.zeros(hidden, dtype=torch.float64)
    pairs = min((hidden - 1) // 2, width)
    for r in range(pairs):
        x, y, both = found.of_query[r].cpu(), found.of_key[r].cpu(), slice(2 * r, 2 * r + 2)
        W_q[both] = epsilon * torch.stack([x, -x])
        W_k[both] = epsilon * torch.stack([y, y])
        v[both] = float(found.strength[r]) / (2 * epsilon**2 * _BEND) * torch.tensor([1.0, -1.0], dtype=torch.float64)
        b[both] = _CENTRE
    if hidden > 2 * pairs and found.key_spread > 0:
        gain = _LINEAR / found.key_spread
        W_q[2 * pairs], W_k[2 * pairs] = 0.0, gain * found.tilt.cpu()
        v[2 * pairs] = 1 / gain
    b -= W_q @ found.mean_query.cpu() + W_k @ found.mean_key.cpu()
    return _module(W_q, W_k, b, v).to(found.tilt.device)


def _whitening(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean, C^{1/2} and C^{-1/2} of rows [row, width]."""
    mean = rows.mean(0)
    centred = rows - mean
    values, vectors = torch.linalg.eigh(centred.T @ centred / len(rows))
    values = values.clamp_min(max(float(values[-1]) * _FLOOR, 1e-12))
    return mean, (vectors * values.sqrt()) @ vectors.T, (vectors / values.sqrt()) @ vectors.T


def _module(W_q: Tensor, W_k: Tensor, b: Tensor, v: Tensor) -> AdditiveAttention:
    """The parameters as float32 linear layers; the bias is the query's, the key's is 0."""
    made = AdditiveAttention(W_k.shape[1], W_q.shape[1], len(v))
    with torch.no_grad():
        made.W_q.weight.copy_(W_q)
        made.W_k.weight.copy_(W_k)
        made.W_q.bias.copy_(b)
        made.W_k.bias.zero_()
        made.v.copy_(v)
    return made
