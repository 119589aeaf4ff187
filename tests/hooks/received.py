"""What the parts of a model were really given, noted by hooks of its own, to hold the labels of a capture against."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from tokenizers import Tokenizer, models
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from inspector import Capture
from inspector.captures import AttentionCall

__all__ = ["Received", "mislabelled", "received", "vocabulary"]

Received = dict[str, dict[str, torch.Tensor]]


def vocabulary(size: int = 400) -> PreTrainedTokenizerFast:
    """A tokenizer that has a word for every id."""
    backend = Tokenizer(models.WordLevel({f"w{i}": i for i in range(size)}, "w1"))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="w1", pad_token="w0")


@contextlib.contextmanager
def received(model: nn.Module) -> Iterator[Received]:
    """The ids that each Transformers model inside was given last, by its path and the name of the argument."""
    found: Received = {}

    def note(path: str, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        given = inspect.signature(module.forward).bind_partial(*args, **kwargs).arguments
        ids = {name: value for name, value in given.items() if name.endswith("input_ids") and torch.is_tensor(value)}
        found[path] = {name: value.clone() for name, value in ids.items() if value.ndim == 2}

    handles = [
        module.register_forward_pre_hook(lambda m, a, k, path=path: note(path, m, a, k), with_kwargs=True)
        for path, module in model.named_modules()
        if isinstance(module, PreTrainedModel)
    ]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def mislabelled(cap: Capture, found: Received) -> list[str]:
    """The axes whose ids are not those that the model around the call was given, row by row."""
    wrong = []
    for call in cap.calls:
        for axis, read in enumerate((cap.query_tokens, cap.key_tokens)):
            theirs = _given(found, call.name, call.kind == "cross" and axis == 1)
            for row in range(call.shape[0]):
                ours = [i for i in read(call, row).ids if i >= 0]
                if ours and (theirs is None or ours != theirs[row // max(1, call.shape[0] // len(theirs))].tolist()):
                    wrong.append(f"{call.name} {call.axes[axis]} {row}: {ours}, was given {theirs}")
                elif not ours and theirs is not None and call.shape[2 + axis] == theirs.shape[1] and _read(call, axis, theirs):
                    wrong.append(f"{call.name} {call.axes[axis]} {row}: nothing, was given {theirs}")
    return wrong


def _read(call: AttentionCall, axis: int, ids: torch.Tensor) -> bool:
    """Whether this axis can be nothing but those ids."""
    return call.axes[axis] in ("input", "output") and call.layout is None and call.shape[0] % len(ids) == 0


def _given(found: Received, name: str, other: bool) -> torch.Tensor | None:
    """What the innermost model around a module was given; of a cross-attention's keys what the whole model was."""
    around = [path for path in found if not path or name.startswith(f"{path}.")]
    for path in sorted(around, key=len, reverse=not other):
        ids = found[path]
        if other and "input_ids" in ids:
            return ids["input_ids"]
        if not other and ids:
            inside = "decoder" in name.removeprefix(path) or "input_ids" not in ids
            return ids["decoder_input_ids" if inside and "decoder_input_ids" in ids else "input_ids"]
    return None
