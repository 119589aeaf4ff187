"""Watches ``forward`` itself: wrappers (PEFT, sentence-transformers) call it directly, and then no hook of the module fires.

The class is patched while somebody watches one of its modules, so that a copy of the model, a pickle or a replica carries
nothing of it; a module with a ``forward`` of its own (accelerate puts one there) is patched itself. The last watcher out
puts back what was there, in whatever order captures close.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from inspector.hooks.copying import mark

__all__ = ["Watcher", "unwatch", "watch"]

_LOCK = threading.Lock()
_MISSING = object()
_KEPT: dict[Any, tuple[int, Any]] = {}  # class or module → how many watch it, and what its own ``forward`` was


@runtime_checkable
class Watcher(Protocol):
    """Who is told."""

    def start(self, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> Any:
        """A forward begins; what is returned is given to ``end``, None for not interested."""

    def end(self, module: nn.Module, begun: Any) -> None:
        """It is over, also after an exception."""


Find = Callable[[nn.Module], tuple[Watcher, ...]]


def watch(module: nn.Module, watchers: Find) -> Any:
    """From now on ``watchers(module)``, asked at each call, are told; returns what ``unwatch`` takes."""
    owner: Any = module if "forward" in vars(module) else type(module)
    with _LOCK:
        count, own = _KEPT.get(owner, (0, vars(owner).get("forward", _MISSING)))
        _KEPT[owner] = (count + 1, own)
        if count == 0:
            owner.forward = _of_module(module, watchers) if owner is module else _of_class(owner, watchers)
    return owner


def unwatch(owner: Any) -> None:
    """One watcher less."""
    with _LOCK:
        count, own = _KEPT[owner]
        if count > 1:
            _KEPT[owner] = (count - 1, own)
            return
        del _KEPT[owner]
        if own is _MISSING:
            del owner.forward
        else:
            owner.forward = own


def _of_class(cls: type[nn.Module], watchers: Find) -> Callable:
    original = cls.forward

    @functools.wraps(original)
    def forward(self: nn.Module, *args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():  # what is traced is the model's own
            return original(self, *args, **kwargs)
        return _told(watchers(self), self, functools.partial(original, self), args, kwargs)

    return mark(forward)


def _of_module(module: nn.Module, watchers: Find) -> Callable:
    original = module.forward

    @functools.wraps(original)
    def forward(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling():
            return original(*args, **kwargs)
        return _told(watchers(module), module, original, args, kwargs)

    return mark(forward)


def _told(watchers: tuple[Watcher, ...], module: nn.Module, original: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
    if not watchers:
        return original(*args, **kwargs)
    begun: list[tuple[Watcher, Any]] = []
    try:
        begun += [(watcher, watcher.start(module, args, kwargs)) for watcher in watchers]
        return original(*args, **kwargs)
    finally:
        for watcher, token in reversed(begun):
            if token is not None:
                watcher.end(module, token)
