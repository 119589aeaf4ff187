"""``Capture.save``: the fields as JSON, the tensors beside them, whole or not at all."""

from __future__ import annotations

import contextlib
import json
import math
import os
import uuid
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from inspector.captures import LAYOUTS, AttentionCall, Capture, method
from inspector.errors import CaptureFileError
from inspector.masks import Mask
from inspector.proofs import SAVED, Proof
from inspector.scores import Given, Scores
from inspector.tokens import Tokens

__all__ = ["EVIDENCE", "KEY", "PLAIN", "VERSION", "save"]

VERSION = 1
KEY = "inspector.capture"
EVIDENCE = (Scores, Given)
PLAIN = ("name", "kind", "layer_index", "source", "tower", "index", "note", "step")  # fields of a call that JSON knows
_NAMED = {cls.__name__ for cls in (*EVIDENCE, Mask)}
_LARGEST = 95_000_000  # bytes of header; safetensors opens none above 100 MB


@method
def save(self: Capture, path: str | os.PathLike[str]) -> None:
    """Writes the capture to ``path`` (safetensors), whole or not at all.

    Raises:
        CaptureFileError: it cannot be written there, or has more calls than a file can name.
    """
    if not isinstance(path, str | os.PathLike):
        raise _unwritten(path, f"A {type(path).__name__} is no path.", "Name a file, such as 'capture.safetensors'.")
    shelf, target = _Shelf(), Path(path)
    text = json.dumps(_header(self, shelf), allow_nan=False)
    if not os.path.isdir(target.parent) or os.path.isdir(target):  # of names too long for a disk as well
        found = "That is a folder." if os.path.isdir(target) else "Its folder does not exist."
        raise _unwritten(path, found, "Name a file in a folder that is there.")
    if len(text) > _LARGEST:
        found = f"Its {len(self.calls):,} calls and {len(self.sequences)} sequences are more than one file can name."
        raise _unwritten(path, found, "Capture fewer layers, or save fewer forward passes at once.")
    part = target.with_name(f"{target.name[:200]}.{uuid.uuid4().hex[:8]}.part")
    try:
        save_file(shelf.tensors, part, metadata={KEY: text})
        part.replace(target)
    except (SafetensorError, OSError, ValueError) as error:
        raise _unwritten(path, f"{' '.join(str(error).split())[:160]}.", "Name a place that can be written.") from error
    finally:
        with contextlib.suppress(OSError, ValueError):
            part.unlink(missing_ok=True)


def _unwritten(path: Any, found: str, do: str) -> CaptureFileError:
    return CaptureFileError(f"A capture was to be saved as {str(path)!r}.", found, do)


def _header(capture: Capture, shelf: _Shelf) -> dict[str, Any]:
    return {
        "version": VERSION,
        "info": capture.info,
        "missing": [{"name": entry.name, "reason": entry.reason} for entry in capture.missing],
        "sequences": {axis: [_tokens(item) for item in items] for axis, items in capture.sequences.items()},
        "calls": [_call(call, shelf) for call in capture.calls],
    }


class _Shelf:
    """Tensors by name, each distinct one stored once."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[tuple, str] = {}

    def put(self, tensor: Tensor, spreads: bool) -> dict[str, Any]:
        """The reference to a tensor, stored as it lies in memory: other strides may choose another product, and other last bits.

        Args:
            tensor: what to store.
            spreads: whether whoever reads it spreads axes of size 1: then axes that were only expanded are stored as such. All
                others are stored whole, so that no file stands for more than it holds.
        """
        small = _narrowed(tensor.detach()) if spreads else tensor.detach()
        axes = sorted(range(small.ndim), key=small.stride().__getitem__, reverse=True)
        key = (small.device, small.data_ptr(), tuple(small.shape), small.stride(), small.dtype)
        if key not in self._names:
            self._names[key] = f"t{len(self.tensors)}"
            self.tensors[self._names[key]] = small.permute(axes).to("cpu").contiguous().clone()
        name = {"tensor": self._names[key]}
        return name if axes == list(range(small.ndim)) else name | {"axes": axes}


def _narrowed(tensor: Tensor) -> Tensor:
    for axis, (size, stride) in enumerate(zip(tensor.shape, tensor.stride(), strict=True)):
        if size > 1 and stride == 0:
            tensor = tensor.narrow(axis, 0, 1)
    return tensor


def _call(call: AttentionCall, shelf: _Shelf) -> dict[str, Any]:
    return {name: getattr(call, name) for name in PLAIN} | {
        "axes": list(call.axes),
        "proof": _proof(call.proof),
        "evidence": _fields(call.evidence, shelf),
        "layout": _fields(call.layout, shelf),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {"residual": _plain(proof.residual), "rows": proof.rows, "note": "" if proof.note == SAVED else proof.note}


def _fields(thing: Any, shelf: _Shelf, spreads: bool = False) -> Any:
    if isinstance(thing, Tensor):
        return shelf.put(thing, spreads)
    if is_dataclass(thing):
        name = type(thing).__name__
        if name not in _NAMED and name not in LAYOUTS:
            raise CaptureFileError(
                "A capture was to be saved.", f"It holds a {name}, which has no layout.", "Leave that call out."
            )
        parts = {f.name: _fields(getattr(thing, f.name), shelf, isinstance(thing, Mask)) for f in fields(thing)}
        return {"type": name} | parts
    if isinstance(thing, tuple):
        return [_fields(item, shelf, spreads) for item in thing]
    return _plain(thing)


def _plain(thing: Any) -> Any:
    return str(thing) if isinstance(thing, float) and not math.isfinite(thing) else thing


def _tokens(item: Tokens) -> dict[str, Any]:
    return {f.name: list(getattr(item, f.name)) for f in fields(Tokens)}
