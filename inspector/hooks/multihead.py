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
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode, _pop_mode, _push_mode

from inspector.captures import UNCHECKED, Proof, tolerance_of
from inspector.hooks.patching import Patch
from inspector.hooks.session import Session, quiet, watching
from inspector.masks import Mask
from inspector.scores import Given, Scores

__all__ = ["PATCHES", "record_functional"]

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
    if module.bias_k is not None or module.add_zero_attn or type(module) is not nn.MultiheadAttention or given["query"].is_nested:
        session.add(module, Given(_asked(module, given)), "multihead:weights")
        return
    with torch.autocast(given["query"].device.type, enabled=torch.is_autocast_enabled(given["query"].device.type)):
        query, key, value = _projected(module, given)
    width = query.shape[-1]
    scores = Scores(query, key, width**-0.5, _mask(given, query.shape, key.shape[2]))
    session.add(module, scores, "multihead", _proof(session, module, scores, value, output))


def _projected(module: nn.MultiheadAttention, given: dict[str, Any]) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value as [batch, head, token, width]."""
    if module._qkv_same_embed_dim:
        weights = module.in_proj_weight.chunk(3)
    else:
        weights = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    biases = module.in_proj_bias.chunk(3) if module.in_proj_bias is not None else (None, None, None)
    found = []
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        projected = F.linear(given[name], weight, bias)
        if projected.ndim == 2:
            projected = projected.unsqueeze(0)
        elif not module.batch_first:
            projected = projected.transpose(0, 1)
        found.append(projected.unflatten(-1, (module.num_heads, -1)).transpose(1, 2))
    return found[0], found[1], found[2]


def _mask(given: dict[str, Any], shape: torch.Size, keys: int) -> Mask:
    """torch's convention here: True = may *not* be seen; floats are added."""
    batch, heads, queries, _ = shape
    normal = Mask()
    mask, padding = given["attn_mask"], given["key_padding_mask"]
    if mask is not None:
        mask = mask.reshape(batch, heads, queries, keys) if mask.ndim == 3 else mask[None, None]
        normal = Mask(dense=~mask) if mask.dtype == torch.bool else Mask(bias=mask)
    if padding is not None:
        padding = padding.reshape(batch, keys)
        if padding.dtype == torch.bool:
            normal = normal.with_(keys=~padding)
        else:
            bias = padding[:, None, None, :]
            normal = normal.with_(bias=bias if normal.bias is None else normal.bias + bias)
    return normal


def _proof(session: Session, module: nn.MultiheadAttention, scores: Scores, value: Tensor, output: Tensor) -> Proof:
    """The whole output again from the weights: heads joined and projected."""
    if module.training and module.dropout:
        return Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
    batch, heads, queries, _ = scores.shape
    rows = torch.linspace(0, queries - 1, min(session.proof_rows or queries, queries), device=output.device).round().long()
    every = (torch.arange(n, device=output.device) for n in (batch, heads))
    mixed = scores.weights(*every, rows) @ value.float()
    again = mixed.transpose(1, 2).flatten(2).to(module.out_proj.weight.dtype)
    again = F.linear(again, module.out_proj.weight, module.out_proj.bias)
    theirs = output.detach() if output.ndim == 3 else output.detach().unsqueeze(0 if module.batch_first else 1)
    theirs = (theirs if module.batch_first or output.ndim == 2 else theirs.transpose(0, 1)).reshape(batch, queries, -1)[:, rows]
    if not theirs.numel():
        return UNCHECKED
    error = (again - theirs).abs().amax().float() / theirs.abs().amax().float().clamp_min(torch.finfo(torch.float32).tiny)
    return Proof(error, tolerance_of(output.dtype), len(rows))


def _asked(module: nn.MultiheadAttention, given: dict[str, Any]) -> Tensor:
    """The module's own weights per head, without dropout."""
    options = {name: value for name, value in given.items() if name != "self"}
    options |= {"need_weights": True, "average_attn_weights": False}
    dropout, module.dropout = module.dropout, 0.0
    try:
        weights = _forward(module, **options)[1]
    finally:
        module.dropout = dropout
    return weights.detach() if weights.ndim == 4 else weights.detach().unsqueeze(0)


@torch.no_grad()
def record_functional(session: Session, module: nn.Module, func: Callable, args: tuple, kwargs: dict[str, Any]) -> None:
    """``F.multi_head_attention_forward`` called directly (WavLM): its weights per head, without dropout."""
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    bound.arguments.update(need_weights=True, average_attn_weights=False, training=False, dropout_p=0.0)
    weights = func(*bound.args, **bound.kwargs)[1].detach()
    session.add(module, Given(weights if weights.ndim == 4 else weights.unsqueeze(0)), "multihead:weights")
