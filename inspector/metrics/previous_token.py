"""How much a head looks at the token just before."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["previous_token"]


@metric(
    "previous_token",
    order=20,
    title="Previous token",
    text="The share of attention a token gives to the one just before it.",
    high=1.0,
    source="Clark et al. 2019, §3.1",
    together=True,
)
def previous_token(layer: LayerSummary, rows: Tensor) -> Tensor:
    """A_{i,i−1}, mean over rows that have such a key, in [0, 1]. Voita et al. 2019 (§5.1) count the row's maximum instead."""
    return layer.mean(layer.previous, rows)
