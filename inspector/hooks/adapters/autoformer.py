"""Autoformer: every position looks at the same few delays of the series, as strongly as the series repeats after them.

The delays and their weights come from the autocorrelation of queries with keys, averaged over heads and channels, so that
there is no softmax over keys; but a value rolled by a delay is a row of weights with one entry per delay. What the library
returns as attentions are the autocorrelations themselves, which no value is weighed by.
Source: Wu et al. 2021, Autoformer, section 3.2.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from inspector.hooks.adapters.register import ADAPTERS
from inspector.hooks.proving import agreement
from inspector.hooks.session import Seen, Session
from inspector.scores import Given

__all__: list[str] = []

_NOTE = "a few delays, the same for every position, weighed by autocorrelation; in a batch a head may be given another item's"


@ADAPTERS.add("AutoformerAttention")
def autoformer(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """One call: each position looks at those a few delays later, around the end to the start."""
    names = ("hidden_states", "key_value_states", "past_key_values", "attention_mask")
    given = dict(zip(names, args, strict=False)) | kwargs
    hidden, across = given["hidden_states"], given.get("key_value_states")
    query = _heads(module, module.q_proj(hidden))
    key, value = _keys_and_values(module, hidden if across is None else across, given.get("past_key_values"), across is not None)
    length, keys = query.shape[2], key.shape[2]
    if length > keys:  # as the module fits one to the other
        fitted = query[:, :, : length - keys]
        key, value = (torch.cat([t, torch.zeros_like(fitted)], 2) for t in (key, value))
    else:
        fitted, key, value = query, key[:, :, :length], value[:, :, :length]
    table = _table(module, fitted, key, length, given.get("attention_mask"))
    again = module.out_proj((table @ value).transpose(1, 2).flatten(2))
    proof = agreement(again, output[0].detach(), length)
    table = pad(table[..., :keys], (0, max(0, keys - length)))
    kind = "self" if across is None else "cross"
    session.add(module, Given(table.detach()), "adapter:autoformer", proof, kind=kind, note=_NOTE)


def _table(module: Any, query: Tensor, key: Tensor, length: int, mask: Tensor | None) -> Tensor:
    """[batch, head, query, key]: the softmax over the delays, at the positions they lead to."""
    spectrum = torch.fft.rfft(query, n=length, dim=2) * torch.conj(torch.fft.rfft(key, n=length, dim=2))
    likeness = torch.fft.irfft(spectrum, n=length, dim=2)
    strength = (likeness if mask is None else likeness + mask).mean((1, 3))
    most = int(module.autocorrelation_factor * math.log(length))
    if module.training:  # one choice of delays for the whole batch
        delays = strength.mean(0).topk(most).indices.expand(len(strength), -1)
    else:
        delays = strength.topk(most, dim=1).indices
    weights = strength.gather(1, delays).softmax(-1)
    rows = torch.arange(length, device=query.device)[:, None]
    at = (rows + delays[:, None]) % length
    table = query.new_zeros(len(strength), length, length).scatter_(2, at, weights[:, None].expand_as(at).to(query.dtype))
    batch, heads = query.shape[:2]
    whose = torch.arange(batch * heads, device=query.device) % batch  # the module repeats items where it has heads in a row
    return table[whose].unflatten(0, (batch, heads))


def _keys_and_values(module: Any, source: Tensor, cache: Any, cross: bool) -> tuple[Tensor, Tensor]:
    """[batch, head, key, head_width], from the cache where the module has put them there."""
    if cache is None:
        return _heads(module, module.k_proj(source)), _heads(module, module.v_proj(source))
    part = getattr(cache, "cross_attention_cache" if cross else "self_attention_cache", cache)
    layer = part.layers[module.layer_idx]
    return layer.keys, layer.values


def _heads(module: Any, hidden: Tensor) -> Tensor:
    return hidden.unflatten(-1, (module.num_heads, module.head_dim)).transpose(1, 2)
