"""Queries and keys on disk instead of in memory: a safetensors file for each call, mapped back, so that only what is read is
loaded.
"""

from __future__ import annotations

import os
import uuid
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from inspector.captures import Capture, method
from inspector.errors import CaptureError

__all__ = ["Shelf", "offload"]

E = TypeVar("E")


class Shelf:
    """A folder that takes the tensors of a capture. Its files belong to the capture and are the caller's to delete.

    Args:
        folder: where to write; made if it is not there.

    Raises:
        CaptureError: the folder cannot be written.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder, self.name, self.count = Path(folder), uuid.uuid4().hex[:8], 0
        self._there: WeakIdKeyDictionary = WeakIdKeyDictionary()  # masks that layers share are written once
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / f".{self.name}"
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as error:
            raise CaptureError(
                f"Queries and keys were to be kept in {str(folder)!r}.", f"It cannot be written: {error}.", "Give another folder."
            ) from error

    def put(self, evidence: E) -> E:
        """The same evidence over tensors that are mapped from disk; what is no tensor stays as it is."""
        found: dict[str, Tensor] = {}
        _gather(evidence, "", found)
        new = {name: t for name, t in found.items() if t not in self._there}
        if new:
            path = self.folder / f"{self.name}-{self.count:05d}.safetensors"
            self.count += 1
            save_file({name: _plain(t) for name, t in new.items()}, path)
            for name, mapped in load_file(path).items():
                self._there[new[name]] = mapped.expand(new[name].shape)
        return _exchanged(evidence, self._there)


@method
def offload(self: Capture, folder: str | os.PathLike[str]) -> None:
    """Moves every call's tensors to files in ``folder`` and maps them back: the memory is free, every number stays the same.

    The files must stay as long as the capture is used. To do so while the model runs, give ``capture(…, offload_to=folder)``.

    Raises:
        CaptureError: the folder cannot be written.
    """
    shelf = Shelf(folder)
    for at, call in enumerate(self.calls):
        self.calls[at] = replace(call, evidence=shelf.put(call.evidence))


def _gather(thing: Any, name: str, found: dict[str, Tensor]) -> None:
    if isinstance(thing, Tensor):
        found[name] = thing
    elif isinstance(thing, tuple):
        for number, item in enumerate(thing):
            _gather(item, f"{name}.{number}", found)
    elif is_dataclass(thing):
        for part in fields(thing):
            _gather(getattr(thing, part.name), f"{name}.{part.name}" if name else part.name, found)


def _exchanged(thing: Any, there: WeakIdKeyDictionary) -> Any:
    if isinstance(thing, Tensor):
        return there[thing]
    if isinstance(thing, tuple):
        return tuple(_exchanged(item, there) for item in thing)
    if is_dataclass(thing) and not isinstance(thing, type):
        return replace(thing, **{p.name: _exchanged(getattr(thing, p.name), there) for p in fields(thing) if p.init})
    return thing


def _plain(tensor: Tensor) -> Tensor:
    """On the CPU, in one piece; axes that were only expanded are stored with size 1."""
    small = tensor.detach()
    for axis, (size, stride) in enumerate(zip(small.shape, small.stride(), strict=True)):
        if size > 1 and stride == 0:
            small = small.narrow(axis, 0, 1)
    return small.to("cpu").contiguous().clone()
