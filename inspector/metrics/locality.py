"""How much of a head's attention stays close by."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["locality"]


@metric(
    "locality",
    order=70,
    title="Within four tokens",
    text="The share of attention that stays within four tokens on either side.",
    high=1.0,
    source="own definition, window of 4",
    together=True,
)
def locality(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Σ A_ij over |i − j| ≤ 4, mean over rows, in [0, 1]."""
    return layer.mean(layer.local, rows)
