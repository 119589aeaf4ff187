"""How much a head looks at the token just after."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["next_token"]


@metric(
    "next_token",
    order=60,
    title="Next token",
    text="The share of attention a token gives to the one just after it; none in a model that reads from left to right.",
    high=1.0,
    source="Clark et al. 2019, §3.1",
    together=True,
)
def next_token(layer: LayerSummary, rows: Tensor) -> Tensor:
    """A_{i,i+1}, mean over rows that may see such a key, in [0, 1]; NaN in causal heads."""
    return layer.mean(layer.following, rows)
