"""How far a head looks."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["distance"]


@metric(
    "distance",
    order=50,
    title="Distance",
    text="How many tokens away a head looks, on average; special tokens and sinks far away make it large.",
    unit="tokens",
    source="Vig & Belinkov 2019, §4",
    together=True,
)
def distance(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Σ_j A_ij |i − j|, mean over rows, in [0, N − 1] tokens."""
    return layer.mean(layer.distance, rows)
