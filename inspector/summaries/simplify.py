"""A free mask table recognised as what it nearly always is: padding, causal order, a sliding window."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.masks import Mask

__all__ = ["simplify"]

_ROWS = 1024


def simplify(mask: Mask, batch: int, queries: int, keys: int, real: Tensor) -> Mask:
    """The mask of one batch item with its table replaced by a band and a key mask, where these say the same.

    Only real rows count: what a padding query may see has no meaning and is left out of every number.

    Args:
        mask: the mask of the call.
        batch: which item; the result's key mask has batch size 1.
        queries, keys: how many there are.
        real: [query] bool, False for padding queries.
    """
    own = mask
    if mask.keys is not None:
        own = own.with_(keys=mask.keys[batch if mask.keys.shape[0] > 1 else 0, :keys][None])
    if mask.segments is not None:
        numbers = [t[batch if t.shape[0] > 1 else 0][None] for t in mask.segments]
        if all(bool((t == t.flatten()[0]).all()) for t in numbers) and bool(numbers[0].flatten()[0] == numbers[1].flatten()[0]):
            own = own.with_(segments=None)
    if mask.dense is None or mask.left is not None or mask.right is not None or own.segments is not None:
        return own
    table = mask.dense
    while table.ndim < 4:
        table = table.unsqueeze(0)
    table = table[batch if table.shape[0] > 1 else 0]
    if table.shape[0] > 1 or table.shape[-1] == 1:
        return own
    return _banded(own, table[0], queries, keys, real)


def _banded(own: Mask, table: Tensor, queries: int, keys: int, real: Tensor) -> Mask:
    """The table [query or 1, key] as band and key mask, or as it was."""
    if table.shape[0] == 1:
        return own.with_(dense=None, keys=table & own.keys if own.keys is not None else table)
    rows = real.to(table.device).nonzero().flatten()
    if not len(rows):
        return own
    columns = torch.zeros(keys, dtype=torch.bool, device=table.device)
    for some in rows.split(_ROWS):
        part = table[some]
        if not bool(part.any(1).all()):  # a row that sees nothing is like no band
            return own
        columns |= part.any(0)
    found = own.keys[0] & columns if own.keys is not None else columns
    plain = own.with_(dense=None, keys=None if bool(found.all()) else found[None])
    for candidate in _candidates(plain, table, int(rows[-1]), queries, keys):
        if _same(candidate, table, rows, columns, keys):
            return candidate
    return own


def _candidates(plain: Mask, table: Tensor, last: int, queries: int, keys: int) -> list[Mask]:
    """Everything, causal, causal with the window the last row shows; told apart by the last real row."""
    offset = keys - queries
    first = int(table[last].int().argmax())
    window = last + offset - first
    causal = plain.with_(right=0, offset=offset)
    return [plain, causal, causal.with_(left=window), plain.with_(right=window, left=window, offset=offset)]


def _same(mask: Mask, table: Tensor, rows: Tensor, columns: Tensor, keys: int) -> bool:
    """Whether the band over the seen columns equals the table in every real row; stops at the first difference."""
    there = torch.arange(keys, device=table.device)[None]
    for some in rows.split(_ROWS):
        here = some[:, None] + mask.offset
        band = columns[None]
        if mask.right is not None:
            band = band & (there <= here + mask.right)
        if mask.left is not None:
            band = band & (there >= here - mask.left)
        if not torch.equal(band.expand(len(some), keys), table[some]):
            return False
    return True
