"""Exact weights of a rectangle of one call, written into memory that is allocated once and used again."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.rows import allowed, rectangle

__all__ = ["Blocks", "at_once"]


def at_once(device: torch.device, numbers: int) -> int:
    """How many numbers to compute at a time where ``numbers`` fit into a processor's cache.

    A graphics card has memory fast enough to go without, and pays for every launch instead: it gets larger pieces.
    """
    return numbers if device.type == "cpu" else 32 * numbers


class Blocks:
    """Rectangles of scores and weights of some heads of one batch item.

    Attributes:
        query: [head, query, width], times the scale.
        key: [kv_head, key, width].
        mask: the mask in its simplest form (``simplify``); the call's own where none is given.
        group: how many heads share one key head.
        per_head: the mask or bias tells heads apart.
    """

    def __init__(
        self,
        call: AttentionCall,
        batch: int,
        heads: slice = slice(None),
        mask: Mask | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        evidence = call.evidence
        self.batch, self.heads, self.dtype = batch, range(call.shape[1])[heads], dtype
        self.device = evidence.device
        self.scores = evidence if isinstance(evidence, Scores) else None
        self.mask = mask if mask is not None else (evidence.mask if isinstance(evidence, Scores) else Mask())
        self._memory: Tensor | None = None
        self.sinks: Tensor | None = None
        self.table: Tensor | None = None
        if isinstance(evidence, Scores):
            group = evidence.group
            of_keys = slice(self.heads.start // group, (self.heads.stop - 1) // group + 1)
            self.query = evidence.query[batch, heads].to(dtype) * evidence.scale  # once, not on every block of scores
            self.key = evidence.key[batch, of_keys].to(dtype).contiguous()
            whole = len(self.heads) == group * self.key.shape[0]
            if not whole:  # heads that share a key only in part: one key head each
                self.key = self.key[torch.tensor([h // group - of_keys.start for h in self.heads], device=self.device)]
            self.sinks = None if evidence.sinks is None else evidence.sinks[heads].to(dtype)
        else:
            self.table = evidence.tensors()["table"][batch, heads]

    @property
    def softcap(self) -> float | None:
        """The cap of the scores, or None."""
        return self.scores.softcap if self.scores is not None else None

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
        assert self.scores is not None
        heads, of_keys = self.query.shape[0], self.key.shape[0]
        rows, columns = queries.stop - queries.start, keys.stop - keys.start
        q = self.query[:, queries]
        block = self.memory(of_keys, heads // of_keys * rows, columns)
        folded = q.reshape(of_keys, heads // of_keys * rows, q.shape[-1])  # a group of heads shares its keys: do not repeat them
        torch.matmul(folded, self.key[:, keys].transpose(-1, -2), out=block)
        block = block.view(heads, rows, columns)
        if self.scores.softcap is not None:
            block.div_(self.scores.softcap).tanh_().mul_(self.scores.softcap)
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
