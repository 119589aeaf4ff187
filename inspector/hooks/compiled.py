"""Compiled models: their traced code holds no kernel to watch, so inside a capture they run as they were written.

Only models that are compiled are held back; a flex-attention kernel keeps its own compilation.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch._dynamo.eval_frame import OptimizedModule
from transformers import PreTrainedModel

from inspector.hooks.patching import Patch
from inspector.hooks.session import watching

__all__ = ["NOTE", "PATCHES", "is_compiled", "uncompiled"]

NOTE = "compiled; run uncompiled while captured"

_get_compiled_call = PreTrainedModel.get_compiled_call
_call_optimized = OptimizedModule.__call__


def is_compiled(modules: Iterable[nn.Module]) -> bool:
    """Whether one of a model's modules, itself among them, was compiled."""
    return any("_orig_mod" in m._modules or vars(m).get("_compiled_call_impl") is not None for m in modules)


def uncompiled(compiled: bool) -> contextlib.AbstractContextManager[Any]:
    """Inside, a compiled model runs its Python code."""
    return torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext()


def _tapped_compiled_call(self: PreTrainedModel, compile_config: Any) -> Any:
    """Generation with a static cache compiles the model by itself."""
    if any(session.names.knows(self) for session in watching()):
        return self.__call__
    return _get_compiled_call(self, compile_config)


def _tapped_optimized_call(self: OptimizedModule, *args: Any, **kwargs: Any) -> Any:
    """A compiled wrapper runs, made before or after the capture of what it holds."""
    inside = [session for session in watching() if _holds(self._orig_mod, session.model) or session.names.knows(self._orig_mod)]
    for session in inside:
        session.capture.info.setdefault("note", NOTE)
    with uncompiled(bool(inside)):
        return _call_optimized(self, *args, **kwargs)


def _holds(module: nn.Module, model: nn.Module) -> bool:
    return any(part is model for part in module.modules())


PATCHES = (
    Patch(PreTrainedModel, "get_compiled_call", _tapped_compiled_call),
    Patch(OptimizedModule, "__call__", _tapped_optimized_call),
)
