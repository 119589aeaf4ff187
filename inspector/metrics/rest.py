"""Where attention rests: special tokens, a first token that acts as a sink, a learned sink."""

from __future__ import annotations

from torch import Tensor

from inspector.metrics.scores import metric
from inspector.summaries import LayerSummary

__all__ = ["rest"]


@metric(
    "rest",
    order=10,
    title="On special tokens",
    text="The share of attention that rests on special tokens (without any, on the first token) and on a learned sink.",
    high=1.0,
    source="Clark et al. 2019, §3.2; Xiao et al. 2024 (StreamingLLM), §3",
    together=True,
)
def rest(layer: LayerSummary, rows: Tensor) -> Tensor:
    """Σ_j A_ij over special keys, else A_i0; a learned sink's share is added. Mean over rows, in [0, 1].

    The first row of a causal model sees only the first token and is left out.
    """
    return layer.mean(layer.rest, rows)
