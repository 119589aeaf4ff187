"""Exact weights of a rectangle of one call, written into memory that is allocated once and used again.

``Heads`` may be kept and shared, nobody writes into them. ``Blocks`` write: each belongs to one caller.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.rows import allowed, rectangle

__all__ = ["Blocks", "Heads", "at_once"]

_SPARE: deque[Tensor] = deque(maxlen=4)


def at_once(device: torch.device, numbers: int) -> int:
    """How many numbers to compute at a time where ``numbers`` fit into a processor's cache.

    A graphics card has memory fast enough to go without, and pays for every launch instead: it gets larger pieces.
    """
    return numbers if device.type == "cpu" else 32 * numbers


@dataclass(frozen=True, eq=False)
class Heads:
    """Queries and keys of some heads of one batch item, ready to be multiplied, or their weights where a model gave these.

    Attributes:
        query: [head, query, width], times the scale.
        key: [kv_head, key, width].
        sinks: [head] learned sink logits, or None.
        table: [head, query, key], or None.
    """

    query: Tensor | None = None
    key: Tensor | None = None
    sinks: Tensor | None = None
    table: Tensor | None = None

    @classmethod
    def of(cls, call: AttentionCall, batch: int, heads: slice, dtype: torch.dtype = torch.float32) -> Heads:
        """Those of one call."""
        evidence = call.evidence
        if not isinstance(evidence, Scores):
            return cls(table=evidence.tensors()["table"][batch, heads])
        group, numbers = evidence.group, range(call.shape[1])[heads]
        of_keys = slice(numbers.start // group, (numbers.stop - 1) // group + 1)
        query = evidence.query[batch, heads].to(dtype) * evidence.scale  # once, not on every block of scores
        key = evidence.key[batch, of_keys].to(dtype).contiguous()
        if len(numbers) != group * key.shape[0]:  # heads that share a key only in part: one key head each
            key = key[torch.tensor([h // group - of_keys.start for h in numbers], device=evidence.device)]
        return cls(query, key, None if evidence.sinks is None else evidence.sinks[heads].to(dtype))


class Blocks:
    """Rectangles of scores and weights of some heads of one batch item, for one caller at a time: each overwrites the last.

    Attributes:
        query, key, sinks, table: as ``Heads`` has them.
        mask: the mask in its simplest form (``simplify``); the call's own where none is given.
        softcap: the cap of the scores, or None.
    """

    def __init__(
        self,
        call: AttentionCall,
        batch: int,
        heads: slice = slice(None),
        mask: Mask | None = None,
        dtype: torch.dtype = torch.float32,
        ready: Heads | None = None,
    ) -> None:
        evidence = call.evidence
        self.batch, self.heads, self.dtype = batch, range(call.shape[1])[heads], dtype
        self.device = evidence.device
        self.mask = mask if mask is not None else (evidence.mask if isinstance(evidence, Scores) else Mask())
        self.softcap = evidence.softcap if isinstance(evidence, Scores) else None
        ready = Heads.of(call, batch, heads, dtype) if ready is None else ready
        self.query, self.key, self.sinks, self.table = ready.query, ready.key, ready.sinks, ready.table
        self._memory: Tensor | None = None

    @contextlib.contextmanager
    def borrowing(self) -> Iterator[None]:
        """Inside, the memory is one that somebody used before and has given back: fresh pages cost more than small tiles."""
        if self.device.type == "cpu" and self.dtype == torch.float32:
            with contextlib.suppress(IndexError):
                self._memory = _SPARE.pop()  # nobody else has it until it is given back
            try:
                yield
            finally:
                if self._memory is not None:
                    _SPARE.append(self._memory)
                    self._memory = None
        else:
            yield

    def memory(self, *shape: int) -> Tensor:
        """The preallocated block as a tensor of ``shape``; grown only when a larger one is asked for."""
        size = 1
        for n in shape:
            size *= n
        if self._memory is None or self._memory.numel() < size:
            self._memory = torch.empty(size, dtype=self.dtype, device=self.device)
        return self._memory[:size].view(*shape)

    def raw(self, queries: slice, keys: slice) -> Tensor:
        """Scores [head, query, key] before the mask: scaled, capped and biased. Overwrites the last block."""
        assert self.query is not None
        assert self.key is not None
        heads, of_keys = self.query.shape[0], self.key.shape[0]
        rows, columns = queries.stop - queries.start, keys.stop - keys.start
        q = self.query[:, queries]
        block = self.memory(of_keys, heads // of_keys * rows, columns)
        folded = q.reshape(of_keys, heads // of_keys * rows, q.shape[-1])  # a group of heads shares its keys: do not repeat them
        torch.matmul(folded, self.key[:, keys].transpose(-1, -2), out=block)
        block = block.view(heads, rows, columns)
        if self.softcap is not None:
            block.div_(self.softcap).tanh_().mul_(self.softcap)
        if self.mask.bias is not None:
            bias = rectangle(self.mask.bias, self.batch, queries, keys).to(self.device, self.dtype)
            block.add_(bias if bias.shape[0] == 1 else bias[self.heads.start : self.heads.stop])
        return block

    def seen(self, queries: slice, keys: slice) -> Tensor | None:
        """Which keys may be seen, broadcastable to [head, query, key]; None means all."""
        keep = allowed(self.mask, self.batch, queries, keys, self.device)
        return keep if keep is None or keep.shape[0] == 1 else keep[self.heads.start : self.heads.stop]

    def masked(self, queries: slice, keys: slice) -> Tensor:
        """Scores [head, query, key], −inf where nothing may be seen. Overwrites the last block."""
        block, keep = self.raw(queries, keys), self.seen(queries, keys)
        return block if keep is None else block.masked_fill_(~keep, float("-inf"))

    def weights(self, queries: slice, keys: slice, lse: Tensor) -> Tensor:
        """Weights [head, query, key] in [0, 1] from the rows' log-sum-exp [head, query]. Overwrites the last block.

        A row that may see no key has log-sum-exp −inf and weights 0 here.
        """
        if self.table is not None:
            return self.table[:, queries, keys].to(self.dtype)
        lse = lse.masked_fill(lse == float("-inf"), 0.0)
        return self.masked(queries, keys).sub_(lse[..., None]).exp_().clamp_(max=1.0)
