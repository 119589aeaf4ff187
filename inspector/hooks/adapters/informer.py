"""Informer: only the queries that a sample of keys tells apart attend; the others take the mean of all values.

The module computes rows for the chosen queries alone, in the order in which they were chosen. Which they are follows
from comparing these rows with those of every query. In a decoder the others take the running sum of the values.
Source: Zhou et al. 2021, Informer, section 3.1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from inspector.hooks.adapters.register import ADAPTERS, listens
from inspector.hooks.proving import agreement
from inspector.hooks.session import Seen, Session
from inspector.layouts import ChosenRows
from inspector.proofs import Proof
from inspector.scores import Given

__all__: list[str] = []

_LAZY = {
    False: "queries that were not chosen take the mean of all values: their rows are uniform",
    True: "queries that were not chosen take the sum of the values so far: their rows are ones, not a softmax",
}


@ADAPTERS.add("InformerProbSparseAttention")
@listens
def informer(session: Session, module: Any, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """The one softmax inside, its rows put where their queries are."""
    names = ("hidden_states", "key_value_states", "past_key_values", "attention_mask")
    given = dict(zip(names, args, strict=False)) | kwargs
    cache, mask = given.get("past_key_values"), given.get("attention_mask")
    query, key, value = (_heads(module, part(given["hidden_states"])) for part in (module.q_proj, module.k_proj, module.v_proj))
    if cache is not None:
        layer = getattr(cache, "self_attention_cache", cache).layers[module.layer_idx]
        key, value = layer.keys, layer.values
    scores = (query * module.scaling) @ key.transpose(-2, -1)
    every = (scores if mask is None else scores + mask).softmax(-1)
    for call in seen:
        some = call.evidence.weights(None, None, torch.arange(call.evidence.shape[2], device=query.device), dtype=every.dtype)
        # each chosen row is one of these: differences taken one by one tell nearly equal rows apart
        rows = torch.cdist(some.float(), every.float(), compute_mode="donot_use_mm_for_euclid_dist").argmin(-1)
        lazy = _lazy(every, module.is_decoder)
        table = lazy.scatter(2, rows[..., None].expand_as(some), some)
        if module.training and module.dropout:
            proof = Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
        else:
            proof = agreement(module.out_proj((table @ value).transpose(1, 2).flatten(2)), output[0], table.shape[2])
        shown = Given(table.detach().to(query.dtype))
        note = _LAZY[bool(module.is_decoder)] if rows.shape[-1] < table.shape[2] else ""
        session.keep(replace(call, evidence=shown, source="adapter:informer", proof=proof, note=note, layout=ChosenRows(rows)))


def _lazy(every: Tensor, decoder: bool) -> Tensor:
    """What the queries that were not chosen do."""
    return torch.ones_like(every).tril() if decoder else torch.full_like(every, 1 / every.shape[-1])


def _heads(module: nn.Module, hidden: Tensor) -> Tensor:
    return hidden.unflatten(-1, (module.num_heads, module.head_dim)).transpose(1, 2)
