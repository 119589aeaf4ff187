"""What each attention kernel does with its mask and options, brought to ``Scores``.

One function a kernel family: sdpa takes a boolean or additive table, or nothing and a top-left causal flag; flash takes
padding, a window and packed lengths with bottom-right causality; flex takes a ``mask_mod``; eager adds a float table.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from inspector.hooks.masks import Masks
from inspector.masks import Mask
from inspector.scores import Scores

__all__ = ["explains", "is_known", "scores_of"]


def scores_of(
    implementation: str, module: nn.Module, query: Tensor, key: Tensor, mask: Any, kwargs: dict[str, Any], masks: Masks
) -> Scores:
    """Queries and keys with everything the kernel did to them.

    Args:
        implementation: "sdpa", "eager", "flash_attention_2", "flex_attention", or a kernel repository's name.
        masks: the masks met so far in this capture.
    """
    if kwargs.get("cache") is not None:
        raise NotImplementedError("continuous batching keeps its keys in pages, which are not read yet")
    query, key = _own(query), _own(key)
    batch = max(query.shape[0], key.shape[0])  # learned queries may have a batch of 1
    query, key = (t if t.shape[0] == batch else t.expand(batch, -1, -1, -1) for t in (query, key))
    scale = kwargs.get("scaling")
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    normal = _mask(implementation, module, query, key, mask, kwargs, masks)
    return Scores(query, key, scale, normal, kwargs.get("softcap"), _sinks(implementation, module, kwargs))


def is_known(implementation: str) -> bool:
    """Whether the name says how a kernel takes its mask: the library's own, and those of kernel repositories."""
    return implementation in ("eager", "sdpa") or any(part in implementation for part in ("flex", "flash", "/", "paged"))


def _own(tensor: Tensor) -> Tensor:
    """``tensor`` without its gradient; copied where it is a small part of a storage that would be kept alive with it."""
    tensor = tensor.detach()
    held = tensor.untyped_storage().nbytes()
    return tensor.clone() if held > 1.25 * tensor.numel() * tensor.element_size() else tensor


def explains(scores: Scores, given: Tensor, dropout: float = 0.0) -> bool:
    """Whether a few rows of q·k give the weights the kernel returned, to within the rounding of its dtype.

    Under dropout only the entries that were kept are compared.
    """
    if scores.shape != tuple(given.shape):
        return False
    rows = torch.linspace(0, given.shape[2] - 1, min(4, given.shape[2]), device=given.device).round().long()
    theirs = given.detach()[:, :, rows].float() * (1 - dropout)
    ours = scores.weights(None, None, rows)
    if dropout:
        ours = ours.masked_fill(theirs == 0, 0.0)
    close = 1e-5 if given.dtype in (torch.float32, torch.float64) else 4 * torch.finfo(given.dtype).eps
    return bool((ours - theirs).abs().amax() <= close)


def _mask(
    implementation: str, module: nn.Module, query: Tensor, key: Tensor, mask: Any, kwargs: dict[str, Any], masks: Masks
) -> Mask:
    queries, keys = query.shape[2], key.shape[2]
    causal = kwargs.get("is_causal")
    causal = bool(getattr(module, "is_causal", True) if causal is None else causal)
    if hasattr(mask, "mask_mod"):
        return masks.read_mod(mask.mask_mod, (query.shape[0], query.shape[1], queries, keys), query.device)
    if "flash" in implementation or "/" in implementation:
        return _flash(mask, kwargs, causal, queries, keys)
    bias = kwargs.get("position_bias")
    if torch.is_tensor(mask):
        normal = masks.read(mask, keys)
    elif causal and queries > 1 and implementation == "sdpa":
        normal = Mask(right=0)
    else:
        normal = Mask()
    if bias is not None:
        bias = bias.detach()[..., :keys]
        both = bias if normal.bias is None else normal.bias + bias
        fill = torch.finfo(key.dtype).min if implementation == "sdpa" else normal.fill
        normal = normal.with_(bias=both, fill=fill)
    return normal


def _flash(mask: Any, kwargs: dict[str, Any], causal: bool, queries: int, keys: int) -> Mask:
    window = kwargs.get("sliding_window")
    left = None if window is None else int(window) - 1
    right = 0 if causal else left
    normal = Mask(left=left, right=right, offset=keys - queries)
    if torch.is_tensor(mask) and mask.ndim == 2:
        real = mask.detach().bool()[:, :keys]
        normal = normal.with_(keys=real)
        if queries > 1:  # padding is taken out before the kernel runs, and its rows come back as zeros
            normal = normal.with_(segments=(real[:, -queries:].int() - 1, torch.zeros_like(real, dtype=torch.int)))
    of_queries, of_keys = kwargs.get("cu_seq_lens_q"), kwargs.get("cu_seq_lens_k")
    if of_queries is not None:
        numbers = [
            torch.bucketize(torch.arange(n, device=ends.device), ends[1:].contiguous(), right=True)[None]
            for n, ends in ((queries, of_queries), (keys, of_keys if of_keys is not None else of_queries))
        ]
        normal = normal.with_(segments=(numbers[0], numbers[1]))
    return normal


def _sinks(implementation: str, module: nn.Module, kwargs: dict[str, Any]) -> Tensor | None:
    """Learned sink logits, which sdpa ignores."""
    if implementation == "sdpa":
        return None
    sinks = kwargs.get("s_aux")
    if sinks is None and implementation == "eager":
        sinks = getattr(module, "sinks", None)
    return sinks.detach().reshape(-1) if torch.is_tensor(sinks) else None
