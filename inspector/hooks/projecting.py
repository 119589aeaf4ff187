"""Multi-head attention from its inputs and projection matrices, as ``torch.nn.MultiheadAttention`` defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from inspector.hooks.proving import agreement, rows_to_check
from inspector.hooks.session import Session
from inspector.masks import Mask
from inspector.proofs import UNCHECKED, Proof
from inspector.scores import Scores

__all__ = ["Projections", "record_projected"]


@dataclass(frozen=True, eq=False)
class Projections:
    """The matrices of one attention.

    Attributes:
        weights: of query, key and value.
        bias: the three biases end to end, or None.
        out_weight, out_bias: of the output.
        num_heads: how many heads share the width.
    """

    weights: Sequence[Tensor]
    bias: Tensor | None
    out_weight: Tensor
    out_bias: Tensor | None
    num_heads: int

    def heads(self, inputs: Sequence[Tensor], batch_first: bool) -> list[Tensor]:
        """Query, key and value as [batch, head, token, width]."""
        biases = self.bias.chunk(3) if self.bias is not None else (None, None, None)
        found = []
        for given, weight, bias in zip(inputs, self.weights, biases, strict=True):
            projected = _batch_first(F.linear(given, weight, bias), batch_first)
            found.append(projected.unflatten(-1, (self.num_heads, -1)).transpose(1, 2))
        return found

    def output(self, mixed: Tensor) -> Tensor:
        """[batch, head, token, width] joined and projected to [batch, token, width]."""
        return F.linear(mixed.transpose(1, 2).flatten(2).to(self.out_weight.dtype), self.out_weight, self.out_bias)


def record_projected(
    session: Session,
    module: nn.Module,
    projections: Projections,
    inputs: Sequence[Tensor],
    batch_first: bool,
    mask: Tensor | None,
    padding: Tensor | None,
    output: Tensor,
    random: bool,
) -> None:
    """One call, proved by computing the whole output again from the weights."""
    query, key, value = projections.heads(inputs, batch_first)
    scores = Scores(query, key, query.shape[-1] ** -0.5, _mask(mask, padding, query.shape, key.shape[2]))
    if random:
        proof = Proof(None, note="dropout was on: the output is random, the weights are those before dropout")
    else:
        proof = _proof(session, projections, scores, value, _batch_first(output.detach(), batch_first))
    session.add(module, scores, "multihead", proof)


def _batch_first(tensor: Tensor, already: bool) -> Tensor:
    if tensor.ndim == 2:
        return tensor.unsqueeze(0)
    return tensor if already else tensor.transpose(0, 1)


def _mask(mask: Tensor | None, padding: Tensor | None, shape: torch.Size, keys: int) -> Mask:
    """torch's convention here: True = may *not* be seen; floats are added."""
    batch, heads, queries, _ = shape
    normal = Mask()
    if mask is not None:
        mask = mask.detach().reshape(batch, heads, queries, keys) if mask.ndim == 3 else mask.detach()[None, None]
        normal = Mask(dense=~mask) if mask.dtype == torch.bool else Mask(bias=mask)
    if padding is not None:
        padding = padding.detach().reshape(batch, keys)
        if padding.dtype == torch.bool:
            return normal.with_(keys=~padding)
        bias = padding[:, None, None, :]
        normal = normal.with_(bias=bias if normal.bias is None else normal.bias + bias)
    return normal


def _proof(session: Session, projections: Projections, scores: Scores, value: Tensor, output: Tensor) -> Proof:
    batch, _, queries, _ = scores.shape
    if not output.numel():
        return UNCHECKED
    wanted = rows_to_check(session.proof_rows, queries) or queries
    rows = torch.linspace(0, queries - 1, min(wanted, queries), device=output.device).round().long()
    mixed = scores.weights(None, None, rows) @ value.float()
    theirs = output.reshape(batch, queries, -1)[:, rows]
    return agreement(projections.output(mixed), theirs, len(rows))
