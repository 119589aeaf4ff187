"""The four attentions of the recurrent date models, each built from the width of state and keys."""

from __future__ import annotations

from collections.abc import Callable

from reference import AdditiveAttention, DotProductAttention, LocalPredictiveAttention, ScaledDotProductAttention
from reference.module import AttentionModule

__all__ = ["ATTENTIONS"]

WINDOW = 4
"""D of local-p: nine characters, of which the middle ones count most."""

ATTENTIONS: dict[str, Callable[[int], AttentionModule]] = {
    "additive": lambda width: AdditiveAttention(width, width, width),
    "dot_product": lambda width: DotProductAttention(),
    "scaled_dot_product": lambda width: ScaledDotProductAttention(),
    "local_p": lambda width: LocalPredictiveAttention(width, width, width, window=WINDOW),
}
