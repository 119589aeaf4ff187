"""CPM-Ant: a learned prompt of its own stands before every text, and the library leaves it out of the weights it returns.

The whole table is kept, prompt included, for it is what the softmax ran over; its layout gives back the library's part.
Source: the library's ``CpmAntModel``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from inspector.captures import LAYOUTS
from inspector.hooks.adapters.register import ADAPTERS, listens
from inspector.hooks.session import Seen, Session

__all__ = ["Prompted"]


@LAYOUTS.add("Prompted")
@dataclass(frozen=True)
class Prompted:
    """The model's own layout: the rows and columns after the prompt.

    Attributes:
        length: tokens of the prompt.
    """

    length: int

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch, head, query, key] as the model returns it."""
        return weights[..., self.length :, self.length :]


@ADAPTERS.add("CpmAntAttention")
@listens
def cpmant(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """The calls as they were seen; only a pass without a cache has the prompt among its queries."""
    length = getattr(getattr(session.model, "config", None), "prompt_length", 0)
    for call in seen:
        queries, keys = call.evidence.shape[2:]
        session.keep(replace(call, layout=Prompted(length)) if queries == keys and length else call)
