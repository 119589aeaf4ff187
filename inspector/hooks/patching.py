"""The few library functions that are wrapped while a capture is open, and put back when the last one closes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Patch", "patched"]

_LOCK = threading.Lock()
_open_captures = 0
_MISSING = object()


@dataclass(frozen=True)
class Patch:
    """``owner.name`` becomes ``replacement``, which asks ``watching()`` and else does what the original does."""

    owner: Any
    name: str
    replacement: Callable


class patched:
    """While open, the patches hold; captures of other threads share them, the last one out restores the library."""

    _originals: list[tuple[Patch, Any]] = []  # noqa: RUF012  (shared on purpose: one set of patches a process)

    def __init__(self, patches: Sequence[Patch]) -> None:
        self.patches = patches

    def __enter__(self) -> None:
        global _open_captures  # noqa: PLW0603
        with _LOCK:
            _open_captures += 1
            if _open_captures == 1:
                for patch in self.patches:
                    self._originals.append((patch, vars(patch.owner).get(patch.name, _MISSING)))
                    setattr(patch.owner, patch.name, patch.replacement)

    def __exit__(self, *exc: object) -> None:
        global _open_captures  # noqa: PLW0603
        with _LOCK:
            _open_captures -= 1
            if _open_captures == 0:
                while self._originals:
                    patch, original = self._originals.pop()
                    if original is _MISSING:
                        delattr(patch.owner, patch.name)
                    else:
                        setattr(patch.owner, patch.name, original)
