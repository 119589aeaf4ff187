"""Tap 3: ``torch.nn.MultiheadAttention`` and ``F.multi_head_attention_forward``.

The module's own forward runs untouched, with its fast path (an operator mode or a hook would switch that off, and the last
bits would change). Queries and keys are then projected once more from the same inputs; where the module adds keys of its
own, its weights are asked for instead.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode, _pop_mode, _push_mode

from inspector.hooks.patching import Patch
from inspector.hooks.projecting import Projections, record_projected
from inspector.hooks.session import Session, quiet, watching
from inspector.scores import Given

__all__ = ["PATCHES", "rebound", "record_functional"]

_forward = nn.MultiheadAttention.forward
_layer_forward = nn.TransformerEncoderLayer.forward
_signature = inspect.signature(_forward)


@contextlib.contextmanager
def _outside_modes() -> Iterator[None]:
    """Runs outside our own operator modes, and puts them back."""
    from inspector.hooks.operators import OperatorMode

    popped = []
    while isinstance(_get_current_function_mode(), OperatorMode):
        popped.append(_pop_mode())
    try:
        yield
    finally:
        for mode in reversed(popped):
            _push_mode(mode)


@functools.wraps(_forward)
def _tapped_forward(self: nn.MultiheadAttention, *args: Any, **kwargs: Any) -> Any:
    sessions = [session for session in watching() if session.wants(self)]
    if not watching():
        return _forward(self, *args, **kwargs)
    with _outside_modes(), quiet():
        result = _forward(self, *args, **kwargs)
        for session in sessions:
            try:
                _record(session, self, args, kwargs, result[0])
            except Exception as error:  # a tap may fail; the model may not
                session.failed(self, error)
    return result


def rebound(module: nn.MultiheadAttention) -> Callable[[], None]:
    """Lets an offloaded ``module`` run the wrapped forward, which its own copy of the method would pass by; returns the way back.

    Accelerate keeps the method it replaced as ``_old_forward`` and calls it with the weights in place.
    """
    old = module._old_forward
    module._old_forward = functools.partial(_tapped_forward, module)  # type: ignore[assignment]
    return lambda: setattr(module, "_old_forward", old)


@functools.wraps(_layer_forward)
def _tapped_layer(self: nn.TransformerEncoderLayer, src: Tensor, *args: Any, **kwargs: Any) -> Any:
    """The layer's fast path never calls its attention module; one call outside it shows the weights."""
    if not watching():
        return _layer_forward(self, src, *args, **kwargs)
    before = [(session, len(session.capture.calls)) for session in watching() if session.wants(self.self_attn)]
    with _outside_modes():
        result = _layer_forward(self, src, *args, **kwargs)
    for session, calls in before:
        if len(session.capture.calls) == calls and not src.is_nested:
            with quiet():
                try:
                    _replay(session, self, src, args, kwargs)
                except Exception as error:  # a tap may fail; the model may not
                    session.failed(self.self_attn, error)
    return result


PATCHES = (
    Patch(nn.MultiheadAttention, "forward", _tapped_forward),
    Patch(nn.TransformerEncoderLayer, "forward", _tapped_layer),
)


@torch.no_grad()
def _replay(session: Session, layer: nn.TransformerEncoderLayer, src: Tensor, args: tuple, kwargs: dict[str, Any]) -> None:
    given = inspect.signature(_layer_forward).bind(layer, src, *args, **kwargs).arguments
    x = layer.norm1(src) if layer.norm_first else src
    inner = {"attn_mask": given.get("src_mask"), "key_padding_mask": given.get("src_key_padding_mask"), "need_weights": False}
    output = _forward(layer.self_attn, x, x, x, **inner)[0]
    _record(session, layer.self_attn, (x, x, x), inner, output)


@torch.no_grad()
def _record(session: Session, module: nn.MultiheadAttention, args: tuple, kwargs: dict[str, Any], output: Tensor) -> None:
    bound = _signature.bind(module, *args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    special = module.bias_k is not None or module.add_zero_attn or type(module) is not nn.MultiheadAttention
    if special or given["query"].is_nested:
        session.add(module, Given(_asked(module, given)), "multihead:weights")
        return
    if module._qkv_same_embed_dim:
        weights = module.in_proj_weight.chunk(3)
    else:
        weights = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    projections = Projections(weights, module.in_proj_bias, module.out_proj.weight, module.out_proj.bias, module.num_heads)
    inputs = [given[name] for name in ("query", "key", "value")]
    random = bool(module.training and module.dropout)
    record_projected(
        session, module, projections, inputs, module.batch_first, given["attn_mask"], given["key_padding_mask"], output, random
    )


def _asked(module: nn.MultiheadAttention, given: dict[str, Any]) -> Tensor:
    """The module's own weights per head, without dropout."""
    options = {name: value for name, value in given.items() if name != "self"}
    options |= {"need_weights": True, "average_attn_weights": False}
    dropout, module.dropout = module.dropout, 0.0
    try:
        weights = _forward(module, **options)[1]
    finally:
        module.dropout = dropout
    assert weights is not None
    return weights.detach() if weights.ndim == 4 else weights.detach().unsqueeze(0)


@torch.no_grad()
def record_functional(
    session: Session, module: nn.Module, func: Callable, args: tuple, kwargs: dict[str, Any], output: Tensor
) -> None:
    """``F.multi_head_attention_forward`` called directly (WavLM)."""
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    if given["bias_k"] is not None or given["add_zero_attn"] or given["static_k"] is not None:
        given.update(need_weights=True, average_attn_weights=False, training=False, dropout_p=0.0)
        weights = func(*bound.args, **bound.kwargs)[1].detach()
        session.add(module, Given(weights if weights.ndim == 4 else weights.unsqueeze(0)), "multihead:weights")
        return
    if given["use_separate_proj_weight"]:
        separate = (given["q_proj_weight"], given["k_proj_weight"], given["v_proj_weight"])
    else:
        separate = given["in_proj_weight"].chunk(3)
    projections = Projections(
        separate, given["in_proj_bias"], given["out_proj_weight"], given["out_proj_bias"], given["num_heads"]
    )
    inputs = [given[name] for name in ("query", "key", "value")]
    random = bool(given["training"] and given["dropout_p"])
    record_projected(session, module, projections, inputs, False, given["attn_mask"], given["key_padding_mask"], output, random)
