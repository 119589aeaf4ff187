"""A table that fills itself: decorate to add, index to read, and a misspelt name is told its neighbour."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from inspector.errors import RegistryError

T = TypeVar("T")


class Registry(Generic[T]):
    """Named things of one kind, in the order of their ``order`` (then of their registration).

    >>> shapes = Registry("shape")
    >>> @shapes.add("circle")
    ... def circle(): ...
    >>> list(shapes)
    ['circle']
    >>> shapes["circel"]
    Traceback (most recent call last):
    inspector.errors.RegistryError: No shape 'circel'. Registered: circle. Did you mean 'circle'?
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, tuple[int, T]] = {}

    def add(self, name: str, order: int = 100) -> Callable[[T], T]:
        """A decorator that registers what it decorates under ``name``; a name is taken once."""

        def register(item: T) -> T:
            if name in self._items:
                raise RegistryError(f"{self.kind} {name!r} was to be registered.", "That name is taken.", "Choose another.")
            self._items[name] = (order, item)
            return item

        return register

    def __getitem__(self, name: str) -> T:
        try:
            return self._items[name][1]
        except (KeyError, TypeError):  # TypeError: a list is no name
            near = difflib.get_close_matches(str(name), self._items, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else "Use one of these."
            raise RegistryError(f"No {self.kind} {name!r}.", f"Registered: {', '.join(self) or 'none'}.", hint) from None

    def find(self, name: str) -> T | None:
        """What is registered under ``name``; None when nothing is."""
        return self._items[name][1] if name in self._items else None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items, key=lambda name: self._items[name][0]))

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def items(self) -> list[tuple[str, T]]:
        """Every (name, item), in order."""
        return [(name, self._items[name][1]) for name in self]
