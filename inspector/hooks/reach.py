"""Which modules need which tap: decided once a class, from its own source."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Iterator
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from inspector.hooks.unshown import reason_for

__all__ = ["may_write_attention", "reported_by"]

_BY_HAND = re.compile(r"softmax|logsumexp|scaled_dot_product_attention|multi_head_attention_forward|attention_ops", re.IGNORECASE)
_NEVER = (nn.MultiheadAttention, nn.Softmax, nn.ModuleList, nn.Sequential, PreTrainedModel)
_ROUTER = re.compile(r"(Router|Gating|TopK|Experts?|SparseMoe\w*|MoeBlock|MoE)$")
_ATTENTION = re.compile(r"att(e)?n", re.IGNORECASE)


@functools.cache
def may_write_attention(cls: Any) -> bool:
    """Whether modules of this class may compute attention with operators of their own."""
    named_attention = bool(_ATTENTION.search(cls.__name__))
    if issubclass(cls, _NEVER) or cls.__module__.startswith("torch.") or (_ROUTER.search(cls.__name__) and not named_attention):
        return False
    source = _source(cls)
    if not source:
        return named_attention
    if _BY_HAND.search(source):
        return True
    handed_over = "get_interface(" in source or "ALL_ATTENTION_FUNCTIONS[" in source
    return "ALL_ATTENTION_FUNCTIONS" in source and not handed_over


@functools.cache
def _source(cls: Any) -> str:
    found = []
    for base in cls.__mro__:
        if base is object or base.__module__.startswith("torch.") or base.__module__ == "transformers.modeling_utils":
            continue
        try:
            found.append(inspect.getsource(base))
        except (OSError, TypeError):
            continue
    return "\n".join(found)


def reported_by(modules: list[nn.Module]) -> dict[nn.Module, int]:
    """Of a model's modules those that return their own weights, as the library records them, and where in the output they are.

    Only hand-written ones: the interface tap sees the others.
    """
    candidates = {cls for cls in map(type, modules) if _by_hand(cls) and not reason_for(cls)}
    found: dict[nn.Module, int] = {}
    for part in modules:
        for cls, index in _recorded(part) if isinstance(part, PreTrainedModel) else ():
            if any(issubclass(candidate, cls) for candidate in candidates):
                found |= {m: index for m in part.modules() if isinstance(m, cls) and type(m) in candidates}
    return found


def _recorded(model: PreTrainedModel) -> Iterator[tuple[type, int]]:
    """The classes whose outputs the library calls attentions, and the place of the weights in them."""
    from transformers.utils.output_capturing import _CAN_RECORD_REGISTRY, OutputRecorder

    for key, recorders in _CAN_RECORD_REGISTRY.get(model).items():
        if "attention" not in key:
            continue
        for recorder in recorders if isinstance(recorders, list) else [recorders]:
            cls = recorder.target_class if isinstance(recorder, OutputRecorder) else recorder
            if isinstance(cls, type):
                yield cls, recorder.index if isinstance(recorder, OutputRecorder) else 1


@functools.cache
def _by_hand(cls: Any) -> bool:
    return "get_interface(" not in _source(cls)
