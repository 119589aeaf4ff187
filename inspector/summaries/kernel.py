"""One call of the device's own fused attention kernel that also gives each row's log-sum-exp.

The CPU kernel wants values as wide as queries; on CUDA the memory-efficient kernel computes float32 and takes any width.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["attend", "padded"]


def attend(query: Tensor, key: Tensor, value: Tensor, causal: bool) -> tuple[Tensor, Tensor]:
    """(output [batch, head, query, width], log-sum-exp [batch, head, query]) of softmax(query·keyᵀ)·value, no N×N tensor.

    Args:
        query: [batch, head, query, width], already scaled.
        key, value: [batch, head, key, width]; an expanded (stride 0) head axis is not copied on the CPU.
        causal: query i sees keys 0 … i.
    """
    if query.device.type == "cpu":
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(query, key, value, 0.0, causal, scale=1.0)
    if query.device.type == "cuda":
        found = torch.ops.aten._scaled_dot_product_efficient_attention(query, key, value, None, True, 0.0, causal, scale=1.0)
        return found[0], found[1][..., : query.shape[2]]
    return _plain(query, key, value, causal)


def _plain(query: Tensor, key: Tensor, value: Tensor, causal: bool, rows: int = 256) -> tuple[Tensor, Tensor]:
    """The same by row blocks, for devices whose fused kernel keeps its log-sum-exp to itself."""
    outputs, sums = [], []
    there = torch.arange(key.shape[2], device=query.device)
    for start in range(0, query.shape[2], rows):
        some = query[:, :, start : start + rows]
        end = min(key.shape[2], start + some.shape[2]) if causal else key.shape[2]
        scores = some @ key[:, :, :end].transpose(-1, -2)
        if causal:
            here = torch.arange(start, start + some.shape[2], device=query.device)
            scores.masked_fill_(there[None, :end] > here[:, None], float("-inf"))
        sums.append(scores.logsumexp(-1))
        outputs.append(torch.exp(scores - sums[-1][..., None]) @ value[:, :, :end])
    return torch.cat(outputs, 2), torch.cat(sums, 2)


def padded(*parts: Tensor, width: int = 0) -> Tensor:
    """``parts`` [..., n, any] side by side, then zeros up to ``width`` or the next multiple of 8, in float32."""
    total = sum(part.shape[-1] for part in parts)
    wide = max(width, -(-total // 8) * 8)
    shape = torch.broadcast_shapes(*(part.shape[:-1] for part in parts))
    found = torch.zeros(*shape, wide, device=parts[0].device)
    at = 0
    for part in parts:
        found[..., at : at + part.shape[-1]] = part
        at += part.shape[-1]
    return found
