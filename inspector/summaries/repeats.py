"""Weights between places of the same token, and on what followed them: one small product for each token that is repeated.

A token with c places costs c²; tokens with about as many places are computed together.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from inspector.summaries.blocks import at_once

__all__ = ["places_of", "repeats"]

_BLOCK = 2**21
_LARGE = 128  # rows computed at a time; an earlier place has a smaller number, so later keys are cropped


def places_of(query_ids: Tensor) -> list[Tensor]:
    """The places of repeated tokens: tensors [token, place], ascending, −1 where a token has fewer places than its companions."""
    known = (query_ids >= 0).nonzero().flatten()
    order = known[query_ids[known].argsort(stable=True)]
    _, counts = query_ids[order].unique_consecutive(return_counts=True)
    starts = counts.cumsum(0) - counts
    found, low = [], 2
    while len(counts) and low <= int(counts.max()):
        chosen = ((counts >= low) & (counts < 2 * low)).nonzero().flatten()
        if len(chosen):
            wide = int(counts[chosen].max())
            at = starts[chosen][:, None] + torch.arange(wide)[None]
            inside = torch.arange(wide)[None] < counts[chosen][:, None]
            found.append(torch.where(inside, order[at.clamp(max=len(order) - 1)], -1))
        low *= 2
    return found


def repeats(
    query: Tensor, key: Tensor, lse: Tensor, places: list[Tensor], causal: bool
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """([head, row] duplicate and induction shares, [row] how many keys each sums over); NaN where there is none.

    Duplicate sums over other places of the row's token (earlier ones if causal); induction over the keys that follow an
    earlier place and stand before the row, and exists in causal heads only.

    Args:
        query, key, lse: as ``near`` takes them.
        places: as ``places_of`` gives them.
    """
    heads, group, rows, _ = query.shape
    flat = lse.reshape(heads * group, rows)
    names = ("duplicate", "induction")  # one row more than there are, for what stands in a table only to fill it up
    shares = {name: torch.zeros(heads * group, rows + 1, device=lse.device) for name in names}
    counts = {name: torch.zeros(rows + 1, device=lse.device) for name in names}
    for table in places:
        for mine, theirs in _chunks(table.to(lse.device), heads * group, causal):
            at = mine.masked_fill(mine < 0, rows)  # every row stands in one table, once
            for name, share in shares.items():
                if name == "induction" and not causal:
                    continue
                keys = theirs if name == "duplicate" else theirs + (theirs >= 0).long()
                pattern = _pattern(name, mine, keys, causal, rows)
                sums = _sums(query, key, flat, mine, keys.clamp(0, rows - 1), pattern)
                share[:, at], counts[name][at] = sums, pattern.sum(-1).float()
    counts = {name: count[:rows] for name, count in counts.items()}
    return {n: s[:, :rows].clamp(max=1.0).masked_fill(counts[n] == 0, float("nan")) for n, s in shares.items()}, counts


def _chunks(table: Tensor, heads: int, causal: bool) -> Iterator[tuple[Tensor, Tensor]]:
    """(rows [token, some], keys [token, up to there or all]) pieces whose products fit in one block."""
    count, wide = table.shape
    block, large = (at_once(table.device, numbers) for numbers in (_BLOCK, _LARGE))
    some = min(wide, large, max(1, block // (heads * wide)))
    tokens = max(1, block // (heads * some * wide))
    for start in range(0, count, tokens):
        part = table[start : start + tokens]
        for first in range(0, wide, some):
            yield part[:, first : first + some], part[:, : first + some] if causal else part


def _pattern(name: str, mine: Tensor, keys: Tensor, causal: bool, rows: int) -> Tensor:
    """[token, row, key] bool: the pairs that count."""
    here, there = mine[:, :, None], keys[:, None, :]
    real = (here >= 0) & (there >= 0) & (there < rows)
    return real & ((there < here) if causal or name == "induction" else (there != here))


def _sums(query: Tensor, key: Tensor, lse: Tensor, mine: Tensor, keys: Tensor, pattern: Tensor) -> Tensor:
    """[head, token, row] summed weights of the pairs in ``pattern``."""
    heads, group, _, width = query.shape
    mine = mine.clamp(min=0)
    rows = query[:, :, mine.flatten()].view(heads, group, *mine.shape, width)
    columns = key[:, keys.flatten()].view(heads, 1, *keys.shape, width)
    weights = torch.matmul(rows, columns.transpose(-1, -2)).view(heads * group, *pattern.shape)
    weights.sub_(lse[:, mine][..., None]).exp_().clamp_(max=1.0)
    return weights.mul_(pattern.to(weights.dtype)).sum(-1)
