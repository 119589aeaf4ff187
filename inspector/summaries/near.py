"""Weights close to the diagonal, from small products along it: no pass over the map. Cost N · 72 · width."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.summaries.summary import WINDOW

__all__ = ["near"]

_TILE = 64


def near(query: Tensor, key: Tensor, lse: Tensor, causal: bool) -> dict[str, Tensor]:
    """[head, row] weights on the key one back, at the same place, one ahead, and their sum within ``WINDOW`` positions.

    Args:
        query: [kv_head, group, row, width], scaled.
        key: [kv_head, row, width]; row i of the queries stands at key i.
        lse: [kv_head, group, row].
        causal: keys ahead are not seen.
    """
    heads, group, rows, width = query.shape
    tiles = -(-rows // _TILE)
    span = _TILE + 2 * WINDOW
    query = torch.nn.functional.pad(query, (0, 0, 0, tiles * _TILE - rows)).view(heads, group, tiles, _TILE, width)
    key = torch.nn.functional.pad(key, (0, 0, WINDOW, tiles * _TILE - rows + WINDOW)).unfold(1, span, _TILE)
    scores = torch.matmul(query, key[:, None])  # [kv_head, group, tile, row, key]: a square around the diagonal
    band = scores.as_strided(
        (heads, group, tiles, _TILE, 2 * WINDOW + 1), (*scores.stride()[:3], span + 1, 1)
    )  # one step down is one step right: the diagonals as columns
    weights = band.reshape(heads * group, tiles * _TILE, -1)[:, :rows] - lse.reshape(heads * group, rows, 1)
    at = torch.arange(rows, device=lse.device)[:, None] + torch.arange(-WINDOW, WINDOW + 1, device=lse.device)[None]
    seen = (at >= 0) & (at < rows)
    seen[:, WINDOW + 1 :] &= not causal
    weights = weights.exp_().clamp_(max=1.0).masked_fill_(~seen, 0.0)
    single = {name: weights[..., WINDOW + o].masked_fill(~seen[:, WINDOW + o], float("nan")) for name, o in _OFFSETS.items()}
    return single | {"local": weights.sum(-1).clamp_(max=1.0)}


_OFFSETS = {"previous": -1, "itself": 0, "following": 1}
