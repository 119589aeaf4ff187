"""Mixers that have no row of weights over keys, and the plain words for it. A new one is a line here."""

from __future__ import annotations

import functools
import re

from torch import nn

__all__ = ["reason_for"]

_SAMPLED = (
    "Deformable attention samples a few points of a feature map instead of weighing every key: it has no row of weights per key."
)
_STATE = "A state-space (Mamba) mixer carries a running state from token to token: it has no weights over keys."
_LINEAR = "Linear attention sums the keys into a running state and no query meets a single key: it has no weights over keys."
_CONVOLUTION = "A short convolution mixes neighbouring tokens with fixed weights that do not depend on a query."
_RECURRENT = "A gated recurrence carries a running state from token to token: it has no weights over keys."
_FOURIER = "A Fourier transform mixes the tokens with fixed waves: there is nothing that attends."
_HASHED = "YOSO estimates attention by hashing into buckets: its weights are random Bernoulli averages, not a softmax over keys."
_BLOCKS = "MRA approximates attention with blocks of several resolutions: the N×N weights are never formed."
_POOLED = (
    "Every token is weighed once for the whole sequence, not by each query: there is one vector of weights, no row per query."
)
_PICTURED = "Its weights are one distribution over all heads and places together and meet no values: masks are painted from them."

_REASONS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), reason)
    for pattern, reason in (
        (r"Multi[sS]caleDeformableAttention$", _SAMPLED),
        (r"(Mamba2?|Bamba|FalconH1|SSM)\w*(Mixer|(?<!Decoder)Layer)$|MambaMixer", _STATE),
        (r"(LinearAttention|LightningAttention|GatedDeltaNet|DeltaAttention|RwkvSelfAttention)$", _LINEAR),
        (r"ShortConv$", _CONVOLUTION),
        (r"(Rglru|RgLru|RecurrentBlock|[msx]LSTM(Layer|Cell)?)$", _RECURRENT),
        (r"FourierTransform$", _FOURIER),
        (r"^YosoSelfAttention$", _HASHED),
        (r"^MraSelfAttention$", _BLOCKS),
        (r"MHAttentionMap$", _PICTURED),
        (r"(MobileViTV2LinearSelfAttention|EfficientAdditiveAttention)$", _POOLED),
    )
)


@functools.cache
def reason_for(cls: type[nn.Module]) -> str | None:
    """Why modules of this class have no attention weights to show; None where they may have.

    >>> reason_for(type("FNetBasicFourierTransform", (nn.Module,), {}))
    'A Fourier transform mixes the tokens with fixed waves: there is nothing that attends.'
    """
    return next((reason for pattern, reason in _REASONS if pattern.search(cls.__name__)), None)
