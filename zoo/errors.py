"""The one error of the zoo: something the caller can mend, said in three sentences."""

from __future__ import annotations

__all__ = ["ZooError"]


class ZooError(ValueError):
    """A model or a text that the zoo cannot take. The message: what was asked, what was found, what to do."""

    def __init__(self, asked: str, found: str, do: str) -> None:
        self.asked, self.found, self.do = asked, found, do
        super().__init__(f"{asked} {found} {do}")
