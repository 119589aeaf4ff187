"""What a server keeps between requests, by the bytes it takes: what nobody has looked at for longest goes, and its memory too."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import LRUCache, TTLCache

from inspector.memory import give_back, total

__all__ = ["Kept", "share_of_memory"]

T = TypeVar("T")
UNKNOWN = 8 * 2**30  # bytes a machine is taken to have that does not say
LOOKING = 20.0  # seconds between two looks at what is too old
_shelves: weakref.WeakSet[Kept] = weakref.WeakSet()
_begin = threading.Lock()
_sweeping: list[threading.Thread] = []


def share_of_memory(share: int | float, most: int | None = None, memory: int | None = None) -> int:
    """Bytes: a share of ``memory``, by default of what the machine or the cgroup has, and no more than ``most``."""
    known = memory or total() or UNKNOWN
    return max(1, min(int(share * known), most or int(known)))


class Kept(Generic[T]):
    """Values by name, ``most`` bytes of them; one that is larger than all may be together is kept alone.

    Args:
        most: bytes.
        size: of a value, in bytes.
        seconds: after which a value that nobody looked at is forgotten; None: never.
        timer: the clock of ``seconds``.
    """

    def __init__(
        self,
        most: int,
        size: Callable[[T], int],
        seconds: int | float | None = None,
        timer: Callable[[], int | float] = time.monotonic,
    ) -> None:
        self.most, self.seconds = most, seconds
        self._size = lambda value: max(1, size(value))
        self._values: LRUCache[Hashable, T] | TTLCache[Hashable, T] = (
            LRUCache(most, getsizeof=self._size)
            if seconds is None
            else TTLCache(most, seconds, timer=timer, getsizeof=self._size)
        )
        self._alone: tuple[Hashable, T] | None = None
        self._lock = threading.Lock()
        self._gone = 0  # rounds in which freed memory is still to be given back
        _shelves.add(self)
        _sweep_from_now_on()

    def put(self, name: Hashable, value: T) -> None:
        """Keeps the value, and forgets others where there is no room."""
        with self._lock:
            count = len(self._values)
            if self._size(value) <= self.most:
                self._values[name] = value
            else:
                self._gone += self._alone is not None
                self._values.pop(name, None)
                self._alone = (name, value)
            if len(self._values) < count + (name in self._values):
                self._gone = 2

    def get(self, name: Hashable) -> T | None:
        """The value of that name; looking at it keeps it."""
        with self._lock:
            if self._alone is not None and self._alone[0] == name:
                return self._alone[1]
            found = self._values.get(name)
            if found is not None and self.seconds is not None:
                self._values[name] = found
            return found

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        with self._lock:
            return int(self._values.currsize) + (self._size(self._alone[1]) if self._alone else 0)

    def sweep(self) -> bool:
        """Forgets what is too old; whether memory may have become free since the last two looks.

        Two, because what was forgotten may have been in use still.
        """
        with self._lock:
            if isinstance(self._values, TTLCache) and self._values.expire():
                self._gone = 2
            free = self._gone > 0
            self._gone = max(0, self._gone - 1)
            return free


def _sweep_from_now_on() -> None:
    """One thread for all shelves: an old value would otherwise stay until somebody asked for another."""
    with _begin:
        if not _sweeping:
            _sweeping.append(threading.Thread(target=_sweep, name="sweeping", daemon=True))
            _sweeping[0].start()


def _sweep() -> None:
    while True:
        time.sleep(LOOKING)
        if any([shelf.sweep() for shelf in list(_shelves)]):  # noqa: C419 (every shelf is swept, not only up to the first)
            give_back()
