"""``Capture.load``: a file is opened, its header checked, and only the tensors that the header names are looked at."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

import inspector.layouts  # noqa: F401  (a file may name any of them)
from inspector.captures import Capture
from inspector.errors import CaptureFileError
from inspector.files.writing import KEY, VERSION

__all__ = ["load"]


def load(path: str | os.PathLike[str]) -> Capture:
    """The capture in the file at ``path``. Its proof is the file's word, and said to be.

    Raises:
        CaptureFileError: no such file, not a capture, damaged, or of a later version.
    """
    if not isinstance(path, str | os.PathLike):
        raise _unreadable(path, f"a {type(path).__name__} is no path")
    try:
        size = os.stat(path).st_size
        with safe_open(os.fspath(path), framework="pt") as file:
            text = (file.metadata() or {}).get(KEY)
            if text is None:
                raise _unreadable(path, "it is a safetensors file of something else")
            return _capture(path, text, _finder(file), size)
    except (SafetensorError, OSError, ValueError) as error:
        if isinstance(error, CaptureFileError):
            raise
        raise _unreadable(path, f"it cannot be read as safetensors ({' '.join(str(error).split())[:160]})") from error


Capture.load = staticmethod(load)  # type: ignore[method-assign,assignment]


def _capture(path: str | os.PathLike[str], text: str, find: Callable[[str], Tensor], size: int) -> Capture:
    from pydantic import ValidationError

    from inspector.files.schema import Version, capture_of

    try:
        version = Version.model_validate_json(text).version
        if version != VERSION:
            raise _unreadable(path, f"it has layout version {version}, this release reads {VERSION}")
        return capture_of(text, find, size)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _unreadable(path, f"its header does not fit the layout ({where[:80]}: {first['msg'][:160]})") from error


def _finder(file: Any) -> Callable[[str], Tensor]:
    """The tensor of a name, the same one each time."""
    known: dict[str, Tensor] = {}
    names = set(file.keys())

    def find(name: str) -> Tensor:
        if name not in names:
            raise ValueError(f"no tensor {name[:40]!r} in the file")
        if name not in known:
            try:
                known[name] = file.get_tensor(name).clone()  # mapped memory ends the process when somebody writes to the file
            except Exception as error:  # a type that PyTorch has no numbers for
                raise ValueError(f"tensor {name[:40]!r} cannot be read") from error
        return known[name]

    return find


def _unreadable(path: Any, why: str) -> CaptureFileError:
    return CaptureFileError(
        f"A capture was to be read from {str(path)!r}.", f"That failed: {why}.", "Give a file that Capture.save wrote."
    )
