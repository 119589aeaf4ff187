"""Who may see whom, for a rectangle of rows and columns at a time."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.masks import Mask

__all__ = ["allowed", "key_range"]


def allowed(mask: Mask, batch: int, queries: slice, keys: slice, device: torch.device) -> Tensor | None:
    """Which of the keys each of the queries may see: bool, broadcastable to [head, query, key]; None means all."""
    parts = [_band(mask, queries, keys, device)]
    if mask.keys is not None:
        parts.append(mask.keys[batch if mask.keys.shape[0] > 1 else 0, keys].to(device)[None, None])
    if mask.segments is not None:
        rows, columns = (t[batch if t.shape[0] > 1 else 0].to(device) for t in mask.segments)
        parts.append((rows[queries][:, None] == columns[keys][None])[None])
    if mask.dense is not None:
        parts.append(rectangle(mask.dense, batch, queries, keys).to(device))
    found = None
    for part in parts:
        if part is not None:
            found = part if found is None else found & part
    return found


def rectangle(table: Tensor, batch: int, queries: slice, keys: slice) -> Tensor:
    """[head or 1, query or 1, key or 1] of a tensor that is broadcastable to [batch, head, query, key]; sizes of 1 stay 1."""
    while table.ndim < 4:
        table = table.unsqueeze(0)
    item = table[batch if table.shape[0] > 1 else 0]
    item = item[:, queries] if item.shape[1] > 1 else item
    return item[..., keys] if item.shape[2] > 1 else item


def key_range(mask: Mask, batch: int, queries: slice, num_keys: int) -> tuple[int, int]:
    """The keys [from, to) outside which band, padding and packed segments let none of the rows look; never empty."""
    first, last = 0, num_keys
    if mask.right is not None:
        last = min(last, queries.stop + mask.offset + mask.right)
    if mask.left is not None:
        first = max(first, queries.start + mask.offset - mask.left)
    seen = []
    if mask.keys is not None:
        seen.append(mask.keys[batch if mask.keys.shape[0] > 1 else 0])
    if mask.segments is not None:
        of_rows, of_keys = (t[batch if t.shape[0] > 1 else 0] for t in mask.segments)
        seen.append(torch.isin(of_keys, of_rows[queries].unique()))
    for real in (part.nonzero() for part in seen):
        if len(real):
            first, last = max(first, int(real[0])), min(last, int(real[-1]) + 1)
    first = max(0, min(first, num_keys - 1))
    return first, max(first + 1, last)


def _band(mask: Mask, queries: slice, keys: slice, device: torch.device) -> Tensor | None:
    """The band's part of the rectangle; None where the whole rectangle lies inside it."""
    low, high = queries.start + mask.offset, queries.stop - 1 + mask.offset
    right = mask.right if mask.right is not None and keys.stop - 1 > low + mask.right else None
    left = mask.left if mask.left is not None and keys.start < high - mask.left else None
    if right is None and left is None:
        return None
    here = torch.arange(queries.start, queries.stop, device=device)[:, None] + mask.offset
    there = torch.arange(keys.start, keys.stop, device=device)[None]
    inside = there <= here + right if right is not None else there >= here - (left or 0)
    if right is not None and left is not None:
        inside = inside & (there >= here - left)
    return inside[None]
