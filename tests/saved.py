"""What a capture and the one read back from its file do not have in common."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from inspector import Capture
from inspector.masks import Mask
from inspector.proofs import SAVED, Proof

__all__ = ["differences", "saved_and_loaded"]


def saved_and_loaded(capture: Capture, folder: Path) -> Capture:
    capture.save(folder / "capture.safetensors")
    return Capture.load(folder / "capture.safetensors")


def differences(ours: Capture, theirs: Capture) -> list[str]:
    """Every field that differs; weights are compared bit for bit, a mask's tables may be stored unspread."""
    found = [] if len(ours.calls) == len(theirs.calls) else ["number of calls"]
    for at, (a, b) in enumerate(zip(ours.calls, theirs.calls, strict=False)):
        found += _between(f"call {at}", a, b)
        found += [] if _equal(a.weights(), b.weights()) else [f"call {at}: weights"]
    found += [name for name in ("sequences", "info", "missing") if getattr(ours, name) != getattr(theirs, name)]
    mine, read = ours.as_hf(), theirs.as_hf()
    same = mine.keys() == read.keys() and all(_equal(x, y) for n in mine for x, y in zip(mine[n], read[n], strict=True))
    return found if same else [*found, "as_hf"]


def _between(name: str, a: Any, b: Any, spreads: bool = False) -> Iterator[str]:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if not _equal(a, b.expand_as(a) if spreads else b):
            yield name
    elif isinstance(a, Proof):
        if (a.rows, str(a.residual), a.note or SAVED) != (b.rows, str(b.residual), b.note or SAVED) or b.passed:
            yield name
    elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
        for at, (one, other) in enumerate(zip(a, b, strict=True)):
            yield from _between(f"{name}[{at}]", one, other, spreads)
    elif is_dataclass(a) and type(a) is type(b):
        for field in fields(a):
            yield from _between(
                f"{name}.{field.name}", getattr(a, field.name), getattr(b, field.name), spreads or isinstance(a, Mask)
            )
    elif type(a) is not type(b) or not (a == b or (isinstance(a, float) and math.isnan(a) and math.isnan(b))):
        yield name


def _equal(a: Tensor, b: Tensor) -> bool:
    """Bit for bit, NaN included."""
    return a.shape == b.shape and a.dtype == b.dtype and torch.equal(_bits(a), _bits(b))


def _bits(tensor: Tensor) -> Tensor:
    return tensor.detach().contiguous().view(torch.uint8)
