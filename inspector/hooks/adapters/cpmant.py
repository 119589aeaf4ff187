"""CPM-Ant: a learned prompt of its own stands before every text, and the library leaves it out of the weights it returns.

The whole table is kept, prompt included, for it is what the softmax ran over; its layout gives back the library's part.
Source: the library's ``CpmAntModel``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import nn

from inspector.hooks.adapters.register import ADAPTERS, listens
from inspector.hooks.session import Seen, Session
from inspector.layouts import Prompted

__all__: list[str] = []


@ADAPTERS.add("CpmAntAttention")
@listens
def cpmant(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """The calls as they were seen; only a pass without a cache has the prompt among its queries."""
    length = getattr(getattr(session.model, "config", None), "prompt_length", 0)
    for call in seen:
        queries, keys = call.evidence.shape[2:]
        session.keep(replace(call, layout=Prompted(length)) if queries == keys and length else call)
