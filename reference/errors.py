"""What is raised on purpose here, in ``zoo`` and in ``inspector``: one root, so that one ``except`` reaches all of it.

The root stands in this package because the others import it and it imports none of them.
"""

from __future__ import annotations

from typing import Any

__all__ = ["AttentionInputError", "InspectorError"]


class InspectorError(Exception):
    """Something the caller can mend, in three sentences: what was asked, what was found, what to do.

    >>> raise InspectorError("A mask was given.", "It has 3 keys, the scores 5.", "Give one entry a key.")
    Traceback (most recent call last):
    reference.errors.InspectorError: A mask was given. It has 3 keys, the scores 5. Give one entry a key.
    """

    def __init__(self, asked: str, found: str, do: str) -> None:
        self.asked, self.found, self.do = asked, found, do
        super().__init__(str(self))

    def __str__(self) -> str:  # KeyError and OSError, which some of the tree also are, would write it their own way
        return f"{self.asked} {self.found} {self.do}"

    def __reduce__(self) -> tuple[Any, ...]:  # a worker process hands its errors over pickled
        return type(self), (self.asked, self.found, self.do), self.__dict__


class AttentionInputError(InspectorError, ValueError):
    """Tensors that do not fit together, or numbers that are none."""
