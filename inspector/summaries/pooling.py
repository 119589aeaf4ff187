"""Another pooled map of a call that is summarised already: one pass instead of all, because the rows' sums are known."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from inspector.scores import Scores
from inspector.summaries.blocks import Blocks, at_once
from inspector.summaries.columns import Pools, bins, pools_of
from inspector.summaries.facts import Item
from inspector.summaries.fused import Gather, Run, head_runs
from inspector.summaries.plan import Plan
from inspector.summaries.rows import key_range
from inspector.summaries.stopping import Progress
from inspector.summaries.summary import LayerSummary, Wanted

__all__ = ["pooled_again"]

BLOCK = 2**20


@torch.no_grad()
def pooled_again(item: Item, plan: Plan, base: LayerSummary, wanted: Wanted, progress: Progress) -> LayerSummary:
    """``base`` with the pooled map that ``wanted`` asks for.

    Args:
        item, plan: what is summarised, and how ``base`` was.
        base: the summary of the same item with another map, or none.
        wanted: size of the map and what it leaves out.
    """
    pools = pools_of(item.facts, wanted)
    if pools is None:
        progress.step(1.0)
        return replace(base, pooled=None, pooled_queries=None, pooled_keys=None)
    sums = _fused(item, plan, base, wanted, progress) if base.how == "fused" else _blocked(item, pools, base, progress)
    return replace(base, pooled=sums / pools.area, pooled_queries=pools.queries, pooled_keys=pools.keys)


def _fused(item: Item, plan: Plan, base: LayerSummary, wanted: Wanted, progress: Progress) -> Tensor:
    gather = Gather(item, plan, wanted)
    evidence = item.call.evidence
    assert isinstance(evidence, Scores)
    for heads, share in head_runs(item, plan):
        run = Run.of(item, plan, heads)
        some = slice(heads.start * evidence.group, heads.stop * evidence.group)
        gather.lse = base.lse[some, plan.rows].to(evidence.device).view(*run.query.shape[:3])
        gather.received(run)
        progress.step(share)
    return torch.cat(gather.parts["pooled"]).cpu()


def _blocked(item: Item, pools: Pools, base: LayerSummary, progress: Progress) -> Tensor:
    heads, queries, num_keys = item.shape
    blocks = Blocks(item.call, item.batch, mask=item.mask)
    into = bins(pools.key_bin.to(blocks.device), pools.shape[1])
    lse = base.lse.nan_to_num(nan=float("-inf"), posinf=float("inf"), neginf=float("-inf")).to(blocks.device)
    found = torch.zeros(heads, *pools.shape)
    step = max(1, at_once(blocks.device, BLOCK) // max(1, heads * num_keys))
    for start in range(0, queries, step):
        rows = slice(start, min(queries, start + step))
        keys = slice(*key_range(blocks.mask, item.batch, rows, num_keys))
        by_block = (blocks.weights(rows, keys, lse[:, rows]) @ into[keys]).cpu()
        places = pools.query_bin[rows]
        found.index_add_(1, places[places >= 0], by_block[:, places >= 0])
        progress.step((rows.stop - rows.start) / queries)
    return found
