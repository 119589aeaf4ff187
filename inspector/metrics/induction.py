"""How much a head looks at what followed the same token before."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["induction"]


@metric(
    "induction",
    order=35,
    title="What followed it before",
    text="The share of attention a repeated token gives to the tokens that followed its earlier places.",
    high=1.0,
    source="Olsson et al. 2022, prefix matching; on natural text here",
    together=True,
)
def induction(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Σ A_{i,j+1} over j with the same token and j + 1 < i, mean over rows that have one, in [0, 1].

    NaN in heads that see later tokens (encoders have no induction), and in texts without repeats. A high value needs a text
    that repeats itself.
    """
    if not layer.causal:
        return torch.full((layer.num_heads,), float("nan"))
    return layer.mean(layer.induction, rows)
