"""The one error of the zoo: something the caller can mend, said in three sentences."""

from __future__ import annotations

from reference.errors import InspectorError

__all__ = ["ZooError"]


class ZooError(InspectorError, ValueError):
    """A model or a text that the zoo cannot take."""
