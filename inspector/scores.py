"""What was kept of one attention operation, and the exact weights that follow from it.

``Scores`` keeps queries and keys (N·d numbers) and rebuilds any row of softmax(scale·q·kᵀ + bias) on demand;
``Given`` holds weights a model computed itself, where no queries and keys explain them.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from inspector.masks import NO_MASK, Mask, take

__all__ = ["Chosen", "Evidence", "Given", "Scores", "exact"]

BLOCK = 2**20  # numbers in a block of rows: 4 MB

# Numbers along one axis, or None for all of them (which copies nothing).
Chosen = Tensor | None


@runtime_checkable
class Evidence(Protocol):
    """Anything that can say the weights of chosen rows."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(batch, heads, queries, keys)."""

    @property
    def device(self) -> torch.device:
        """Where the kept tensors live."""

    def weights(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weights of the chosen rows, [batch, head, query, key]."""

    def tensors(self) -> dict[str, Tensor]:
        """Every kept tensor by name."""


@dataclass(frozen=True, eq=False)
class Scores:
    """Queries, keys and everything that turns them into weights.

    Attributes:
        query: [batch, head, query, width], as the kernel received it (after rotary embedding and norms).
        key: [batch, kv_head, key, width]; head h reads kv_head h // (heads / kv_heads).
        scale: factor on q·k.
        mask: who may see whom, and the additive bias.
        softcap: scores become softcap · tanh(scores / softcap), before bias and mask (Gemma 2).
        sinks: [head] learned logits that take part in the softmax and own no key (gpt-oss): rows sum to less than 1.
    """

    query: Tensor
    key: Tensor
    scale: float
    mask: Mask = field(default=NO_MASK)
    softcap: float | None = None
    sinks: Tensor | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (self.query.shape[0], self.query.shape[1], self.query.shape[2], self.key.shape[2])

    @property
    def device(self) -> torch.device:
        return self.query.device

    @property
    def group(self) -> int:
        """How many heads share one key head."""
        return self.query.shape[1] // self.key.shape[1]

    def of_head(self, head: int) -> Scores:
        """One head alone; nothing is copied."""
        at = head // self.group
        sinks = None if self.sinks is None else self.sinks.reshape(-1)[head : head + 1]
        key = self.key[:, at : at + 1]
        return Scores(self.query[:, head : head + 1], key, self.scale, self.mask.of_head(head), self.softcap, sinks)

    def tensors(self) -> dict[str, Tensor]:
        own = {"query": self.query, "key": self.key} | {f"mask_{n}": t for n, t in self.mask.tensors().items()}
        return own if self.sinks is None else own | {"sinks": self.sinks}

    @torch.no_grad()
    def scores(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Scaled, capped, biased and masked scores of the chosen rows, [batch, head, query, key]."""
        with exact(self.device):
            found = self._products(batch, heads, queries, dtype)
            for some, rows in _in_blocks(found, queries):
                self._complete(some, batch, heads, rows)
            return found

    @torch.no_grad()
    def weights(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Softmax of the scores; a row with no allowed key is all zeros when ``mask.fill`` is −inf.

        Whatever a row takes beside its weights, a mask, a bias, a second copy, is made for a block of rows at a time.
        """
        with exact(self.device):
            found = self._products(batch, heads, queries, dtype)
            for some, rows in _in_blocks(found, queries):
                some.copy_(self._softmax(self._complete(some, batch, heads, rows), batch, heads, rows))
            return found

    def _complete(self, scores: Tensor, batch: Chosen, heads: Chosen, queries: Tensor) -> Tensor:
        """The products of some rows, written over with their scores."""
        scores.mul_(self.scale)
        if self.softcap is not None:
            scores.div_(self.softcap).tanh_().mul_(self.softcap)
        bias = self.mask.added(batch, heads, queries, scores.shape[-1])
        if bias is not None:
            scores.add_(bias.to(scores.dtype))
        keep = self.mask.keep(batch, heads, queries, scores.shape[-1])
        fill = self.mask.fill
        if math.isfinite(fill):  # the most negative number of the model's dtype, which another may not have
            fill = max(fill, torch.finfo(scores.dtype).min)
        return scores if keep is None else scores.masked_fill_(~keep, fill)

    def _softmax(self, scores: Tensor, batch: Chosen, heads: Chosen, queries: Tensor) -> Tensor:
        if self.sinks is not None:
            sink = take(self.sinks.reshape(1, -1, 1, 1), batch, heads, queries).to(scores.dtype)
            sink = sink.expand(*scores.shape[:3], 1)
            return torch.softmax(torch.cat([scores, sink], -1), -1)[..., :-1]
        weights = torch.softmax(scores, -1)
        if self.mask.fill == float("-inf") and not self.mask.is_open:
            empty = (scores == float("-inf")).all(-1, keepdim=True)
            weights.masked_fill_(empty, 0.0)
        return weights

    def _products(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype) -> Tensor:
        """q·k of the chosen rows: all in one product, so that each is the same number however many are asked for."""
        q = chosen(self.query, batch, heads).index_select(2, queries.to(self.device)).to(dtype)
        if heads is None and self.group > 1:  # do not repeat shared keys: fold the group into the query axis
            k = chosen(self.key, batch, None).to(dtype)
            folded = q.reshape(q.shape[0], k.shape[1], self.group * q.shape[2], q.shape[3])
            return (folded @ k.transpose(-1, -2)).reshape(*q.shape[:3], k.shape[2])
        k = chosen(self.key, batch, None if heads is None else heads // self.group).to(dtype)
        return q @ k.transpose(-1, -2)


def _in_blocks(table: Tensor, queries: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """(some rows of [batch, head, query, key], to be written to, their numbers): as many as lie in a processor's cache."""
    numbers = table.numel() // max(1, len(queries))
    step = max(1, (BLOCK if table.device.type == "cpu" else 32 * BLOCK) // max(1, numbers))
    if step >= len(queries):
        yield table, queries
        return
    for start in range(0, len(queries), step):
        yield table[:, :, start : start + step], queries[start : start + step]


def exact(device: torch.device) -> contextlib.AbstractContextManager[object]:
    """Inside, no operation is cast to a lower precision."""
    on = torch.is_autocast_enabled(device.type)
    return torch.autocast(device.type, enabled=False) if on else contextlib.nullcontext()


def chosen(tensor: Tensor, batch: Chosen, heads: Chosen) -> Tensor:
    """The chosen batch items and heads of [batch, head, …]."""
    tensor = tensor if batch is None else tensor[batch]
    return tensor if heads is None else tensor[:, heads]


@dataclass(frozen=True, eq=False)
class Given:
    """Weights [batch, head, query, key] that the model itself computed and that are kept as they are."""

    table: Tensor

    @property
    def shape(self) -> tuple[int, int, int, int]:
        batch, heads, queries, keys = self.table.shape
        return (batch, heads, queries, keys)

    @property
    def device(self) -> torch.device:
        return self.table.device

    def of_head(self, head: int) -> Given:
        """One head alone; nothing is copied."""
        return Given(self.table[:, head : head + 1])

    def tensors(self) -> dict[str, Tensor]:
        return {"table": self.table}

    @torch.no_grad()
    def weights(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """The chosen rows."""
        queries = queries.to(self.device)
        at = [torch.arange(n, device=self.device) if c is None else c for n, c in zip(self.shape, (batch, heads), strict=False)]
        found = self.table.new_empty(len(at[0]), len(at[1]), len(queries), self.shape[3], dtype=dtype)
        for some, rows in _in_blocks(found, queries):
            some.copy_(self.table[at[0][:, None, None], at[1][:, None], rows])
        return found
