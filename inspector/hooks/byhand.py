"""What becomes of attention that tap 2 has seen: a call with its evidence and proof."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from inspector.hooks.folding import fold, heads_of
from inspector.hooks.multihead import record_functional
from inspector.hooks.operators import Followed, Scope
from inspector.hooks.products import from_product
from inspector.hooks.session import Session
from inspector.masks import Mask
from inspector.proofs import UNCHECKED, Proof
from inspector.scores import Given, Scores

__all__ = ["on_multihead", "on_product", "on_sdpa"]

_ATTENTION = re.compile(r"att(e)?n", re.IGNORECASE)
RANDOM = Proof(None, note="dropout was on: the output is random, the weights are those before dropout")


def on_product(session: Session, scope: Scope, func: Callable, args: tuple, result: Tensor, used: Tensor, what: Followed) -> None:
    """A softmax result has met its values."""
    module = what.module if _ATTENTION.search(type(what.module).__name__) else scope.module
    if not session.wants(module):
        return
    table, value, output = from_product(func, args, result, used, what.weights, what.axis)
    heads = heads_of(module) or heads_of(scope.module)
    folded, folding = fold(tuple(table.shape[:-2]), heads)
    given = Given(folded(table))
    proof = UNCHECKED
    if module.training and _drops(module):
        proof = RANDOM
    elif value is not None and output is not None:
        proof = session.prove(given, folded(value), folded(output))
    session.add(module, given, "operators:softmax", proof, layout=folding)


def on_sdpa(session: Session, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any], result: Tensor) -> None:
    """``scaled_dot_product_attention`` was called directly."""
    if not session.wants(scope.module):
        return
    given = dict(zip(("query", "key", "value", "attn_mask", "dropout_p", "is_causal"), args, strict=False)) | kwargs
    query, key, value, mask = given["query"], given["key"], given["value"], given.get("attn_mask")
    leading = torch.broadcast_shapes(query.shape[:-2], () if given.get("enable_gqa") else key.shape[:-2])
    folded, folding = fold(tuple(leading), heads_of(scope.module))
    query, key, value = (_spread(t, leading, given).detach() for t in (query, key, value))
    scale = given.get("scale")
    scores = Scores(
        folded(query),
        folded(key),
        float(query.shape[-1] ** -0.5 if scale is None else scale),
        _mask(session, mask, leading, folded, query.shape[-2], key.shape[-2], bool(given.get("is_causal"))),
    )
    proof = RANDOM if given.get("dropout_p") else session.prove(scores, folded(value), folded(result.detach()))
    session.add(scope.module, scores, "operators:sdpa", proof, layout=folding)


def on_multihead(session: Session, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any], result: Any) -> None:
    """``multi_head_attention_forward`` was called directly."""
    if session.wants(scope.module):
        record_functional(session, scope.module, func, args, kwargs, result[0])


def _spread(tensor: Tensor, leading: torch.Size, given: dict[str, Any]) -> Tensor:
    return tensor if given.get("enable_gqa") else tensor.expand(*leading, *tensor.shape[-2:])


def _mask(
    session: Session, mask: Tensor | None, leading: torch.Size, folded: Callable, queries: int, keys: int, causal: bool
) -> Mask:
    if mask is None:
        return Mask(right=0) if causal else Mask()
    if mask.ndim <= 4 and len(leading) == 2:
        return session.masks.read(mask, keys)
    return session.masks.read(folded(mask.expand(*leading, queries, keys)), keys)


def _drops(module: nn.Module) -> bool:
    parts = [part for part in module.modules() if isinstance(part, nn.Dropout) and part.p > 0]
    numbers = [getattr(module, name, 0) for name in ("dropout", "attention_dropout", "attn_dropout", "dropout_prob")]
    return bool(parts) or any(isinstance(number, float) and number > 0 for number in numbers)
