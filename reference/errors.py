"""The one error of this package: an input that the mechanism cannot take, said in three sentences."""

from __future__ import annotations

__all__ = ["AttentionInputError"]


class AttentionInputError(ValueError):
    """Tensors that do not fit together, or numbers that are none. The message: what was asked, what was found, what to do.

    >>> raise AttentionInputError("A mask was given.", "It has 3 keys, the scores 5.", "Give one entry a key.")
    Traceback (most recent call last):
    reference.errors.AttentionInputError: A mask was given. It has 3 keys, the scores 5. Give one entry a key.
    """

    def __init__(self, asked: str, found: str, do: str) -> None:
        self.asked, self.found, self.do = asked, found, do
        super().__init__(f"{asked} {found} {do}")
