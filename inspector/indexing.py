"""What may be written for "which": a whole number of any library, a slice, a range, an array; and what is said of the rest."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, SupportsIndex

from inspector.errors import InputError, OutOfRange

__all__ = ["Index", "at_least", "one_of", "position", "positions", "spans", "whole"]

# One position or several: numpy's and torch's whole numbers and arrays count as such, None means all.
Index = SupportsIndex | slice | Sequence[SupportsIndex] | None


def whole(value: Any) -> int | None:
    """``value`` as a whole number, whoever made it; None when it is none (a truth value is none either).

    >>> import numpy, torch
    >>> whole(numpy.int64(3)), whole(torch.tensor(3)), whole(1.5), whole("x"), whole(True)
    (3, 3, None, None, None)
    """
    if str(getattr(value, "dtype", type(value).__name__)) in ("bool", "torch.bool"):
        return None
    try:
        return operator.index(value)
    except TypeError:  # also what torch and numpy raise for an array of several
        return None


def positions(index: Index, size: int, what: str, where: str) -> list[int]:
    """The chosen positions among ``size``, negative ones counted from the end.

    Args:
        index: a number, a slice, a sequence or array of numbers, or None for all.
        size: how many there are.
        what, where: names for the error: "head", "encoder.layer.3".

    Raises:
        OutOfRange: a position that does not exist, or something that is no whole number.

    >>> positions([-1, 2], 5, "head", "layer.0"), positions(range(2), 5, "head", "layer.0")
    ([4, 2], [0, 1])
    """
    use = f"Use 0 to {size - 1}." if size > 1 else "Use 0." if size else "Choose something else."
    asked = f"{what.capitalize()} {_short(index)} of {where!r} was asked for."
    if index is None:
        return list(range(size))
    if isinstance(index, slice):
        try:
            return list(range(size))[index]
        except (TypeError, ValueError) as error:
            raise OutOfRange(asked, "A slice is made of whole numbers, and its step is not 0.", use) from error
    numbers = [whole(one) for one in _several(index)]
    if None in numbers:
        raise OutOfRange(asked, "An index is a whole number.", use)
    for number in numbers:
        assert number is not None
        if not -size <= number < size:
            raise OutOfRange(f"{what.capitalize()} {number} of {where!r} was asked for.", f"There are {size}.", use)
    return [number % size for number in numbers if number is not None]


def position(index: Any, size: int, what: str, where: str) -> int:
    """The one chosen position, as ``positions`` reads it.

    Raises:
        OutOfRange: it does not exist, or is no whole number.

    >>> position(-1, 5, "head", "layer.0")
    4
    """
    return positions([index] if whole(index) is None else index, size, what, where)[0]


def one_of(value: Any, choices: Sequence[str], what: str) -> str:
    """``value``, when it is one of the choices.

    Raises:
        InputError: it is none of them.

    >>> one_of("mean", ("mean", "max"), "a reduction")
    'mean'
    """
    if isinstance(value, str) and value in choices:
        return value
    raise InputError(
        f"{_short(value)} was given as {what}.", f"There are {', '.join(map(repr, choices))}.", "Choose one of these."
    )


def at_least(value: Any, least: int, what: str) -> int:
    """``value`` as a whole number of at least so much.

    Raises:
        InputError: it is less, or no whole number.

    >>> at_least(3, 0, "a window")
    3
    """
    number = whole(value)
    if number is not None and number >= least:
        return number
    raise InputError(f"{_short(value)} was given as {what}.", f"That is a whole number from {least}.", f"Give {least} or more.")


def _several(index: Any) -> list[Any]:
    """One position alone, or each of an array or sequence."""
    if getattr(index, "ndim", 0):
        return list(index.tolist()) if index.ndim == 1 else [index]
    if whole(index) is not None or isinstance(index, str | bytes | Mapping) or not isinstance(index, Iterable):
        return [index]
    try:
        return list(index)
    except TypeError:  # an array of no axes that holds no whole number
        return [index]


def _short(index: Any) -> str:
    text = " ".join(repr(index).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def spans(numbers: Sequence[int]) -> str:
    """Sorted numbers as a person writes them: "0 to 5", or "0, 2, 7".

    >>> spans([0, 1, 2]), spans([0, 2])
    ('0 to 2', '0, 2')
    """
    ordered = sorted(set(numbers))
    whole_range = len(ordered) > 2 and ordered == list(range(ordered[0], ordered[-1] + 1))
    return f"{ordered[0]} to {ordered[-1]}" if whole_range else ", ".join(map(str, ordered))
