"""The result: what every row and every key of every head amounts to, without a map of them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.masks import Mask
from inspector.summaries.facts import Facts
from inspector.summaries.top import TopKeys

__all__ = ["LayerSummary", "Summary", "Wanted"]

POOL = 64  # rows and columns of a pooled map
WINDOW = 4  # positions on either side that count as local


@dataclass(frozen=True)
class Wanted:
    """What a summary is to hold; the key under which it is kept.

    Attributes:
        pool: most rows and columns of the pooled map; 0 for none.
        without: positions left out of the pooled map; None leaves out special tokens and padding.
        spans: (name, key positions) whose mass is wanted.
        how: "auto", "fused" or "blocked".
    """

    pool: int | None = POOL
    without: tuple[int, ...] | None = None
    spans: tuple[tuple[str, tuple[int, ...]], ...] = ()
    how: str = "auto"


@dataclass(eq=False)
class LayerSummary:
    """One attention call, one batch item. Rows that do not exist for a number (padding, no such key) are NaN.

    Attributes:
        call: the call.
        facts: its rows and columns.
        mask: its mask in the simplest form.
        how: "dense" (short texts), "fused", "blocked" or "given"; ``why`` says the reason in words.
        lse: [head, query] log-sum-exp of a row's scores (learned sink included): a weight is exp(score − lse).
        entropy: [head, query] in nats, over the keys and the learned sink.
        distance: [head, query] mean |i − j| in tokens, over the keys.
        previous, following, itself: [head, query] the weight on the key one back, one ahead, at the same place.
        local: [head, query] share within ``WINDOW`` positions.
        duplicate: [head, query] share on other places of the same token (earlier ones in a causal head).
        induction: [head, query] share on what followed earlier places of the same token.
        mass: [head, query] share by name: "special", "first" (the first key), "text A", "text B", "sink" (learned), and spans.
        received: [head, key] sum of what content rows give to a key.
        seen: [1 or head, key] how many content rows may see the key.
        allowed: [1 or head, query] how many keys the row may see.
        causal: no row sees a later place.
        pooled: [head, row, column] block means of the map over the positions ``pooled_queries`` × ``pooled_keys``; NaN-free.
        maximum: [head, query] the row's largest weight; None until asked for.
        partners: [1 or head, query] by name: how many keys "duplicate" and "induction" sum over.
    """

    call: AttentionCall
    facts: Facts
    mask: Mask
    how: str
    why: str
    lse: Tensor
    entropy: Tensor
    distance: Tensor
    previous: Tensor
    following: Tensor
    itself: Tensor
    local: Tensor
    duplicate: Tensor
    induction: Tensor
    mass: dict[str, Tensor]
    received: Tensor
    seen: Tensor
    allowed: Tensor
    causal: bool = False
    pooled: Tensor | None = None
    pooled_queries: Tensor | None = None
    pooled_keys: Tensor | None = None
    maximum: Tensor | None = None
    partners: dict[str, Tensor] = field(default_factory=dict)

    @property
    def numbers(self) -> dict[str, Any]:
        """Everything but its call: what is kept beside a call must not keep it alive. Shared, so nobody writes into it."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.name != "call"}

    @property
    def num_heads(self) -> int:
        """Heads of this layer."""
        return self.entropy.shape[0]

    @property
    def rest(self) -> Tensor:
        """[head, query] mass at rest: on special tokens, else on the first key, plus the learned sink."""
        found = self.mass["special"] if bool(self.facts.special.any()) else self.mass["first"]
        return found + self.mass["sink"] if "sink" in self.mass else found

    def rows(self, which: str = "content", least: int = 2) -> Tensor:
        """[1 or head, query] bool: the rows a mean is taken over. A row with a single key has no choice and never counts.

        Args:
            which: "content" (no special tokens, no padding) or "all" (no padding).
            least: the fewest keys a row must see.
        """
        chosen = self.facts.content if which == "content" else self.facts.real
        return chosen[None] & (self.allowed >= least)

    def mean(self, values: Tensor, rows: Tensor) -> Tensor:
        """[head] mean of ``values`` [head, query] over ``rows``, rows without a value left out; NaN where none is left."""
        counted = rows & ~values.isnan()
        return values.double().masked_fill(~counted, 0.0).sum(-1).div(counted.sum(-1)).float()


@dataclass(eq=False)
class Summary:
    """Exact per-head numbers of one batch item, as ``Capture.summarize`` returns them.

    Attributes:
        layers: one entry for each call, in the order they ran.
        batch: which batch item.
        top: for each call the strongest keys of the rows that were asked for.
    """

    layers: list[LayerSummary]
    batch: int = 0
    top: list[TopKeys] = field(default_factory=list)

    def group(self, tower: str, kind: str) -> list[LayerSummary]:
        """The layers of one tower and kind."""
        return [layer for layer in self.layers if (layer.call.tower, layer.call.kind) == (tower, kind)]

    @property
    def how(self) -> dict[str, str]:
        """How each call was summarised, by module name, with the reason."""
        return {layer.call.name: f"{layer.how}: {layer.why}" for layer in self.layers}

    def stack(self, name: str) -> Tensor:
        """[layer, head, …] of one field (``"entropy"``) or mass (``"special"``) of layers that have one shape."""
        found = [layer.mass[name] if name in layer.mass else getattr(layer, name) for layer in self.layers]
        return torch.stack(found)

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        ways = ", ".join(f"{sum(x.how == way for x in self.layers)} {way}" for way in dict.fromkeys(x.how for x in self.layers))
        return f"<Summary of batch item {self.batch}: {len(self.layers)} layers ({ways})>"
