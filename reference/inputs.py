"""What every mechanism asks of its tensors before it computes, so that a mistake is named and not broadcast away."""

from __future__ import annotations

import torch
from torch import Tensor

from reference.errors import AttentionInputError

__all__ = ["check_inputs", "check_mask", "check_size", "wide"]


def wide(tensor: Tensor) -> Tensor:
    """``tensor`` in the precision scores are computed in: float32 for half precisions, its own otherwise.

    >>> wide(torch.zeros(1, dtype=torch.bfloat16)).dtype, wide(torch.zeros(1, dtype=torch.float64)).dtype
    (torch.float32, torch.float64)
    """
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def check_inputs(query: Tensor, key: Tensor, value: Tensor | None = None, **parameters: Tensor | None) -> None:
    """Raises unless query, key, value and parameters share dtype and device, their axes fit, and every number is finite."""
    named = {"query": query, "key": key, "value": value, **parameters}
    given = {name: tensor for name, tensor in named.items() if tensor is not None}
    _check_kind(given)
    for name in ("query", "key", "value"):
        if name in given and given[name].ndim < 2:
            raise AttentionInputError(
                f"The {name} of an attention was given.",
                f"It has the shape {_shape(given[name])}.",
                f"Give [..., {'queries' if name == 'query' else 'keys'}, {name}_size].",
            )
    _check_axes(query, key, value)
    _check_finite({name: tensor for name, tensor in given.items() if name in ("query", "key", "value")})


def check_size(name: str, tensor: Tensor, size: int) -> None:
    """Raises unless the last axis of ``tensor`` is ``size`` wide."""
    if tensor.shape[-1] != size:
        raise AttentionInputError(
            f"A {name} of width {tensor.shape[-1]} was given.",
            f"This mechanism takes a {name} of width {size}.",
            f"Build it with {name}_size={tensor.shape[-1]}, or project the {name} to {size}.",
        )


def check_mask(mask: Tensor | None, shape: torch.Size) -> None:
    """Raises unless ``mask`` is boolean and can be broadcast to ``shape``, [..., queries, keys]."""
    if mask is None:
        return
    if mask.dtype != torch.bool:
        raise AttentionInputError(
            "A mask was given.",
            f"Its dtype is {_kind(mask)}, which may mean 0/1 or a bias.",
            "Give a boolean mask, True where a key may be seen; a bias goes to `bias=`.",
        )
    axes = zip(reversed(mask.shape), reversed(shape), strict=False)
    if mask.ndim > len(shape) or any(m not in (1, s) for m, s in axes):
        raise AttentionInputError(
            "A mask was given.",
            f"Its shape {_shape(mask)} cannot be broadcast to the weights' {list(shape)}.",
            "Give axes of size 1 or of the weights' size, in the order [..., queries, keys].",
        )


def _check_kind(given: dict[str, Tensor]) -> None:
    """One floating dtype and one device for all."""
    first, leader = next(iter(given.items()))
    for name, tensor in given.items():
        if not tensor.is_floating_point():
            raise AttentionInputError(
                f"The {name} of an attention was given.", f"Its dtype is {_kind(tensor)}.", "Give floating-point numbers."
            )
        if tensor.dtype != leader.dtype:
            raise AttentionInputError(
                f"The {first} and the {name} were to be used together.",
                f"Their dtypes are {_kind(leader)} and {_kind(tensor)}.",
                "Cast one of them with .to(dtype).",
            )
        if tensor.device != leader.device:
            raise AttentionInputError(
                f"The {first} and the {name} were to be used together.",
                f"They are on the devices {leader.device} and {tensor.device}.",
                "Move one of them with .to(device).",
            )


def _check_axes(query: Tensor, key: Tensor, value: Tensor | None) -> None:
    tensors = {"query": query, "key": key} | ({} if value is None else {"value": value})
    for name, tensor in tensors.items():
        if tensor.shape[:-2] != query.shape[:-2]:
            raise AttentionInputError(
                f"A query {_shape(query)} and a {name} {_shape(tensor)} were given.",
                f"Their leading axes are {list(query.shape[:-2])} and {list(tensor.shape[:-2])}.",
                "Give both the same batch (and heads), in the order [..., rows, width].",
            )
    if value is not None and value.shape[-2] != key.shape[-2]:
        raise AttentionInputError(
            f"A key {_shape(key)} and a value {_shape(value)} were given.",
            f"There are {key.shape[-2]} keys and {value.shape[-2]} values.",
            "Give one value a key.",
        )


def _check_finite(given: dict[str, Tensor]) -> None:
    if torch.compiler.is_compiling():
        return
    for name, tensor in given.items():
        broken = ~torch.isfinite(tensor.detach())
        if bool(broken.any()):
            at = tuple(broken.nonzero()[0].tolist())
            raise AttentionInputError(
                f"The {name} of an attention was given.",
                f"It holds {int(broken.sum())} numbers that are NaN or infinite, the first at {at}.",
                "Look for them where it was computed; a mask, not NaN, hides a key.",
            )


def _shape(tensor: Tensor) -> list[int]:
    return list(tensor.shape)


def _kind(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
