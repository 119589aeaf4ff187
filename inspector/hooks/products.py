"""From one operator to one attention operation: which axis is what, and the value and output that prove it."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

__all__ = ["from_product"]

Parts = tuple[Tensor, Tensor | None, Tensor | None]
_EINSUM = {torch.einsum, torch.functional.einsum}


def from_product(func: Callable, args: tuple, result: Tensor, used: Tensor, weights: Tensor, axis: int) -> Parts:
    """(weights [..., query, key], value [..., key, width], output [..., query, width]); None where they cannot be told.

    Args:
        func, args, result: the product that was run.
        used: the operand that carries the weights, which may be a view or a cast of them.
        weights: the softmax result.
        axis: the axis it sums to 1 over, which counts keys.
    """
    weights = weights.detach()
    if func in _EINSUM:
        return _from_einsum(args, result, used, weights) or (weights.movedim(axis, -1), None, None)
    table = weights.movedim(axis, -1)
    operands = [arg for arg in args if isinstance(arg, Tensor)][-2:]
    if len(operands) != 2:
        return table, None, None
    first, second = operands
    if axis in (-2, weights.ndim - 2) and used is second and used.shape[-2:] == weights.shape[-2:]:
        return _matched(table, first.transpose(-1, -2), result.transpose(-1, -2))  # values stand on the left
    if axis in (-2, weights.ndim - 2) and used is first and _is_transposed(used, weights):
        return _matched(table, second, result)  # keys were counted in columns, and are turned into rows for the product
    if axis not in (-1, weights.ndim - 1):
        return table, None, None
    if used is first and used.shape[-2:] == table.shape[-2:]:
        return _matched(table, second, result, _order(table, used))
    if used is second and _is_transposed(used, table):
        return _matched(table, first.transpose(-1, -2), result.transpose(-1, -2))
    if used is first:  # a piece of the weights, or another order of axes: what was used is what is shown
        return _matched(used.detach(), second, result)
    return table, None, None


def _matched(table: Tensor, value: Tensor, output: Tensor, order: tuple[int, ...] = ()) -> Parts:
    """The same leading axes for all three; ``order`` is that of the product's operands, where it is another one."""
    leading, keys = table.shape[:-2], table.shape[-1]
    value, output = value.detach(), output.detach()
    if value.shape[-2] != keys:
        return table, None, None
    if order:
        sizes, back = [leading[axis] for axis in order], [order.index(axis) for axis in range(len(order))]
        if value.shape[:-2].numel() != leading.numel():
            return table, None, None
        value, output = (t.reshape(*sizes, *t.shape[-2:]).permute(*back, len(back), len(back) + 1) for t in (value, output))
        return table, value, output
    try:
        if value.shape[:-2].numel() == leading.numel():
            value = value.reshape(*leading, *value.shape[-2:])
        return table, value.expand(*leading, *value.shape[-2:]), output.reshape(*leading, *output.shape[-2:])
    except RuntimeError:
        return table, None, None


def _order(table: Tensor, used: Tensor) -> tuple[int, ...]:
    """How the leading axes of ``table`` were rearranged before they were joined to those of ``used``; () when they were not.

    Only axes that were joined are looked at: Gemma 3n moves its blocks before its heads and then makes one axis of all.
    """
    leading = table.ndim - 2
    if used.ndim >= table.ndim or leading < 2 or used.numel() != table.numel():
        return ()
    if used.data_ptr() == table.data_ptr() and used.is_contiguous() and table.is_contiguous():  # a view
        return ()
    for order in itertools.permutations(range(leading)):
        if torch.equal(table.permute(*order, leading, leading + 1).reshape(used.shape).to(used.dtype), used):
            return () if order == tuple(range(leading)) else order
    return ()  # dropout has changed the entries


def _is_transposed(used: Tensor, table: Tensor) -> bool:
    return used.shape[-2:] == table.shape[-2:][::-1] and (
        used.shape[-1] != used.shape[-2] or used.stride()[-2:] == table.stride()[-2:][::-1]
    )


def _from_einsum(args: tuple, result: Tensor, used: Tensor, weights: Tensor) -> Parts | None:
    """The letters of the equation say which axis is what; a value may have several of its own (ESMFold2: row and width)."""
    flat = [a for arg in args[1:] for a in (arg if isinstance(arg, (list, tuple)) else (arg,))]
    if not isinstance(args[0], str) or len(flat) != 2 or used.shape != weights.shape:
        return None
    left, _, out = args[0].replace(" ", "").partition("->")
    names = left.split(",")
    at = 0 if flat[0] is used else 1
    mine, theirs = names[at], names[1 - at]
    lead = ""
    if "..." in left:
        lead = "".join(chr(ord("A") + i) for i in range(used.ndim - len(mine.replace("...", ""))))
        mine, theirs, out = (name.replace("...", lead) for name in (mine, theirs, out))
    key = [c for c in mine if c in theirs and c not in out]
    query = [c for c in mine if c in out and c not in theirs]
    width = [c for c in theirs if c in out and c not in mine]
    both = [c for c in mine if c in theirs and c in out]
    if len(key) != 1 or len(query) != 1 or not width or len(theirs) != flat[1 - at].ndim:
        return None
    order = lambda name, tail: [name.index(c) for c in (*both, *tail)]  # noqa: E731
    return (
        weights.permute(order(mine, (query[0], key[0]))),
        flat[1 - at].detach().permute(order(theirs, (key[0], *width))).flatten(-len(width)),
        result.detach().permute(order(out, (query[0], *width))).flatten(-len(width)),
    )
