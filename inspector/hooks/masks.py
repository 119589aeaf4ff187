"""Every mask the library makes, brought to the one normal form of ``inspector.masks``.

A table that is really a band (causal, sliding window) and a row of real keys becomes those few integers; a mask that
many layers share is read once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from inspector.masks import Mask

__all__ = ["Masks", "from_mask_mod", "from_tensor", "recognised"]

_LARGEST = 2**27  # entries looked through for a simpler form


@dataclass(eq=False)
class Masks:
    """The masks met so far, by the tensor they came from: layers that share a mask share its normal form."""

    _known: dict[tuple[int, int, int], tuple[Tensor, Mask]] = field(default_factory=dict)
    _mods: dict[tuple[int | str, ...], tuple[Callable[..., Tensor], Mask]] = field(default_factory=dict)

    def read(self, mask: Tensor, num_keys: int) -> Mask:
        """The normal form of ``mask``, from memory where it was met before."""
        name = (id(mask), mask._version if not mask.is_inference() else -1, num_keys)
        if name not in self._known:
            self._known[name] = (mask, from_tensor(mask.detach(), num_keys))  # holding the tensor keeps its id taken
        return self._known[name][1]

    def read_mod(self, mask_mod: Callable[..., Tensor], shape: tuple[int, int, int, int], device: torch.device) -> Mask:
        """The normal form of a flex-attention ``mask_mod``, from memory where it was met before."""
        name = (id(mask_mod), *shape, str(device))
        if name not in self._mods:
            self._mods[name] = (mask_mod, from_mask_mod(mask_mod, *shape, device))  # holding the function keeps its id taken
        return self._mods[name][1]

    def forget(self) -> None:
        """Lets go of the model's own tensors."""
        self._known.clear()
        self._mods.clear()


def from_tensor(mask: Tensor, num_keys: int) -> Mask:
    """The normal form of a boolean (True = may be seen) or additive table broadcastable to [batch, head, query, key].

    An additive table whose entries are only 0 and one very negative number is a boolean one whose forbidden scores are
    that finite number: a row with no allowed key is then uniform, as eager attention makes it. Others are a bias.
    """
    while mask.ndim < 4:
        mask = mask.unsqueeze(0)
    mask = mask[..., :num_keys]
    if mask.dtype == torch.bool:
        return recognised(mask)
    if not mask.is_floating_point():
        return Mask(bias=mask)
    lowest = mask.amin() if mask.numel() else mask.new_zeros(())
    forbidden = mask == lowest
    if bool(lowest <= torch.finfo(mask.dtype).min / 2) and bool((forbidden | (mask == 0)).all()):
        return recognised(~forbidden).with_(fill=float(lowest))
    return Mask() if bool((mask == 0).all()) else Mask(bias=mask)


def recognised(allowed: Tensor) -> Mask:
    """The simplest mask that allows exactly what ``allowed`` [batch, head, query, key] does."""
    _, heads, queries, keys = allowed.shape
    if heads > 1 or queries == 0 or keys == 0 or allowed.numel() > _LARGEST:
        return Mask(dense=allowed)
    table = allowed[:, 0]
    real = table.any(1)
    columns = None if bool(real.all()) else real
    if bool((table == real[:, None]).all()):
        return Mask(keys=columns)
    found = _band(table, real).with_(keys=columns)
    again = found.keep(None, None, torch.arange(queries, device=allowed.device), keys)
    return found if again is not None and bool((again == allowed).all()) else Mask(dense=allowed)


def _band(table: Tensor, real: Tensor) -> Mask:
    """The narrowest band around ``table`` [batch, query, key], causal where its last row ends at its own position."""
    _, queries, keys = table.shape
    full = table.any(-1)
    bits = table.to(torch.uint8)  # the first of several largest entries is where argmax points
    first, last = bits.argmax(-1), keys - 1 - bits.flip(-1).argmax(-1)
    rows = torch.arange(queries, device=table.device)
    offset = 0 if keys == queries else int(last[:, -1].masked_fill(~full[:, -1], -1).amax()) - (queries - 1)
    left = int((rows + offset - first).masked_fill(~full, -keys).amax())
    right = int((last - rows - offset).masked_fill(~full, -keys).amax())
    starts, ends = real.to(torch.uint8).argmax(-1), keys - 1 - real.flip(-1).to(torch.uint8).argmax(-1)
    unbounded_left = bool(((first == starts[:, None]) | ~full).all())
    unbounded_right = bool(((last == ends[:, None]) | ~full).all())
    return Mask(left=None if unbounded_left else left, right=None if unbounded_right else right, offset=offset)


def from_mask_mod(mask_mod: Callable[..., Tensor], batch: int, heads: int, queries: int, keys: int, device: torch.device) -> Mask:
    """The mask a flex-attention ``mask_mod(batch, head, query, key)`` describes."""
    b = torch.arange(batch, device=device)[:, None, None, None]
    h = torch.arange(heads, device=device)[None, :, None, None]
    q = torch.arange(queries, device=device)[None, None, :, None]
    k = torch.arange(keys, device=device)[None, None, None, :]
    table = mask_mod(b, h, q, k)
    while table.ndim < 4:
        table = table.unsqueeze(0)
    return recognised(table.expand(-1, -1, queries, keys))
