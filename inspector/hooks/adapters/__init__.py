"""Families that no general tap reaches, one file each: a function that reads one module's forward.

    @ADAPTERS.add("LongformerSelfAttention")
    def longformer(session, module, args, kwargs, output, seen): session.add(...)

``seen`` are the calls the general taps saw inside, which only the adapter may keep. Every file in this folder is found by itself.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil

from torch import nn

from inspector.hooks.adapters.register import ADAPTERS, Adapter

__all__ = ["Adapter", "find"]


@functools.cache
def _load() -> None:
    for file in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{file.name}")


def find(cls: type[nn.Module]) -> Adapter | None:
    """The adapter for modules of this class."""
    _load()
    return ADAPTERS.find(cls.__name__)
