"""The normal form of a mask: a band, a set of real keys, packed segments, and only then a free table.

Every library mask (none, causal flag, sliding window, padding, packed ``cu_seqlens``, boolean or additive tensor, flex
``mask_mod``) is brought to this one form. What is simple stays a few integers, so that summaries can tell a causal
head from an arbitrary one without looking at an N×N table.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

__all__ = ["NO_MASK", "Mask"]


@dataclass(frozen=True, eq=False)
class Mask:
    """Query i may see key j when every part that is set allows it.

    Attributes:
        left: j ≥ i + offset − left (None: no bound on this side).
        right: j ≤ i + offset + right; 0 is causal (None: no bound).
        offset: position of query 0 counted in keys. Top-left causal has 0, bottom-right has keys − queries.
        keys: [batch, key] bool, False where a key is padding or not yet written.
        segments: ([batch|1, query], [batch|1, key]) int, packed sequences see only their own number.
        dense: bool, broadcastable to [batch, head, query, key], True = may be seen; for what has no simpler form.
        bias: float, broadcastable to [batch, head, query, key], added to the scaled scores.
        fill: what a forbidden score becomes: −inf gives a fully masked row all zeros; a finite number (the most
            negative of the model's dtype, as eager attention uses it) makes such a row uniform over all keys.
    """

    left: int | None = None
    right: int | None = None
    offset: int = 0
    keys: Tensor | None = None
    segments: tuple[Tensor, Tensor] | None = None
    dense: Tensor | None = None
    bias: Tensor | None = None
    fill: float = float("-inf")

    @property
    def is_causal(self) -> bool:
        """True when no query sees a later position."""
        return self.right is not None and self.right <= 0

    @property
    def is_band(self) -> bool:
        """True when integers and the key mask say everything: no segments, no table, no bias."""
        return self.segments is None and self.dense is None and self.bias is None

    @property
    def is_open(self) -> bool:
        """True when nothing is forbidden."""
        return all(part is None for part in (self.left, self.right, self.keys, self.segments, self.dense))

    def with_(self, **changes: object) -> Mask:
        """A copy with some parts replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the mask by name, for counting bytes and for saving."""
        found = {name: getattr(self, name) for name in ("keys", "dense", "bias")}
        if self.segments is not None:
            found["segments_query"], found["segments_key"] = self.segments
        return {name: tensor for name, tensor in found.items() if tensor is not None}

    def of_head(self, head: int) -> Mask:
        """What the mask says of one head: tables with an axis of heads lose the others, nothing is copied."""

        def narrowed(table: Tensor | None) -> Tensor | None:
            apart = table is not None and table.ndim >= 3 and table.shape[-3] > 1
            return table.narrow(-3, head, 1) if table is not None and apart else table

        return replace(self, dense=narrowed(self.dense), bias=narrowed(self.bias))

    def keep(self, batch: Tensor | None, heads: Tensor | None, queries: Tensor, num_keys: int) -> Tensor | None:
        """Which keys the chosen rows may see: bool, broadcastable to [batch, head, query, key]; None means all."""
        parts = [self._band(queries, num_keys)]
        if self.keys is not None:
            parts.append(take(self.keys[:, None, None, :], batch, heads, queries)[..., :num_keys])
        if self.segments is not None:
            of_query, of_key = (t.to(queries.device) for t in self.segments)
            rows = (of_query if of_query.shape[0] == 1 or batch is None else of_query[batch])[:, queries]
            cols = of_key if of_key.shape[0] == 1 or batch is None else of_key[batch]
            parts.append((rows[:, :, None] == cols[:, None, :])[:, None])
        if self.dense is not None:
            parts.append(take(self.dense, batch, heads, queries)[..., :num_keys])
        allowed = None
        for part in parts:
            if part is not None:
                allowed = part if allowed is None else allowed & part
        return allowed

    def added(self, batch: Tensor | None, heads: Tensor | None, queries: Tensor, num_keys: int) -> Tensor | None:
        """What is added to the chosen rows' scaled scores, broadcastable to [batch, head, query, key]."""
        return None if self.bias is None else take(self.bias, batch, heads, queries)[..., :num_keys]

    def _band(self, queries: Tensor, num_keys: int) -> Tensor | None:
        if self.left is None and self.right is None:
            return None
        here = queries[:, None] + self.offset
        key = torch.arange(num_keys, device=queries.device)[None, :]
        allowed = torch.ones(1, 1, dtype=torch.bool, device=queries.device)
        if self.right is not None:
            allowed = allowed & (key <= here + self.right)
        if self.left is not None:
            allowed = allowed & (key >= here - self.left)
        return allowed[None, None]


NO_MASK = Mask()


def take(table: Tensor, batch: Tensor | None, heads: Tensor | None, queries: Tensor) -> Tensor:
    """The chosen rows of a tensor that is broadcastable to [batch, head, query, key]; axes of size 1 stay 1; None takes all."""
    while table.ndim < 4:
        table = table.unsqueeze(0)
    wanted = [(len(i) / max(1, table.shape[axis]), axis, i) for axis, i in enumerate((batch, heads, queries)) if i is not None]
    for _, axis, index in sorted(wanted, key=lambda one: one[0]):  # first what leaves least, so that little is copied
        if table.shape[axis] > 1:
            table = table.index_select(axis, index.to(table.device))
    return table.to(queries.device)
