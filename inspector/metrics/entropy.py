"""How widely a head spreads its attention."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["entropy"]


@metric(
    "entropy",
    order=55,
    title="Entropy",
    text="How widely a row is spread: 0 for a single key, the logarithm of their number when all are equal.",
    unit="nats",
    source="Ghader & Monz 2017; Clark et al. 2019, §3.3",
    together=True,
)
def entropy(layer: LayerSummary, rows: Tensor) -> Tensor:
    """−Σ_j A_ij ln A_ij, mean over rows, in [0, ln n] nats; a learned sink counts as one more key."""
    return layer.mean(layer.entropy, rows)
