"""T5Gemma 2: one softmax over the decoder's own tokens and the encoder's, joined end to end.

The one operation is shown as two calls, self and cross, whose rows sum to 1 together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from inspector.hooks.adapters.register import ADAPTERS
from inspector.hooks.session import Seen, Session
from inspector.scores import Given

__all__: list[str] = []

_NOTE = "one softmax over the own tokens and the encoder's: the rows of the self and the cross call sum to 1 together"


@ADAPTERS.add("T5Gemma2MergedAttention")
def merged(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """The calls seen inside, each cut where the encoder's tokens begin."""
    encoder = kwargs.get("encoder_hidden_states", args[3] if len(args) > 3 else None)
    for call in seen:
        queries, keys = call.evidence.shape[2:]
        weights = call.evidence.weights(None, None, torch.arange(queries, device=call.evidence.device))
        own = keys - encoder.shape[1]
        session.keep(replace(call, evidence=Given(weights[..., :own]), kind="self", note=_NOTE))
        session.keep(replace(call, evidence=Given(weights[..., own:]), kind="cross", note=_NOTE))
