"""The blocked pass: exact for every mask, bias, soft-cap and sink. Some rows at a time, against only the keys they may see.

Memory is two blocks of scores, allocated once. The formulas are those of the metrics' papers, read off the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from inspector.captures import AttentionCall
from inspector.summaries.blocks import Blocks, at_once
from inspector.summaries.columns import mass_columns
from inspector.summaries.facts import Facts, Item
from inspector.summaries.rows import key_range
from inspector.summaries.stopping import Progress
from inspector.summaries.summary import WINDOW, LayerSummary, Wanted

__all__ = ["summarize_blocked"]

BLOCK = 2**20  # numbers in a block of scores: 4 MB, near the size of a second-level cache


def summarize_blocked(item: Item, wanted: Wanted, why: str, progress: Progress) -> LayerSummary:
    """One call's summary in row blocks; exact whatever the mask. It holds no pooled map."""
    heads, queries, keys = item.shape
    sweep = _Sweep(Blocks(item.call, item.batch, mask=item.mask), item.facts, item.shape, wanted)
    step = max(1, at_once(sweep.blocks.device, BLOCK) // max(1, heads * keys))
    for start in range(0, queries, step):
        sweep.rows(slice(start, min(queries, start + step)))
        progress.step(min(step, queries - start) / queries)
    return sweep.result(item.call, "given" if sweep.blocks.table is not None else "blocked", why)


@dataclass(eq=False)
class _Sweep:
    """One pass over the rows of all heads and what it has gathered so far."""

    blocks: Blocks
    facts: Facts
    shape: tuple[int, int, int]
    wanted: Wanted
    kept: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        heads, _, keys = self.shape
        self.names = mass_columns(self.facts, self.wanted)
        self.columns = torch.stack([c.float() for c in self.names.values()], 1).to(self.blocks.device)
        self.kept |= {"received": torch.zeros(heads, keys), "seen": torch.zeros(1, keys)}
        self.spare = torch.empty(0, device=self.blocks.device)

    def rows(self, rows: slice) -> None:
        """One block of rows, all heads."""
        blocks = self.blocks
        keys = slice(*key_range(blocks.mask, blocks.batch, rows, self.shape[2]))
        weights, lse, sink = _softmax(blocks, rows, keys)
        keep = blocks.seen(rows, keys)
        counts = torch.ones(1, 1, 1, device=blocks.device).bool() if keep is None else keep
        counts = counts.expand(-1, rows.stop - rows.start, keys.stop - keys.start)
        entropy = torch.special.entr(weights, out=self._spare(weights)).sum(-1)
        self._keep("lse", rows, lse)
        self._keep("entropy", rows, entropy if sink is None else entropy + torch.special.entr(sink))
        self._keep("maximum", rows, weights.amax(-1))
        self._keep("allowed", rows, counts.sum(-1))
        if sink is not None:
            self._keep("sink", rows, sink)
        masses = weights @ self.columns[keys]
        for number, name in enumerate(self.names):
            self._keep(f"mass {name}", rows, masses[..., number])
        chosen = (self.facts.content[rows].to(blocks.device) & (counts.sum(-1) > 0)).to(weights.dtype)
        self.kept["received"][:, keys] += (chosen[:, None] @ weights)[:, 0].cpu()
        self._seen(keys, (chosen[:, None] @ counts.to(weights.dtype))[:, 0].cpu())
        if self.facts.same:
            self._near(rows, keys, weights, counts)
            self._repeats(rows, keys, weights, counts)

    def _near(self, rows: slice, keys: slice, weights: Tensor, counts: Tensor) -> None:
        """Distance, neighbours and the share within the window."""
        here = self.facts.position[rows].to(weights.device)
        gap = here[:, None] - torch.arange(keys.start, keys.stop, device=weights.device)[None]
        self._keep("distance", rows, torch.mul(weights, gap.abs(), out=self._spare(weights)).sum(-1))
        total = torch.zeros(*weights.shape[:2], device=weights.device)
        for offset in range(-WINDOW, WINDOW + 1):
            at = here + offset - keys.start
            inside = (at >= 0) & (at < weights.shape[-1])
            index = at.clamp(0, weights.shape[-1] - 1)[None, :, None]
            found = weights.gather(2, index.expand(weights.shape[0], -1, 1))[..., 0] * inside
            total += found
            name = {-1: "previous", 0: "itself", 1: "following"}.get(offset)
            if name:
                there = counts.gather(2, index.expand(counts.shape[0], -1, 1))[..., 0] & inside
                self._keep(name, rows, found.masked_fill(~there, float("nan")))
        self._keep("local", rows, total)

    def _repeats(self, rows: slice, keys: slice, weights: Tensor, counts: Tensor) -> None:
        """Share on the same token elsewhere, and on what followed it."""
        device = weights.device
        mine, ids = self.facts.query_ids[rows].to(device)[:, None], self.facts.key_ids.to(device)
        here, there = self.facts.position[rows].to(device)[:, None], torch.arange(keys.start, keys.stop, device=device)[None]
        before = torch.roll(ids, 1)[keys][None]
        same = (ids[keys][None] == mine) & (mine >= 0) & (here != there)
        after = (before == mine) & (mine >= 0) & (there > 0) & (there < here)
        after = after & self.blocks.mask.is_causal
        for name, pattern in (("duplicate", same), ("induction", after)):
            pattern = pattern & counts
            self._keep(f"partners {name}", rows, pattern.sum(-1))
            found = torch.mul(weights, pattern, out=self._spare(weights)).sum(-1)
            self._keep(name, rows, found.masked_fill(~pattern.any(-1), float("nan")))

    def _seen(self, keys: slice, more: Tensor) -> None:
        if more.shape[0] > self.kept["seen"].shape[0]:
            self.kept["seen"] = self.kept["seen"].repeat(more.shape[0], 1)
        self.kept["seen"][:, keys] += more

    def _keep(self, name: str, rows: slice, values: Tensor) -> None:
        """Files [head or 1, row] values under ``name``."""
        if name not in self.kept:
            self.kept[name] = torch.full((self.shape[0] if values.shape[0] > 1 else 1, self.shape[1]), float("nan"))
        elif values.shape[0] > self.kept[name].shape[0]:
            self.kept[name] = self.kept[name].repeat(values.shape[0], 1)
        self.kept[name][:, rows] = values.float().cpu()

    def _spare(self, like: Tensor) -> Tensor:
        if self.spare.numel() < like.numel():
            self.spare = torch.empty(like.numel(), device=like.device, dtype=like.dtype)
        return self.spare[: like.numel()].view(like.shape)

    def result(self, call: AttentionCall, how: str, why: str) -> LayerSummary:
        """What was gathered; what the axes do not allow is NaN."""
        heads, queries, _ = self.shape
        kept, none = self.kept, torch.full((heads, queries), float("nan"))
        real = self.facts.real[None] & (kept["allowed"] > 0)
        rows = ("lse", "entropy", "distance", "previous", "following", "itself", "local", "duplicate", "induction", "maximum")
        fields = {name: kept[name].masked_fill(~real, float("nan")) if name in kept else none for name in rows}
        masses = {name: kept[f"mass {name}"].masked_fill(~real, float("nan")) for name in self.names}
        if "sink" in kept:
            masses["sink"] = kept["sink"].masked_fill(~real, float("nan"))
        return LayerSummary(
            call=call,
            facts=self.facts,
            mask=self.blocks.mask,
            how=how,
            why=why,
            **fields,
            mass=masses,
            received=kept["received"],
            seen=kept["seen"],
            allowed=kept["allowed"],
            causal=self.facts.same and self.blocks.mask.is_causal,
            partners={n: kept[f"partners {n}"] for n in ("duplicate", "induction") if f"partners {n}" in kept},
        )


def _softmax(blocks: Blocks, rows: slice, keys: slice) -> tuple[Tensor, Tensor, Tensor | None]:
    """Weights [head, query, key], log-sum-exp [head, query] and the learned sink's share; rows that see nothing are 0."""
    if blocks.table is not None:
        weights = blocks.weights(rows, keys, torch.empty(0))
        return weights, weights.new_full(weights.shape[:2], float("nan")), None
    block = blocks.masked(rows, keys)
    top = block.amax(-1)
    if blocks.sinks is not None:
        top = torch.maximum(top, blocks.sinks[:, None])
    top = top.masked_fill(top == float("-inf"), 0.0)
    total = block.sub_(top[..., None]).exp_().sum(-1)
    sink = None
    if blocks.sinks is not None:
        sink = torch.exp(blocks.sinks[:, None] - top)
        total = total + sink
        sink = sink / total
    block.div_(total.clamp_min(torch.finfo(block.dtype).tiny)[..., None])
    return block, top + total.log(), sink
