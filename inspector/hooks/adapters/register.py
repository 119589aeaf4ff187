"""The table the adapters write themselves into, by the class name of the module they read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspector.registry import Registry

__all__ = ["ADAPTERS", "Adapter", "listens"]

Adapter = Callable[..., Any]
ADAPTERS: Registry[Adapter] = Registry("adapter")


def listens(adapter: Adapter) -> Adapter:
    """Marks an adapter that wants to choose among what the operator tap sees inside its module."""
    adapter.listens = True  # type: ignore[attr-defined]
    return adapter
