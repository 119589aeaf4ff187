"""Which layers are wanted: by number, range, name, tower or kind, or by a function."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from inspector.errors import OutOfRange
from inspector.hooks.naming import Names, Place
from inspector.hooks.session import everything

__all__ = ["Selection", "selector"]

Selection = int | str | range | slice | Sequence[int | str] | Callable[[Place], bool] | None


def selector(layers: Any, model: nn.Module) -> tuple[Callable[[Place], bool], Names]:
    """A function from place to "wanted", and the names it decides on.

    Args:
        layers: None for all; a layer number, negative from the end; a range or slice of them; a tower ("encoder", "vision") or
            kind ("self", "cross"); a name or a pattern with * and ?; a list of any of these; or a function of a ``Place``.

    Raises:
        OutOfRange: nothing of the model fits.
    """
    if layers is None:
        return everything, Names(model)
    names = Names(model, fixed=True)
    if callable(layers):
        return layers, names
    places = names.places
    wanted = [_one(part, places) for part in (layers if isinstance(layers, (list, tuple, set, frozenset)) else [layers])]
    if places and not any(fits(place) for fits in wanted for place in places):
        groups = sorted({(place.tower, place.kind) for place in places})
        numbers = max(place.layer_index for place in places)
        raise OutOfRange(
            f"Layers {layers!r} were asked for.", f"The model has layers 0 to {numbers} in {groups}.", "Choose among these."
        )
    return (lambda place: any(fits(place) for fits in wanted)), names


def _one(part: Any, places: list[Place]) -> Callable[[Place], bool]:
    if isinstance(part, str):
        return lambda place: part in (place.tower, place.kind) or _named(place.name, part)
    if isinstance(part, (range, slice)):
        return lambda place: place.layer_index in _numbers(part, _count(place, places))
    number = int(part)
    return lambda place: place.layer_index == (number if number >= 0 else _count(place, places) + number)


def _named(name: str, pattern: str) -> bool:
    """A whole name, a part of it between dots, or a pattern.

    >>> _named("encoder.layer.1.attention", "layer.1"), _named("encoder.layer.11", "layer.1"), _named("a.b.c", "*.b.*")
    (True, False, True)
    """
    return fnmatch.fnmatchcase(name, pattern) or f".{pattern}." in f".{name}."


def _numbers(part: range | slice, count: int) -> range:
    return part if isinstance(part, range) else range(count)[part]


def _count(place: Place, places: list[Place]) -> int:
    return sum((other.tower, other.kind) == (place.tower, place.kind) for other in places)
