"""ConvBERT: half of the heads attend, the other half are convolutions whose kernels come out of a softmax as well.

A kernel weighs a few neighbours by position and compares no query with a key: it is not shown as attention.
Source: Jiang et al. 2020, ConvBERT, section 3.2.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from inspector.hooks.adapters.register import ADAPTERS, listens
from inspector.hooks.session import Seen, Session

__all__: list[str] = []

_REASON = "Half of the heads here are dynamic convolutions over neighbours: their kernels have no weights over keys."


@ADAPTERS.add("ConvBertSelfAttention")
@listens
def convbert(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """The calls whose keys are tokens."""
    width = module.conv_kernel_size
    for call in seen:
        if call.evidence.shape[2:] != (1, width):
            session.keep(call)
    session.miss(module, _REASON)
