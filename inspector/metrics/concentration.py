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
    together=True,
)
def concentration(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Gini coefficient of the mean weight each key receives from the rows that may see it, in [0, 1 − 1/n].

    Attention received is that of content rows (of all real rows where nothing is content); keys no such row may see are left
    out. Without the division early keys of a causal model would win by construction.
    """
    seen = layer.seen.expand(layer.num_heads, -1)
    return gini(layer.received / seen, seen > 0)


def gini(values: Tensor, counted: Tensor | None = None) -> Tensor:
    """Gini coefficient of non-negative numbers [..., n]: 0 for equal ones, 1 − 1/n for a single one; NaN for none.

    ``counted`` [..., n] leaves the others out.

    >>> round(gini(torch.tensor([0.0, 0.0, 4.0, 0.0])).item(), 6)
    0.75
    """
    counted = torch.ones_like(values, dtype=torch.bool) if counted is None else counted
    ordered = values.double().masked_fill(~counted, float("inf")).sort(-1).values
    n, place = counted.sum(-1, keepdim=True), torch.arange(1, values.shape[-1] + 1, device=values.device)
    ordered = ordered.masked_fill(place > n, 0.0)  # what is left out stands at the end
    return (((2 * place - n - 1) * ordered).sum(-1) / (n[..., 0] * ordered.sum(-1))).float()
