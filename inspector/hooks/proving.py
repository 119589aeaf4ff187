"""The proof of a call: weights @ value against the output of the model's own kernel, without waiting for the device."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from inspector.captures import Proof, tolerance_of
from inspector.scores import Evidence, exact

__all__ = ["PROOF_ROWS", "agreement", "both", "prove"]

# Rows per head that are checked against the kernel's output while the model runs: a fixed number, so that the check
# costs a vanishing share of the forward pass at any length. ``proof_rows=None`` checks every row.
PROOF_ROWS = 8
_BLOCK = 2**22  # weights at a time


@torch.no_grad()
def prove(evidence: Evidence, value: Tensor, output: Tensor, proof_rows: int | None = PROOF_ROWS) -> Proof:
    """The largest error of weights @ value relative to the largest output, over evenly spread rows.

    Args:
        value: [batch, kv_head, key, value_width]; a batch of 1 is shared.
        output: [batch, head, query, value_width], what the kernel returned.
    """
    batch, heads, num_queries, num_keys = evidence.shape
    if output.numel() == 0 or num_keys == 0:
        return Proof(None, note="the output is empty")
    value, output = value.detach()[:, :, :num_keys], output.detach()
    with exact(output.device):
        dtype = torch.promote_types(output.dtype, torch.float32)
        rows = _rows(num_queries, proof_rows, output.device)
        value, group = value.to(dtype), heads // value.shape[1]
        errors = []
        for some in rows.split(max(1, _BLOCK // max(1, batch * heads * num_keys))):
            weights = evidence.weights(None, None, some, dtype=dtype)
            shared = weights.reshape(batch, heads // group, group * len(some), -1) if group > 1 else weights
            again = (shared @ value).reshape(batch, heads, len(some), -1)
            errors.append(_largest(again - output[:, :, some]))
        worst = errors[0] if len(errors) == 1 else torch.stack(errors).amax()
        scale = _largest(output).to(dtype).clamp_min(torch.finfo(torch.float32).tiny)
    return Proof(worst / scale, tolerance_of(output.dtype), len(rows))


@torch.no_grad()
def agreement(again: Tensor, output: Tensor, rows: int) -> Proof:
    """The proof where a module's output is computed again as a whole, projection included: the largest error relative to it."""
    error = (again.float() - output.float()).abs().amax()
    return Proof(error / output.float().abs().amax().clamp_min(torch.finfo(torch.float32).tiny), tolerance_of(output.dtype), rows)


def both(first: Proof, second: Proof) -> Proof:
    """The proof of two parts of one call: the larger error over the rows of both."""
    if first.error is None or second.error is None:
        return first if second.error is None else second
    return Proof(torch.maximum(first.error, second.error), max(first.tolerance, second.tolerance), first.rows + second.rows)


def _largest(table: Tensor) -> Tensor:
    """The largest magnitude, NaN if there is one: one pass, no copy of the absolute values."""
    return torch.linalg.vector_norm(table, float("inf"))


@functools.lru_cache(maxsize=64)
def _rows(num_queries: int, wanted: int | None, device: torch.device) -> Tensor:
    if wanted is None or wanted >= num_queries:
        return torch.arange(num_queries, device=device)
    return torch.linspace(0, num_queries - 1, wanted, device=device).round().long()
