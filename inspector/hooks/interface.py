"""Tap 1: models that fetch their kernel from Transformers' ``AttentionInterface``.

The kernel that is handed out is wrapped; the implementation's name, its mask and its arithmetic stay what they were, so
the model computes exactly what it would have computed. Nothing is patched unless a capture is open.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_utils import AttentionInterface

from inspector.hooks.kernels import explains, is_known, scores_of
from inspector.hooks.patching import Patch
from inspector.hooks.session import Session, quiet, watching
from inspector.proofs import UNCHECKED, Proof
from inspector.scores import Evidence, Given, Scores

__all__ = ["PATCHES"]

_get_interface = AttentionInterface.get_interface
_getitem = AttentionInterface.__getitem__


def _tapped_get_interface(self: AttentionInterface, attn_implementation: str | None, default: Callable) -> Callable:
    if not watching():
        return _get_interface(self, attn_implementation, default)
    with quiet():  # the lookup inside must not wrap a second time
        kernel = _get_interface(self, attn_implementation, default)
    return _wrap(kernel, attn_implementation)


def _tapped_getitem(self: AttentionInterface, key: str | None) -> Callable:
    kernel = _getitem(self, key)
    return _wrap(kernel, key) if watching() else kernel


PATCHES = (
    Patch(AttentionInterface, "get_interface", _tapped_get_interface),
    Patch(AttentionInterface, "__getitem__", _tapped_getitem),
)


def _wrap(kernel: Callable, implementation: str | None) -> Callable:
    @functools.wraps(kernel)
    def watched(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Any:
        sessions = [session for session in watching() if session.wants(module)]
        with quiet():
            result = kernel(module, query, key, value, *args, **kwargs)
            mask = kwargs.get("attention_mask", args[0] if args else None)
            with torch._C.DisableTorchFunction():  # a mode that is open outside has no business with our own arithmetic
                for session in sessions:
                    if query.is_meta:
                        session.without_numbers(module)
                        continue
                    try:
                        _record(session, module, query, key, value, mask, kwargs, result, implementation or "eager")
                    except Exception as error:  # a tap may fail; the model may not
                        session.failed(module, error)
        return result

    return watched


def _record(
    session: Session,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Any,
    kwargs: dict[str, Any],
    result: Any,
    implementation: str,
) -> None:
    output, given = result if isinstance(result, tuple) else (result, None)
    key = _held(session, module, query, key)
    random = float(kwargs.get("dropout") or 0.0) if module.training else 0.0

    def read_as(kernel: str) -> Scores:
        return scores_of(kernel, module, query, key, mask, kwargs, session.masks)

    scores = read_as(implementation)
    if not is_known(implementation):  # somebody's own: which of the library's it takes its mask like, the proof says
        readings = itertools.chain([scores], map(read_as, ("sdpa", "flash_attention_2")))
        scores = next((one for one in readings if _proof(session, one, value, output, random).passed is not False), scores)
    source = f"interface:{implementation}"
    if torch.is_tensor(given) and given.ndim == 4 and not explains(scores, given, random):
        proof = _proof(session, scores, value, output, random)
        if proof.passed is not True:  # q·k is not all there is to these weights; the ones the model used are
            table = Given(given.detach())
            return session.add(module, table, source, _proof(session, table, value, output, random))
        return session.add(module, scores, source, proof, note="the model reports other weights than those it used")
    session.add(module, scores, source, _proof(session, scores, value, output, random))


def _held(session: Session, module: nn.Module, query: Tensor, key: Tensor) -> Tensor:
    """The keys; a copy of the written part where they stand in a fixed buffer, which the next step writes again."""
    step = session.steps.current
    if step is None or not step.static or session.names.place(module).kind == "cross":
        return key
    return key.detach()[:, :, : step.past + query.shape[2]].clone()


def _proof(session: Session, evidence: Evidence, value: Tensor, output: Tensor, dropout: float) -> Proof:
    if dropout:
        return Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
    by_head = output.transpose(1, 2)
    if by_head.ndim != 4 or by_head.shape[:3] != evidence.shape[:3]:
        return UNCHECKED
    return session.prove(evidence, value, by_head)
