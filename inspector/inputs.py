"""Encodings as a model takes them: lists and arrays become tensors, and token ids are checked against the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from inspector.errors import InputError
from inspector.signature import main_input
from inspector.unencoded import refuse_fields

__all__ = ["as_tensors", "check_ids"]


def as_tensors(encodings: Mapping[str, Any], model: nn.Module) -> dict[str, Any]:
    """Encodings with lists and arrays as tensors.

    Raises:
        InputError: there are none, they are ragged, or they hold a picture, a sound or a chat that was not encoded.
    """
    if not encodings:
        raise InputError("Encodings were given.", "They are empty.", f"Give encodings, such as {{{main_input(model)!r}: …}}.")
    refuse_fields(encodings, model)
    return {str(name): _as_tensor(value) for name, value in encodings.items()}


def _as_tensor(value: Any) -> Any:
    """Lists and arrays of numbers, as a tokenizer gives them when it is not asked for tensors, with a batch axis."""
    if isinstance(value, Tensor) or not (isinstance(value, list | tuple) or hasattr(value, "__array__")):
        return value
    try:
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "Encodings were given.", f"They are no rectangle of numbers ({error}).", "Pad them to one length."
        ) from error
    return found[None] if found.ndim == 1 else found


def check_ids(model: nn.Module, ids: Any) -> None:
    """Token ids the model has no embedding for would end in an index error deep inside it."""
    size = _vocabulary(model) if isinstance(ids, Tensor) and ids.numel() and not ids.is_floating_point() else None
    if size is None:
        return
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= size:
        raise InputError(
            "Token ids were given.",
            f"They run from {low} to {high}, and the model knows 0 to {size - 1}.",
            "Encode the text with the model's own tokenizer.",
        )


def _vocabulary(model: nn.Module) -> int | None:
    """Rows of the table of token embeddings; None where the model does not say which table that is."""
    if not hasattr(model, "config"):
        return None
    try:
        table = model.get_input_embeddings()
    except Exception:  # CLIP, DETR, Wav2Vec2 and others do not say; a foreign model may have none
        return None
    return table.num_embeddings if isinstance(table, nn.Embedding) else None
