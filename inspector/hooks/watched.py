"""What may be given to ``capture``: a model, or what obviously holds one (a pipeline, an Inspector)."""

from __future__ import annotations

from typing import Any

from torch import nn

from inspector.errors import CaptureError

__all__ = ["watched_model"]


def watched_model(given: Any, tokenizer: Any) -> tuple[nn.Module, Any]:
    """The model to watch, and what reads its tokens: the holder's own tokenizer unless another is given.

    Raises:
        CaptureError: there is no model in it.
    """
    if isinstance(given, nn.Module):
        return given, tokenizer
    inner = None if isinstance(given, type) else getattr(given, "model", None)
    if isinstance(inner, nn.Module):
        return inner, tokenizer if tokenizer is not None else getattr(given, "tokenizer", None)
    if isinstance(given, str) or hasattr(given, "__fspath__"):
        found = f"{str(given)[:80]!r} is a name, and a capture watches a model in memory."
        do = "Load it first: inspector = Inspector.from_pretrained(name); with capture(inspector.model) as cap: …"
    else:
        kind = "the class itself" if isinstance(given, type) else "nothing" if given is None else f"a {type(given).__name__}"
        found = f"What was given is {kind}, and holds no torch.nn.Module."
        do = "Give the model that runs inside the block, a pipeline or an Inspector."
    raise CaptureError("A model was to be watched.", found, do)
