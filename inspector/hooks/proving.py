"""The proof of a call: weights @ value against the output of the model's own kernel, without waiting for the device."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inspector.proofs import Compared, Proof, tolerance_of
from inspector.scores import Evidence, Scores, exact

__all__ = ["PROOF_ROWS", "Checked", "agreement", "both", "prove", "rows_to_check"]

# How many rows a head are checked: a number, None for all, or a function from the number there is to one of these.
Checked = int | None | Callable[[int], int | None]

# Rows per head that are checked against the kernel's output while the model runs: a fixed number, so that the check
# costs a vanishing share of the forward pass at any length.
PROOF_ROWS = 8
_BLOCK = 2**22  # weights at a time
_WAITING = 2**18  # numbers of one call


def prove(evidence: Evidence, value: Tensor, output: Tensor, proof_rows: Checked = PROOF_ROWS) -> Proof:
    """The largest error of weights @ value relative to the largest output, over evenly spread rows.

    Left out are rows of padding that may see no key: kernels leave zeros there, or something else (half precision on a CUDA
    device does). That their keys are hidden is proved by the other rows; a row that is no padding is never left out.

    Args:
        value: [batch, kv_head, key, value_width]; a batch of 1 is shared.
        output: [batch, head, query, value_width], what the kernel returned.
    """
    batch, heads, num_queries, num_keys = evidence.shape
    proof_rows = rows_to_check(proof_rows, num_queries)
    if output.numel() == 0 or num_keys == 0:
        return Proof(None, note="the output is empty")
    if proof_rows == 0:
        return Proof(None, note="no row was to be checked")
    value, output = value.detach(), output.detach()
    value = value if value.shape[2] == num_keys else value[:, :, :num_keys]
    with exact(output.device):
        dtype = torch.float64 if output.dtype == torch.float64 else torch.float32
        rows = _rows(num_queries, proof_rows, output.device)
        value, group = value.to(dtype), heads // value.shape[1]
        parts = []
        for some in _blocks(rows, max(1, _BLOCK // (batch * heads * num_keys))):
            weights = evidence.weights(None, None, some, dtype=dtype)
            shared = weights.reshape(batch, heads // group, group * len(some), -1) if group > 1 else weights
            theirs = output.index_select(2, some).to(dtype)
            again, padding = shared @ value, _of_padding(evidence, some)
            again = again.reshape(theirs.shape) if group > 1 else again
            if padding is not None:
                undefined = padding & (weights == 0).all(-1, keepdim=True)
                again, theirs = again.masked_fill(undefined, 0.0), theirs.masked_fill(undefined, 0.0)
            parts.append((again, theirs))
    again, theirs = (part[0] if len(part) == 1 else torch.cat(part, 2) for part in zip(*parts, strict=True))
    again, theirs = torch.broadcast_tensors(again, theirs)  # what does not fit fails here, in the tap, not when it is compared
    found = Compared(again, theirs)  # of rows that were copied; many of them are not held until the end
    return Proof(found if again.numel() <= _WAITING else found.error, tolerance_of(output.dtype), rows.shape[0])


def rows_to_check(wanted: Checked, num_queries: int) -> int | None:
    """How many of a call's rows are checked; None for all."""
    return wanted(num_queries) if callable(wanted) else wanted


def agreement(again: Tensor, output: Tensor, rows: int) -> Proof:
    """The proof where a module's output is computed again, projection included: compared at once, for the model may write on."""
    return Proof(Compared(again.detach().float(), output.detach().float()).error, tolerance_of(output.dtype), rows)


def _blocks(rows: Tensor, size: int) -> Sequence[Tensor]:
    return (rows,) if rows.shape[0] <= size else rows.split(size)


def _of_padding(evidence: Evidence, rows: Tensor) -> Tensor | None:
    """[batch, 1, row, 1] whether a row is padding itself and may find no key before it; None where there is no such row."""
    mask = evidence.mask if isinstance(evidence, Scores) else None
    if mask is None or mask.keys is None or mask.right is None or mask.fill != float("-inf"):
        return None
    at, last = rows + mask.offset, mask.keys.shape[1] - 1
    hidden = ~mask.keys[:, at.clamp(0, last)] & (at >= 0) & (at <= last)
    return hidden[:, None, :, None]


def both(first: Proof, second: Proof) -> Proof:
    """The proof of two parts of one call: the larger error over the rows of both."""
    if first.error is None or second.error is None:
        return first if second.error is None else second
    return Proof(torch.maximum(first.error, second.error), max(first.tolerance, second.tolerance), first.rows + second.rows)


@functools.lru_cache(maxsize=64)
def _rows(num_queries: int, wanted: int | None, device: torch.device) -> Tensor:
    if wanted is None or wanted >= num_queries:
        return torch.arange(num_queries, device=device)
    return torch.linspace(0, num_queries - 1, wanted, device=device).round().long()
