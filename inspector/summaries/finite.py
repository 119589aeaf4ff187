"""Refuses what is not finite, where it would silently turn every number into NaN."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.errors import CaptureError
from inspector.summaries.facts import Item
from inspector.summaries.summary import LayerSummary

__all__ = ["check_found", "check_given"]

_DO = "Run the model in a wider dtype (bfloat16 or float32), or look for the first layer where they are not finite."


def check_given(item: Item) -> None:
    """Queries, keys and weights of real tokens have to be finite; what stands at padding has no meaning.

    Raises:
        CaptureError: says which, and how many are not.
    """
    real = {"query": item.facts.real, "key": ~item.facts.padding, "table": item.facts.real}
    tensors = item.call.evidence.tensors()
    for name, rows in real.items():
        table: Tensor | None = tensors.get(name)
        if table is None or bool(torch.isfinite(table[item.batch].sum(dtype=torch.float32))):
            continue
        bad = int((~torch.isfinite(table[item.batch][:, rows.to(table.device)])).sum())
        if bad:
            raise _refused(item.call.name, f"Its {name} holds {bad:,} numbers that are not finite.")


def check_found(layer: LayerSummary) -> None:
    """Scores may leave the range of float32 though queries and keys are within it.

    Raises:
        CaptureError: says in how many rows.
    """
    if layer.how == "given":
        return
    rows = layer.facts.real[None] & (layer.allowed > 0)
    bad = int((rows & ~torch.isfinite(layer.lse)).any(0).sum())
    if bad:
        raise _refused(layer.call.name, f"The scores of {bad:,} rows are not finite.")


def _refused(name: str, found: str) -> CaptureError:
    return CaptureError(f"{name!r} was to be summarised.", found, _DO)
