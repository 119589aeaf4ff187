"""Attention over a generation: the rows of every step, stitched into one table over absolute positions.

A step feeds a few new tokens and reads a cache. Its rows are those of its tokens; its columns are the positions the cache
still holds, which a sliding cache counts from later than 0. Only keys that a later step no longer holds are kept twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

from inspector.hooks.masks import recognised
from inspector.hooks.steps import Step, ancestors
from inspector.masks import Mask
from inspector.scores import Chosen, Evidence, Given, Scores

__all__ = ["Growing"]

_LARGEST = 2**26  # entries of a joined mask that is still written out


@dataclass(eq=False)
class Part:
    """What one step added: rows from absolute position ``row`` on, columns from ``column`` on."""

    step: Step
    evidence: Scores | Given
    row: int
    column: int

    @property
    def rows(self) -> int:
        return self.evidence.shape[2]

    @property
    def end(self) -> int:
        return self.column + self.evidence.shape[3]


@dataclass(eq=False)
class Growing:
    """Evidence that grows with every step; ``settled`` is what it amounts to now.

    Attributes:
        cross: the keys are those of another sequence and do not grow.
    """

    cross: bool
    parts: list[Part] = field(default_factory=list)
    _settled: tuple[int, Scores | Given] | None = None

    def add(self, step: Step, evidence: Scores | Given) -> None:
        """The rows of one more step."""
        rows, keys = evidence.shape[2:]
        column = 0 if self.cross else step.past + rows - keys
        if column < 0:  # a fixed buffer: what lies behind the last token is not written yet
            evidence, column = _cropped(evidence, step.past + rows), 0
        if isinstance(evidence, Scores) and isinstance(self.parts[-1].evidence if self.parts else None, Scores):
            self._trim(column)
        self.parts.append(Part(step, evidence, step.past, column))
        self._settled = None

    def _trim(self, column: int) -> None:
        """Keys of the last step that the new one holds as well are not kept twice."""
        part = self.parts[-1]
        scores = part.evidence
        if isinstance(scores, Scores) and part.column + scores.key.shape[2] > column:
            part.evidence = _Trimmed.of(scores, max(0, column - part.column))

    @property
    def batch(self) -> int:
        """How many items the last step had."""
        return self.parts[-1].evidence.shape[0]

    @property
    def settled(self) -> Scores | Given:
        """Everything seen so far as one table, without what its last step has undone."""
        undone = self.parts[-1].step.undone
        if self._settled is None or self._settled[0] != undone:
            self._settled = (undone, _joined(self))
        return self._settled[1]

    @property
    def num_keys(self) -> int:
        """Columns that hold."""
        keys = max(part.end for part in self.parts)
        return keys if self.cross else min(keys, _end(self.parts))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(batch, heads, queries, keys)."""
        return self.settled.shape

    @property
    def device(self) -> torch.device:
        """Where the kept tensors live."""
        return self.settled.device

    def tensors(self) -> dict[str, Tensor]:
        """Every kept tensor by name."""
        return self.settled.tensors()

    def weights(self, batch: Chosen, heads: Chosen, queries: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """The weights of the chosen rows."""
        return self.settled.weights(batch, heads, queries, dtype)


@dataclass(frozen=True, eq=False)
class _Trimmed(Scores):
    """Scores whose last keys live in a later part; ``num_keys`` still counts them."""

    num_keys: int = 0

    @classmethod
    def of(cls, scores: Scores, kept: int) -> _Trimmed:
        key = scores.key[:, :, :kept].clone()
        return cls(scores.query, key, scores.scale, scores.mask, scores.softcap, scores.sinks, scores.shape[3])

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (*self.query.shape[:3], self.num_keys)


def _cropped(evidence: Scores | Given, keys: int) -> Scores | Given:
    if isinstance(evidence, Given):
        return Given(evidence.table[..., :keys])
    return replace(evidence, key=evidence.key[:, :, :keys])


def _joined(growing: Growing) -> Scores | Given:
    parts = growing.parts
    if len(parts) == 1:
        return parts[0].evidence
    moved = ancestors(parts[-1].step)
    device = parts[0].evidence.device  # the first step may lie on disk already, while later ones are on the model's device
    pieces = [(part, _moved(_brought(part.evidence, device), moved.get(part.step.number))) for part in parts]
    rows = _last_rows(parts)
    if all(isinstance(evidence, Scores) for _, evidence in pieces):
        return _joined_scores(growing, [(part, evidence) for part, evidence in pieces if isinstance(evidence, Scores)], rows)
    tables = [_placed(_weights(evidence), part.column, growing.num_keys) for part, evidence in pieces]
    return Given(torch.cat(tables, 2)[:, :, rows])


def _joined_scores(growing: Growing, pieces: Sequence[tuple[Part, Scores]], rows: Tensor) -> Scores:
    last = pieces[-1][1]
    batch, kv_heads, _, width = last.key.shape
    keys = growing.num_keys
    key = last.key.new_zeros(batch, kv_heads, keys, width)
    for part, scores in pieces:
        held = scores.key[:, :, : max(0, keys - part.column)]
        key[:, :, part.column : part.column + held.shape[2]] = held
    query = torch.cat([scores.query for _, scores in pieces], 2)[:, :, rows]
    return replace(_plain(last), query=query, key=key, mask=_joined_mask(pieces, keys, rows))


def _joined_mask(pieces: Sequence[tuple[Part, Scores]], keys: int, rows: Tensor) -> Mask:
    if keys * len(rows) > _LARGEST and all(scores.mask.is_band for _, scores in pieces):
        return _band_of(pieces, keys)
    tables, biases = [], []
    for part, scores in pieces:
        queries, num_keys = scores.shape[2:]
        rows_of_step = torch.arange(queries, device=scores.device)
        keep = scores.mask.keep(None, None, rows_of_step, num_keys)
        keep = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=scores.device) if keep is None else keep
        tables.append(_placed(keep.expand(-1, -1, queries, num_keys), part.column, keys))
        added = scores.mask.added(None, None, rows_of_step, num_keys)
        if added is not None:
            biases.append(_placed(added.expand(-1, -1, queries, num_keys), part.column, keys))
    allowed = _stacked(tables)[:, :, rows]
    normal = recognised(allowed)
    if len(biases) == len(pieces):
        normal = normal.with_(bias=_stacked(biases)[:, :, rows])
    finite = [scores.mask.fill for _, scores in pieces if scores.mask.fill != float("-inf")]
    return normal.with_(fill=finite[0]) if finite else normal


def _band_of(pieces: Sequence[tuple[Part, Scores]], end: int) -> Mask:
    """The causal band that a long generation has, without a table of its size."""
    first = pieces[0][1].mask
    real = None if first.keys is None else functional.pad(first.keys, (0, end - first.keys.shape[1]), value=True)
    reach = [part.row - part.column for part, _ in pieces if part.column > 0]
    left = max(reach) if reach else first.left
    return Mask(left=left, right=0, offset=pieces[0][0].row, keys=real)


def _stacked(tables: Sequence[Tensor]) -> Tensor:
    batch, heads = (max(table.shape[axis] for table in tables) for axis in (0, 1))
    return torch.cat([table.expand(batch, heads, -1, -1) for table in tables], 2)


def _placed(table: Tensor, column: int, keys: int) -> Tensor:
    """``table`` among ``keys`` columns, starting at ``column``; what does not fit is dropped, what is not there is 0 or False."""
    fits = min(table.shape[-1], keys - column)
    placed = table.new_zeros(*table.shape[:-1], keys)
    placed[..., column : column + fits] = table[..., :fits]
    return placed


def _end(parts: Sequence[Part]) -> int:
    """The first position that was not fed, or was undone."""
    return parts[-1].row + parts[-1].rows - parts[-1].step.undone


def _last_rows(parts: Sequence[Part]) -> Tensor:
    """Which of the joined rows hold: a position that was fed again (a rejected guess) counts as it was fed last."""
    where: dict[int, int] = {}
    at, end = 0, _end(parts)
    for part in parts:
        for row in range(part.row, part.row + part.rows):
            where[row] = at
            at += 1
    return torch.tensor([where[row] for row in sorted(where) if row < end], device=parts[0].evidence.device)


def _brought(evidence: Scores | Given, device: torch.device) -> Scores | Given:
    """The same evidence on ``device``."""
    if evidence.device == device:
        return evidence
    if isinstance(evidence, Given):
        return Given(evidence.table.to(device))
    mask, sinks = evidence.mask, evidence.sinks
    changes: dict[str, object] = {
        name: table.to(device)
        for name, table in (("keys", mask.keys), ("dense", mask.dense), ("bias", mask.bias))
        if table is not None
    }
    if mask.segments is not None:
        changes["segments"] = tuple(numbers.to(device) for numbers in mask.segments)
    return replace(
        evidence,
        query=evidence.query.to(device),
        key=evidence.key.to(device),
        mask=mask.with_(**changes),
        sinks=None if sinks is None else sinks.to(device),
    )


def _moved(evidence: Scores | Given, order: Tensor | None) -> Scores | Given:
    """The batch items of a beam's ancestors."""
    if order is None:
        return evidence
    order = order.to(evidence.device)
    if isinstance(evidence, Given):
        return Given(evidence.table[order])
    mask = evidence.mask
    changes = {
        name: table[order]
        for name, table in (("keys", mask.keys), ("dense", mask.dense), ("bias", mask.bias))
        if table is not None and table.shape[0] > 1
    }
    return replace(evidence, query=evidence.query[order], key=evidence.key[order], mask=mask.with_(**changes))


def _plain(scores: Scores) -> Scores:
    return Scores(scores.query, scores.key, scores.scale, scores.mask, scores.softcap, scores.sinks)


def _weights(evidence: Evidence) -> Tensor:
    return evidence.weights(None, None, torch.arange(evidence.shape[2], device=evidence.device))
