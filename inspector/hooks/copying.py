"""A model that is copied or pickled inside a capture gives a model without hooks: what watches it is no part of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from torch import nn

from inspector.hooks.patching import Patch

__all__ = ["PATCHES", "mark"]

F = TypeVar("F", bound=Callable[..., Any])

_HOOKS = ("_forward_pre_hooks", "_forward_hooks")
_BY_NUMBER = ("_forward_pre_hooks_with_kwargs", "_forward_hooks_with_kwargs", "_forward_hooks_always_called")


def _state(self: nn.Module) -> Any:
    """The state of a module without what a capture put there."""
    state = object.__getstate__(self)  # type: ignore[attr-defined]  # of Python 3.11 on
    if not isinstance(state, dict):
        return state
    ours = {number for name in _HOOKS for number, hook in state.get(name, {}).items() if _is_ours(hook)}
    ours_here = [name for name in ("forward", "set_attention_type") if _is_ours(state.get(name))]
    if not ours and not ours_here:
        return state
    left = dict(state)
    for name in (*_HOOKS, *_BY_NUMBER):
        if name in left:
            left[name] = type(left[name])((number, hook) for number, hook in left[name].items() if number not in ours)
    for name in ours_here:
        original = left.pop(name).__wrapped__
        if name == "forward":  # accelerate's, or somebody else's own
            left[name] = original
    return left


def mark(function: F) -> F:
    """``function`` stands on a module in the place of the module's own, and under its name."""
    function._of_a_capture = True  # type: ignore[attr-defined]
    return function


def _is_ours(hook: Any) -> bool:
    """Whether a function was put there by a capture: it is marked, or written in the rooms of the hooks."""
    while isinstance(hook, functools.partial):
        hook = hook.func
    return getattr(hook, "_of_a_capture", False) or str(getattr(hook, "__module__", "")).startswith("inspector.hooks.")


PATCHES = (Patch(nn.Module, "__getstate__", _state),)
