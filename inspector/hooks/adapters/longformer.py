"""Longformer and LED: a band of neighbours for every token, and a few global tokens that see and are seen by all.

The model computes the band in overlapping chunks and never forms the N×N table. The same rows follow from its queries
and keys with a band mask; global tokens look with projections of their own, which is a second call of the module.
Source: Beltagy et al. 2020, Longformer, section 3.1.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from inspector.hooks.adapters.register import ADAPTERS
from inspector.hooks.session import Seen, Session
from inspector.layouts import Bands, Transposed
from inspector.masks import Mask
from inspector.proofs import Proof
from inspector.scores import Scores

__all__: list[str] = []


@ADAPTERS.add("LongformerSelfAttention")
@ADAPTERS.add("LEDEncoderSelfAttention")
def longformer(session: Session, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any, seen: list[Seen]) -> None:
    """Two calls at most: every token over its band and the global keys; the global tokens over everything."""
    names = ("hidden_states", "attention_mask", "is_index_masked", "is_index_global_attn", "is_global_attn")
    given = dict(zip(names, args, strict=False)) | kwargs
    real = _length(session, given["hidden_states"])  # the model pads to a multiple of its window
    hidden, padding = given["hidden_states"][:, :real], given["is_index_masked"][:, :real]
    special = given["is_index_global_attn"][:, :real] if given.get("is_global_attn") else None
    window, out = module.one_sided_attn_window_size, _heads(module, output[0][:, :real])
    scores = Scores(
        _heads(module, module.query(hidden)),
        _heads(module, module.key(hidden)),
        1 / math.sqrt(module.head_dim),
        _local_mask(window, padding, special),
    )
    if special is not None:
        out = out.masked_fill(special[:, None, :, None], 0.0)
    proof = _proof(session, module, scores, _heads(module, module.value(hidden)), out)
    session.add(module, scores, "adapter:longformer", proof, layout=Bands(window, special))
    if special is not None:
        _global(session, module, hidden, padding, special, given["hidden_states"].shape[1], output[0][:, :real])


def _length(session: Session, hidden: Tensor) -> int:
    """The tokens that were given, without what the model appended."""
    return min(hidden.shape[1], session.lengths.get(session.steps.axis("input"), hidden.shape[1]))


def _proof(session: Session, module: nn.Module, scores: Scores, value: Tensor, output: Tensor) -> Proof:
    if module.training and module.dropout:
        return Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
    return session.prove(scores, value, output)


def _global(
    session: Session, module: Any, hidden: Tensor, padding: Tensor, special: Tensor, num_keys: int, output: Tensor
) -> None:
    """The rows of the global tokens; an item with fewer of them is filled up with rows that no one uses."""
    counts = special.sum(-1)
    asking, answers = (hidden.new_zeros(len(hidden), int(counts.max()), hidden.shape[-1]) for _ in range(2))
    for item, of_item in enumerate(special):
        asking[item, : int(counts[item])] = hidden[item, of_item]
        answers[item, : int(counts[item])] = output[item, of_item]
    scores = Scores(
        _heads(module, module.query_global(asking)),
        _heads(module, module.key_global(hidden)),
        1 / math.sqrt(module.head_dim),
        Mask(keys=~padding),
    )
    if bool((counts == counts[0]).all()):
        proof = _proof(session, module, scores, _heads(module, module.value_global(hidden)), _heads(module, answers))
    else:
        proof = Proof(None, note="items with fewer global tokens are filled up with rows that no one uses")
    note = "rows are the global tokens, in order"
    session.add(module, scores, "adapter:longformer", proof, note=note, layout=Transposed(num_keys))


def _local_mask(window: int, padding: Tensor, special: Tensor | None) -> Mask:
    """A band between real tokens; padding and global tokens have no row here."""
    dead = padding if special is None else padding | special
    segments = (-dead.int(), torch.where(padding, -2, 0))
    if special is None:
        return Mask(left=window, right=window, segments=segments)
    rows = torch.arange(padding.shape[1], device=padding.device)
    near = (rows[:, None] - rows).abs() <= window
    return Mask(segments=segments, dense=(near[None] | special[:, None, :])[:, None])


def _heads(module: nn.Module, hidden: Tensor) -> Tensor:
    """[batch, token, width] → [batch, head, token, head_width]."""
    return hidden.detach().unflatten(-1, (module.num_heads, module.head_dim)).transpose(1, 2)
