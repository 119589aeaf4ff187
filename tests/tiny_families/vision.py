"""Families of vision."""

from __future__ import annotations

from tests.tiny_families import Special

__all__ = ["SPECIAL"]

SPECIAL: dict[str, Special] = {}
