"""How much a head looks at other places of the same token."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["duplicate_token"]


@metric(
    "duplicate_token",
    order=30,
    title="Same word elsewhere",
    text="The share of attention a repeated token gives to its other places (earlier ones where later ones cannot be seen).",
    high=1.0,
    source="TransformerLens, duplicate_token_head; here per row that has such a key",
    together=True,
)
def duplicate_token(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Σ A_ij over j ≠ i with the same token, mean over rows that have such a j, in [0, 1]; NaN in a text without repeats."""
    return layer.mean(layer.duplicate, rows)
