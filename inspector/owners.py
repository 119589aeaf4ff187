"""What people hold that has a model inside: a pipeline, a processor. Its model and tokenizer are taken out, or it is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import nn

from inspector.errors import InputError, ModelError

__all__ = ["model_and_tokenizer"]


def model_and_tokenizer(model: Any, tokenizer: Any) -> tuple[nn.Module, Any]:
    """The model and the tokenizer of what was given.

    Args:
        model: a model, or a pipeline, whose own tokenizer serves unless one is given.
        tokenizer: a tokenizer, a processor that has one, or None.

    Raises:
        ModelError: there is no model in it.
        InputError: the tokenizer is none.
    """
    inner = getattr(model, "model", None)
    if not isinstance(model, nn.Module) and isinstance(inner, nn.Module):  # a pipeline of Transformers, an Inspector
        tokenizer = tokenizer if tokenizer is not None else getattr(model, "tokenizer", None)
        model = inner
    if not isinstance(model, nn.Module):
        raise _no_model(model)
    return model, _tokenizer(tokenizer)


def _no_model(given: Any) -> ModelError:
    asked = "An Inspector of a model was asked for."
    if isinstance(given, (str, Path)):
        return ModelError(asked, f"The name {str(given)!r} was given.", f"Use Inspector.from_pretrained({str(given)!r}).")
    return ModelError(
        asked,
        f"A {type(given).__name__} was given." if given is not None else "None was given.",
        "Give a Transformers model (a torch module) or a pipeline, or a name to Inspector.from_pretrained.",
    )


def _tokenizer(given: Any) -> Any:
    inner = getattr(given, "tokenizer", None)  # a processor reads pictures or sound, and has a tokenizer for the words
    if given is None or _reads(given):
        return given
    if inner is not None and _reads(inner):
        return inner
    hint = (
        f"AutoTokenizer.from_pretrained({str(given)!r})" if isinstance(given, (str, Path)) else "AutoTokenizer.from_pretrained(…)"
    )
    raise InputError(
        "An Inspector of a model and its tokenizer was asked for.",
        f"The tokenizer is a {type(given).__name__}, which makes no token ids of a text.",
        f"Give {hint}, or none to give encodings.",
    )


def _reads(given: Any) -> bool:
    """Whether it makes ids of a text and pieces of ids."""
    return callable(given) and hasattr(given, "convert_ids_to_tokens") and hasattr(given, "all_special_ids")
