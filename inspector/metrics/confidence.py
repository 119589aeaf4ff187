"""How sure a head is: the largest weight of a row."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["confidence"]


@metric(
    "confidence",
    order=40,
    title="Sharpness",
    text="The largest weight of a row, averaged: 1 when every token looks at a single one.",
    high=1.0,
    source="Voita et al. 2019, §4 (there without the end-of-sentence key)",
    maximum=True,
    together=True,
)
def confidence(layer: LayerSummary, rows: Tensor) -> Tensor:
    """max_j A_ij, mean over rows, in (0, 1]."""
    if layer.maximum is None:
        return torch.full((layer.num_heads,), float("nan"))
    return layer.mean(layer.maximum, rows)
