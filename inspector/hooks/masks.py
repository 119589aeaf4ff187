"""Every mask the library makes, brought to the one normal form of ``inspector.masks``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from inspector.masks import Mask

__all__ = ["from_mask_mod", "from_tensor"]


def from_tensor(mask: Tensor, num_keys: int) -> Mask:
    """The normal form of a boolean (True = may be seen) or additive table broadcastable to [batch, head, query, key].

    An additive table whose entries are only 0 and "very negative" is a boolean one whose forbidden scores are that finite
    number: a row with no allowed key is then uniform, as eager attention makes it. Values between are a bias.
    """
    while mask.ndim < 4:
        mask = mask.unsqueeze(0)
    mask = mask[..., :num_keys]
    if mask.dtype == torch.bool:
        return Mask(dense=mask)
    if not mask.is_floating_point():
        return Mask(bias=mask)
    forbidden = mask <= torch.finfo(mask.dtype).min / 2
    if bool((forbidden | (mask == 0)).all()):
        return Mask(dense=~forbidden, fill=float(mask.min()) if bool(forbidden.any()) else float("-inf"))
    return Mask(bias=mask)


def from_mask_mod(
    mask_mod: Callable[..., Tensor], batch: int, heads: int, queries: int, keys: int, device: torch.device
) -> Mask:
    """The table a flex-attention ``mask_mod(batch, head, query, key)`` describes."""
    b = torch.arange(batch, device=device)[:, None, None, None]
    h = torch.arange(heads, device=device)[None, :, None, None]
    q = torch.arange(queries, device=device)[None, None, :, None]
    k = torch.arange(keys, device=device)[None, None, None, :]
    table = mask_mod(b, h, q, k)
    return Mask(dense=table.expand(-1, -1, queries, keys) if table.ndim == 4 else table)
