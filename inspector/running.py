"""One run of a model on inputs that may not suit it: what it raises is said in three sentences, whoever listens may stop it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from inspector.errors import InputError, InspectorError, TooLarge
from inspector.hooks.progress import told
from inspector.signature import is_encoder_decoder

__all__ = ["explained"]

# What a forward raises when its inputs do not suit it; an exception of another kind is somebody's own and goes through.
_FOREIGN = (TypeError, ValueError, LookupError, RuntimeError, AttributeError, ArithmeticError, AssertionError, MemoryError)


@contextlib.contextmanager
def explained(model: nn.Module, inputs: Mapping[str, Any], progress: Callable[[float], Any] | None = None) -> Iterator[None]:
    """Inside, ``model`` may run: ``progress`` hears how far it is, and an error of its own becomes an ``InspectorError``.

    Raises:
        Cancelled: ``progress`` answered False.
        TooLarge: the memory was not enough.
        InputError: the model raised; its error is the cause.
    """
    theirs: list[BaseException] = []
    try:
        with told(model, None if progress is None else _heard(progress, theirs)):
            yield
    except InspectorError:
        raise
    except _FOREIGN as error:
        if error in theirs:  # the listener's own
            raise
        raise _said(model, inputs, error) from error


def _heard(progress: Callable[[float], Any], raised: list[BaseException]) -> Callable[[float], Any]:
    def tell(share: float) -> Any:
        try:
            return progress(share)
        except Exception as error:
            raised.append(error)
            raise

    return tell


def _said(model: nn.Module, inputs: Mapping[str, Any], error: Exception) -> InspectorError:
    shapes = ", ".join(f"{name} {list(value.shape)}" if isinstance(value, Tensor) else name for name, value in inputs.items())
    asked, text = f"{type(model).__name__} was run on {shapes}.", " ".join(str(error).split())
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in text:
        return TooLarge(asked, "The memory was not enough.", "Give a shorter or smaller input, or one item at a time.")
    found = f"It raised {type(error).__name__}: {text[:300].rstrip('.') or 'no reason given'}."
    do = "Compare them with what its processor makes"
    if is_encoder_decoder(model) and "decoder_input_ids" not in inputs:  # it may have been its answer that failed
        do += ", or give decoder_input_ids, or what it needs for its answer in generate_kwargs"
    return InputError(asked, found, f"{do}.")
