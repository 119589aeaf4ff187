"""Captures on disk: one safetensors file, with everything that is not a tensor as JSON in its header.

Layout, version 1. The header's metadata holds ``inspector.capture`` = JSON of

    {"version": 1, "info": {…}, "missing": [{"name", "reason"}], "sequences": {axis: [tokens per batch item]},
     "calls": [{"name", "kind", "layer_index", "source", "tower", "axes", "index", "note", "step", "layout",
                "proof": {"residual", "tolerance", "rows", "note"}, "evidence": {"type": "Scores" | "Given", …fields}}]}

A field that is a tensor is written as ``{"tensor": "t12"}``, the name of a tensor of the file; tensors that layers share
(masks) are stored once. Infinite numbers are written as "inf" and "-inf". Nothing in the file is ever executed.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

import inspector.layouts  # noqa: F401  (a file may name any of them)
from inspector.captures import LAYOUTS, AttentionCall, Capture, Missing, method
from inspector.errors import CaptureFileError, RegistryError
from inspector.masks import Mask
from inspector.proofs import Proof
from inspector.scores import Given, Scores
from inspector.tokens import Tokens

__all__ = ["VERSION", "load", "save"]

VERSION = 1
_KEY = "inspector.capture"
_TYPES = {cls.__name__: cls for cls in (Scores, Given, Mask)}


@method
def save(self: Capture, path: str | os.PathLike[str]) -> None:
    """Writes the capture to ``path`` (safetensors), whole or not at all."""
    shelf = _Shelf()
    header = {
        "version": VERSION,
        "info": self.info,
        "missing": [{"name": entry.name, "reason": entry.reason} for entry in self.missing],
        "sequences": {axis: [_tokens_out(item) for item in items] for axis, items in self.sequences.items()},
        "calls": [_call_out(call, shelf) for call in self.calls],
    }
    target = Path(path)
    part = target.with_name(target.name + ".part")
    if not target.parent.is_dir() or target.is_dir():
        found = "That is a folder." if target.is_dir() else "Its folder does not exist."
        raise CaptureFileError(
            f"A capture was to be saved as {os.fspath(path)!r}.", found, "Name a file in a folder that is there."
        )
    try:
        save_file(shelf.tensors, part, metadata={_KEY: json.dumps(header, allow_nan=False)})
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Capture:
    """The capture in the file at ``path``.

    Raises:
        CaptureFileError: no such file, not a capture, damaged, or of a later version.
    """
    try:
        with safe_open(os.fspath(path), framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            tensors = {name: file.get_tensor(name) for name in file.keys()} if text is not None else {}  # noqa: SIM118  (no dictionary)
    except (SafetensorError, OSError) as error:
        raise _unreadable(path, f"it cannot be read as safetensors ({error})") from error
    if text is None:
        raise _unreadable(path, "it is a safetensors file of something else")
    try:
        header = json.loads(text, parse_constant=_refused)
        if header["version"] != VERSION:
            raise _unreadable(path, f"it has layout version {str(header['version'])[:20]}, this release reads {VERSION}")
        return _capture_in(header, tensors)
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        RecursionError,
        RuntimeError,
        ArithmeticError,
        RegistryError,
    ) as error:
        raise _unreadable(path, f"its header does not fit the layout ({type(error).__name__}: {str(error)[:120]})") from error


Capture.load = staticmethod(load)  # type: ignore[method-assign,assignment]


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} where a number belongs")


def _unreadable(path: str | os.PathLike[str], why: str) -> CaptureFileError:
    return CaptureFileError(
        f"A capture was to be read from {os.fspath(path)!r}.", f"That failed: {why}.", "Give a file that Capture.save wrote."
    )


class _Shelf:
    """Tensors by name, each distinct one stored once."""

    def __init__(self) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[tuple, str] = {}

    def put(self, tensor: Tensor) -> dict[str, str]:
        """The reference to a tensor; axes that were only expanded are stored with size 1."""
        small = tensor.detach()
        for axis, (size, stride) in enumerate(zip(small.shape, small.stride(), strict=True)):
            if size > 1 and stride == 0:
                small = small.narrow(axis, 0, 1)
        key = (small.data_ptr(), tuple(small.shape), small.stride(), small.dtype)
        if key not in self._names:
            self._names[key] = f"t{len(self.tensors)}"
            self.tensors[self._names[key]] = small.to("cpu").contiguous().clone()
        return {"tensor": self._names[key]}


def _call_out(call: AttentionCall, shelf: _Shelf) -> dict[str, Any]:
    plain = {name: getattr(call, name) for name in ("name", "kind", "layer_index", "source", "tower", "index", "note", "step")}
    proof = {
        "residual": _number_out(call.residual),
        "tolerance": call.proof.tolerance,
        "rows": call.proof.rows,
        "note": call.proof.note,
    }
    return plain | {
        "axes": list(call.axes),
        "proof": proof,
        "evidence": _fields_out(call.evidence, shelf),
        "layout": _fields_out(call.layout, shelf),
    }


def _fields_out(thing: Any, shelf: _Shelf) -> Any:
    if isinstance(thing, Tensor):
        return shelf.put(thing)
    if is_dataclass(thing):
        if type(thing).__name__ not in _TYPES and type(thing).__name__ not in LAYOUTS:
            raise CaptureFileError(
                "A capture was to be saved.", f"It holds a {type(thing).__name__}, which has no layout.", "Leave that call out."
            )
        return {"type": type(thing).__name__} | {f.name: _fields_out(getattr(thing, f.name), shelf) for f in fields(thing)}
    if isinstance(thing, tuple):
        return [_fields_out(item, shelf) for item in thing]
    return _number_out(thing)


def _number_out(thing: Any) -> Any:
    return str(thing) if isinstance(thing, float) and not math.isfinite(thing) else thing


def _tokens_out(item: Tokens) -> dict[str, Any]:
    return {f.name: list(getattr(item, f.name)) for f in fields(Tokens)}


def _capture_in(header: dict[str, Any], tensors: dict[str, Tensor]) -> Capture:
    return Capture(
        calls=[_call_in(entry, tensors) for entry in header["calls"]],
        missing=[Missing(str(entry["name"]), str(entry["reason"])) for entry in header["missing"]],
        sequences={str(axis): tuple(_tokens_in(item) for item in items) for axis, items in header["sequences"].items()},
        info={str(name): str(value) for name, value in header["info"].items()},
    )


def _call_in(entry: dict[str, Any], tensors: dict[str, Tensor]) -> AttentionCall:
    evidence = _fields_in(entry["evidence"], tensors)
    if not isinstance(evidence, Scores | Given):
        raise ValueError("a call without queries and keys or weights")
    _check_evidence(evidence)
    if entry["kind"] not in ("self", "cross") or int(entry["layer_index"]) < 0 or min(evidence.shape) < 1:
        raise ValueError(
            f"a call of kind {str(entry['kind'])[:20]!r}, layer {str(entry['layer_index'])[:20]}, shape {list(evidence.shape)}"
        )
    layout = _fields_in(entry["layout"], tensors)
    if layout is not None and type(layout).__name__ not in LAYOUTS:
        raise ValueError("a layout that is none")
    query_axis, key_axis = (str(name) for name in entry["axes"])
    return AttentionCall(
        name=str(entry["name"]),
        evidence=evidence,
        kind=str(entry["kind"]),
        layer_index=int(entry["layer_index"]),
        source=str(entry["source"]),
        tower=str(entry["tower"]),
        axes=(query_axis, key_axis),
        proof=_proof_in(entry["proof"]),
        index=int(entry["index"]),
        note=str(entry["note"]),
        step=int(entry["step"]),
        layout=layout,
    )


def _proof_in(entry: dict[str, Any]) -> Proof:
    residual = entry["residual"]
    error = None if residual is None else torch.tensor(float(residual), dtype=torch.float64)
    return Proof(error, float(entry["tolerance"]), int(entry["rows"]), str(entry["note"]))


def _fields_in(entry: Any, tensors: dict[str, Tensor]) -> Any:
    if isinstance(entry, dict) and set(entry) == {"tensor"}:
        return tensors[entry["tensor"]]
    if isinstance(entry, dict):
        cls = _TYPES.get(entry["type"]) or LAYOUTS[entry["type"]]
        known = {f.name for f in fields(cls)}
        return cls(**{name: _fields_in(value, tensors) for name, value in entry.items() if name in known})
    if isinstance(entry, list):
        return tuple(_fields_in(item, tensors) for item in entry)
    return float(entry) if entry in ("inf", "-inf", "nan") else entry


def _check_evidence(evidence: Scores | Given) -> None:
    """Refuses tensors that do not fit together, before anything is drawn from them."""
    if isinstance(evidence, Given):
        if evidence.table.ndim != 4 or not evidence.table.is_floating_point():
            raise ValueError(f"weights of shape {list(evidence.table.shape)} and {evidence.table.dtype}")
        return
    query, key = evidence.query, evidence.key
    if (
        query.ndim != 4
        or key.ndim != 4
        or query.shape[0] != key.shape[0]
        or query.shape[3] != key.shape[3]
        or query.shape[1] % max(1, key.shape[1])
    ):
        raise ValueError(f"queries {list(query.shape)} and keys {list(key.shape)} do not fit together")
    if not query.is_floating_point() or not key.is_floating_point():
        raise ValueError("queries and keys are not floating point")
    batch, heads, queries = (torch.tensor([0, size - 1]).clamp_min(0)[: min(2, size)] for size in evidence.shape[:3])
    if min(evidence.shape) > 0:
        evidence.weights(batch, heads, queries)


def _tokens_in(item: dict[str, Any]) -> Tokens:
    kinds: dict[str, Any] = {
        "tokens": str,
        "labels": str,
        "ids": int,
        "special": bool,
        "continues": bool,
        "segments": int,
        "padding": bool,
    }
    columns = {name: tuple(kind(value) for value in item[name]) for name, kind in kinds.items()}
    columns["unknown"] = tuple(map(bool, item.get("unknown", [False] * len(columns["tokens"]))))  # files of before have none
    if len({len(column) for column in columns.values()}) > 1:
        raise ValueError("tokens of unequal length")
    return Tokens(**columns)
