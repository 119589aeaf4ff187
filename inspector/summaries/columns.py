"""What is summed over a row's keys, as one column per question: positions, special tokens, texts, the caller's spans."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.summaries.facts import Facts
from inspector.summaries.summary import Wanted

__all__ = ["Pools", "bins", "mass_columns", "pools_of"]


def mass_columns(facts: Facts, wanted: Wanted) -> dict[str, Tensor]:
    """[key] bool by name: the keys whose summed weight is a mass."""
    found = {"special": facts.special}
    found["first"] = torch.zeros_like(facts.special)
    if len(facts.padding) and not bool(facts.padding.all()):
        found["first"][facts.first] = True
    for number, name in ((0, "text A"), (1, "text B")):
        found[name] = (facts.segment == number) & ~facts.padding & ~facts.special
    for name, positions in wanted.spans:
        found[name] = torch.zeros_like(facts.special)
        found[name][list(positions)] = True
    return found


@dataclass(frozen=True, eq=False)
class Pools:
    """The blocks of a pooled map: which positions it draws and the block each belongs to (−1: left out)."""

    query_bin: Tensor
    key_bin: Tensor
    queries: Tensor
    keys: Tensor

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.query_bin.max()) + 1, int(self.key_bin.max()) + 1

    @property
    def area(self) -> Tensor:
        """[row, column] how many weights fall into each block."""
        rows, columns = (torch.bincount(b[b >= 0]) for b in (self.query_bin, self.key_bin))
        return rows[:, None] * columns[None]


def pools_of(facts: Facts, wanted: Wanted) -> Pools | None:
    """The pooled map's blocks over the positions that are drawn; all real ones when nothing else would be left."""
    if not wanted.pool:
        return None
    keep_keys, keep_rows = ~facts.padding, facts.real.clone()
    if wanted.without is None:
        keep_keys, keep_rows = keep_keys & ~facts.special, facts.content.clone()
    else:
        out = torch.zeros_like(keep_keys)
        out[[p for p in wanted.without if p < len(out)]] = True
        keep_keys = keep_keys & ~out
        if facts.same:
            keep_rows &= ~out[facts.position]
        elif len(keep_rows) == len(out):
            keep_rows &= ~out
    size = wanted.pool
    keys, queries = _some(keep_keys, ~facts.padding), _some(keep_rows, facts.real)
    return Pools(_spread(queries, len(keep_rows), size), _spread(keys, len(keep_keys), size), queries, keys)


def bins(places: Tensor, count: int) -> Tensor:
    """[position, block] float: one-hot of each position's block; a row of zeros where it is left out."""
    return torch.nn.functional.one_hot(places + 1, count + 1)[:, 1:].float()


def _some(keep: Tensor, real: Tensor) -> Tensor:
    """The positions to keep; where none is left, the real ones; where there is none of these, all."""
    for chosen in (keep, real):
        if bool(chosen.any()):
            return chosen.nonzero().flatten()
    return torch.arange(len(keep))


def _spread(kept: Tensor, length: int, size: int) -> Tensor:
    """[position] the block of each kept position, in at most ``size`` equal blocks; −1 elsewhere."""
    places = torch.full((length,), -1)
    places[kept] = torch.arange(len(kept)) * min(len(kept), size) // max(1, len(kept))
    return places
