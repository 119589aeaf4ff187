"""``capture``: opens a session around whatever runs inside the block."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from inspector.captures import Capture
from inspector.hooks import interface
from inspector.hooks.naming import Names
from inspector.hooks.session import _CURRENT, PROOF_ROWS, Session
from inspector.tokens import Tokens, from_encoding, numbered

__all__ = ["capture"]


@contextlib.contextmanager
def capture(model: nn.Module, *, tokenizer: Any = None, proof_rows: int | None = PROOF_ROWS) -> Iterator[Capture]:
    """A ``Capture`` of every attention operation that ``model`` performs inside the block.

    The model keeps its own kernel, dtype and device, and its output is bit for bit that of the unhooked run. Queries and
    keys are kept; weights are computed when asked.

    Args:
        model: a Transformers model.
        tokenizer: reads the tokens of ``input_ids``; without it tokens are shown as ids.
        proof_rows: rows per head checked against the model's own output while it runs; None checks all.

    >>> from inspector import Inspector
    >>> inspector = Inspector.from_pretrained("bundled")
    >>> with capture(inspector.model) as cap:
    ...     _ = inspector.model(**inspector.tokenizer("Hello there", return_tensors="pt"))
    >>> cap.calls[0].shape
    (1, 12, 4, 4)
    """
    found = Capture(info=_info(model))
    session = Session(model, found, Names(model), lambda name: True, proof_rows)
    inputs = model.register_forward_pre_hook(_InputReader(session, tokenizer), with_kwargs=True)
    token = _CURRENT.set(session)
    try:
        with interface.installed():
            yield found
    finally:
        _CURRENT.reset(token)
        inputs.remove()
    found.warn_failed()


def _info(model: nn.Module) -> dict[str, str]:
    config = getattr(model, "config", None)
    parameter = next(model.parameters(), torch.empty(0))
    return {
        "name": str(getattr(config, "_name_or_path", "") or type(model).__name__),
        "class": type(model).__name__,
        "type": str(getattr(config, "model_type", "")),
        "attn_implementation": str(getattr(config, "_attn_implementation", "") or ""),
        "dtype": str(parameter.dtype).removeprefix("torch."),
        "device": str(parameter.device),
    }


class _InputReader:
    """Reads the token ids that enter the model, so that the axes can be named."""

    AXES = (("input", "input_ids", "attention_mask", "token_type_ids"), ("output", "decoder_input_ids", "decoder_attention_mask", ""))

    def __init__(self, session: Session, tokenizer: Any) -> None:
        self.session, self.tokenizer = session, tokenizer

    def __call__(self, model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        if _CURRENT.get() is not self.session or self.session.depth:
            return
        given = dict(kwargs)
        with contextlib.suppress(TypeError, ValueError):
            given |= inspect.signature(model.forward).bind_partial(*args).arguments
        for axis, ids, mask, segments in self.AXES:
            if torch.is_tensor(given.get(ids)) and given[ids].ndim == 2 and axis not in self.session.capture.sequences:
                self.session.capture.sequences[axis] = self._sequences(given[ids], given.get(mask), given.get(segments))

    def _sequences(self, ids: torch.Tensor, mask: Any, segments: Any) -> tuple[Tokens, ...]:
        rows = []
        for at, row in enumerate(ids.tolist()):
            if self.tokenizer is None:
                rows.append(numbered(len(row), row))
                continue
            keep = mask[at].tolist() if torch.is_tensor(mask) and mask.ndim == 2 and mask.shape == ids.shape else None
            types = segments[at].tolist() if torch.is_tensor(segments) and segments.shape == ids.shape else None
            rows.append(from_encoding(self.tokenizer, row, keep, types))
        return tuple(rows)
