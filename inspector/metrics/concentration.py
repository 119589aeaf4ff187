"""Whether a few keys receive most of the attention."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["concentration", "gini"]


@metric(
    "concentration",
    order=75,
    title="Concentration",
    text="How unevenly keys receive attention: 0 when all receive the same, near 1 when one key receives all.",
    high=1.0,
    source="Gini coefficient; Hurley & Rickard 2009",
)
def concentration(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Gini coefficient of the mean weight each key receives from the rows that may see it, in [0, 1 − 1/n].

    Attention received is that of content rows (of all real rows where nothing is content); keys no such row may see are left
    out. Without the division early keys of a causal model would win by construction.
    """
    seen = layer.seen.expand(layer.num_heads, -1)
    return torch.stack([gini(r[s > 0] / s[s > 0]) for r, s in zip(layer.received, seen, strict=True)])


def gini(values: Tensor) -> Tensor:
    """Gini coefficient of non-negative numbers [n]: 0 for equal ones, 1 − 1/n for a single one; NaN for none.

    >>> round(gini(torch.tensor([0.0, 0.0, 4.0, 0.0])).item(), 6)
    0.75
    """
    ordered = values.double().sort().values
    n = len(ordered)
    weight = 2 * torch.arange(1, n + 1, device=values.device) - n - 1
    return ((weight * ordered).sum() / (n * ordered.sum())).float()
