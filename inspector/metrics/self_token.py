"""How much a head looks at the token itself."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["self_token"]


@metric(
    "self_token",
    order=65,
    title="Same position",
    text="The share of attention a token gives to itself.",
    high=1.0,
    source="Clark et al. 2019, §3.1",
    together=True,
)
def self_token(layer: LayerSummary, rows: Tensor) -> Tensor:
    """A_ii, mean over rows that may see themselves and something else, in [0, 1]."""
    return layer.mean(layer.itself, rows)
