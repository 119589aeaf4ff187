"""Inkling 2: before each sublayer every token looks back over what earlier blocks of layers made of it.

The keys are depths, not tokens, so the calls are a kind of their own, "depth": a row per token, a column per block.
Source: the library's ``Inkling2BlockAttentionResidual``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from inspector.hooks.adapters.register import ADAPTERS, listens
from inspector.hooks.session import Seen, Session
from inspector.scores import Given

__all__: list[str] = []

_NOTE = "columns are the outputs of earlier blocks of layers, oldest first, not tokens"


@ADAPTERS.add("Inkling2BlockAttentionResidual")
@listens
def inkling2(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """[batch, token, learned query, block] turned to [batch, learned query, token, block]."""
    for call in seen:
        rows = torch.arange(call.evidence.shape[2], device=call.evidence.device)
        table = Given(call.evidence.weights(None, None, rows).transpose(1, 2))
        session.keep(replace(call, evidence=table, kind="depth", note=_NOTE, layout=None))
