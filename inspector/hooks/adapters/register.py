"""The table the adapters write themselves into, by the class name of the module they read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inspector.registry import Registry

__all__ = ["ADAPTERS", "Adapter"]

Adapter = Callable[..., Any]
ADAPTERS: Registry[Adapter] = Registry("adapter")
