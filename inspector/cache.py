"""The one way to keep what was computed: hung weakly on the object it belongs to, bounded by bytes, computed once.

``once(call, ("maximum", batch), compute)`` gives what ``compute()`` gave the first time. However many threads ask at the
same time, one of them computes and the others wait. What has not been looked at for longest is forgotten when all together
grows too large, and computed anew when it is asked for; what belongs to an object goes when the object goes.

A value must not refer to its owner, or it would keep it alive, and nobody may write into it. Facts about a name or a class
are ``functools.cache``'s: they are few, cheap to find twice, and belong to nothing that goes.
"""

from __future__ import annotations

import functools
import itertools
import sys
import threading
import weakref
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any, ParamSpec, TypeVar

from cachetools import LRUCache, cached
from torch import Tensor

from inspector.memory import total

__all__ = ["COMPUTED", "Cache", "at_hand", "once", "remembered", "size_of"]

T = TypeVar("T")
P = ParamSpec("P")
MOST = 2 * 2**30  # bytes: the numbers of every head of a text of 32,768 tokens through a model of a thousand heads
SHARE = 8  # part of the memory there is, where that is less
_ENTRY = 256  # bytes of a key and what holds a value


def size_of(value: Any) -> int:
    """Bytes of the tensors and texts in a value, and a little for what holds them.

    >>> import torch
    >>> size_of({"weights": torch.zeros(2, 500)}) - size_of({"weights": torch.zeros(0)})
    4000
    """
    total, seen, waiting = _ENTRY, set(), [value]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        total += one.numel() * one.element_size() if isinstance(one, Tensor) else sys.getsizeof(one)
        waiting += _parts(one)
    return total


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.values()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [*value]
    return [] if isinstance(value, (Tensor, type)) else list(getattr(value, "__dict__", {}).values())


class Cache:
    """Values by owner and key, the least recently used forgotten first. Safe to ask from several threads."""

    def __init__(self, most: int) -> None:
        self._values: LRUCache[tuple[int, Hashable], Any] = LRUCache(most, getsizeof=size_of)
        self._changed = threading.Condition(threading.Lock())
        self._numbers = itertools.count()
        self._owners: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()
        self._gone: deque[int] = deque()
        # cachetools waits for a key that is being computed, and lets a waiting one try where that failed
        self._find = cached(self._values, key=lambda place, compute: place, condition=self._changed)(
            lambda place, compute: compute()
        )

    def once(self, owner: object, key: Hashable, compute: Callable[[], T]) -> T:
        """What ``compute`` gives, computed when first asked for. An error is not kept: the next to ask tries again.

        Args:
            owner: what it belongs to; compared by identity, and not kept alive.
            key: what it is; equal keys mean equal values.
            compute: asks for no value that in its turn waits for this one.
        """
        return self._find((self._number(owner), key), compute)

    def at_hand(self, owner: object, key: Hashable) -> Any | None:
        """The value, where it has been computed and not been forgotten."""
        place = (self._number(owner), key)
        with self._changed:
            return self._values.get(place)

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        with self._changed:
            self._sweep()
            return int(self._values.currsize)

    def _number(self, owner: object) -> int:
        """What the owner is called here; an address would be given to the next object once this one is gone."""
        with self._changed:
            self._sweep()
            number = self._owners.get(owner)
            if number is None:
                number = self._owners[owner] = next(self._numbers)
                weakref.finalize(owner, self._forget, number).atexit = False
        return number

    def _forget(self, number: int) -> None:
        """The owner has gone. This may run in the middle of anything, so it does not wait: who holds the lock sweeps later."""
        self._gone.append(number)
        if self._changed.acquire(blocking=False):
            try:
                self._sweep()
            finally:
                self._changed.release()

    def _sweep(self) -> None:
        gone = {self._gone.popleft() for _ in range(len(self._gone))}
        for place in [place for place in self._values if place[0] in gone] if gone else ():
            del self._values[place]


COMPUTED = Cache(min(MOST, (total() or SHARE * MOST) // SHARE))
once, at_hand = COMPUTED.once, COMPUTED.at_hand


def remembered(function: Callable[P, T]) -> Callable[P, T]:
    """A decorator: what ``function`` gave for the same arguments, kept like everything else; it belongs to the function."""

    @functools.wraps(function)
    def asked(*args: P.args, **kwargs: P.kwargs) -> T:
        return once(function, (args, *sorted(kwargs.items())), lambda: function(*args, **kwargs))

    return asked
