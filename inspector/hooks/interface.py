"""Tap 1: models that fetch their kernel from Transformers' ``AttentionInterface``.

The kernel that is handed out is wrapped; the implementation's name, its mask and its arithmetic stay what they were, so
the model computes exactly what it would have computed. Nothing is patched unless a capture is open.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_utils import AttentionInterface

from inspector.captures import UNCHECKED, Proof
from inspector.hooks.kernels import evidence_of
from inspector.hooks.session import Session, current
from inspector.scores import Evidence

__all__ = ["installed"]

_LOCK = threading.Lock()
_open_captures = 0
_get_interface = AttentionInterface.get_interface
_getitem = AttentionInterface.__getitem__


class installed:  # noqa: N801  (reads as a context manager, like the others)
    """While open, kernels handed out inside a capture are wrapped; the last one out restores the library."""

    def __enter__(self) -> None:
        global _open_captures  # noqa: PLW0603
        with _LOCK:
            _open_captures += 1
            if _open_captures == 1:
                AttentionInterface.get_interface = _tapped_get_interface
                AttentionInterface.__getitem__ = _tapped_getitem

    def __exit__(self, *exc: object) -> None:
        global _open_captures  # noqa: PLW0603
        with _LOCK:
            _open_captures -= 1
            if _open_captures == 0:
                AttentionInterface.get_interface = _get_interface
                del AttentionInterface.__getitem__


def _watching() -> Session | None:
    return None if torch.compiler.is_compiling() else current()


def _tapped_get_interface(self: AttentionInterface, attn_implementation: str, default: Callable) -> Callable:
    session = _watching()
    if session is None or session.depth:
        return _get_interface(self, attn_implementation, default)
    session.depth += 1  # the lookup inside must not wrap a second time
    try:
        kernel = _get_interface(self, attn_implementation, default)
    finally:
        session.depth -= 1
    return _wrap(session, kernel, attn_implementation)


def _tapped_getitem(self: AttentionInterface, key: str) -> Callable:
    kernel = _getitem(self, key)
    session = _watching()
    return kernel if session is None or session.depth else _wrap(session, kernel, key)


def _wrap(session: Session, kernel: Callable, implementation: str | None) -> Callable:
    @functools.wraps(kernel)
    def watched(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, *args: Any, **kwargs: Any) -> Any:
        session.depth += 1
        try:
            result = kernel(module, query, key, value, attention_mask, *args, **kwargs)
        finally:
            session.depth -= 1
        if session.depth == 0 and session.selects(session.names.name(module)):
            session.depth += 1
            try:
                _record(session, module, query, key, value, attention_mask, kwargs, result, implementation)
            except Exception as error:  # a tap may fail; the model may not
                session.miss(module, f"the capture failed with {type(error).__name__}: {error}")
            finally:
                session.depth -= 1
        return result

    return watched


def _record(
    session: Session, module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Any, kwargs: dict, result: Any, implementation: str | None
) -> None:
    output, given = result if isinstance(result, tuple) else (result, None)
    evidence = evidence_of(implementation or "eager", module, query, key, mask, kwargs, given)
    session.add(module, evidence, f"interface:{implementation or 'eager'}", _proof(session, module, evidence, value, output, kwargs))


def _proof(session: Session, module: nn.Module, evidence: Evidence, value: Tensor, output: Tensor, kwargs: dict) -> Proof:
    if module.training and kwargs.get("dropout"):
        return Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
    by_head = output.transpose(1, 2)
    if by_head.ndim != 4 or by_head.shape[:3] != evidence.shape[:3]:
        return UNCHECKED
    return session.prove(evidence, value, by_head)
