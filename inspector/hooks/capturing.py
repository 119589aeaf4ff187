"""``capture``: opens a session around whatever runs inside the block."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from inspector.captures import Capture
from inspector.hooks import compiled, copying, interface, multihead, steps
from inspector.hooks.inputs import watched_inputs
from inspector.hooks.patches import watched_patches
from inspector.hooks.patching import patched
from inspector.hooks.proving import PROOF_ROWS, Checked
from inspector.hooks.scopes import hooked
from inspector.hooks.selecting import Selection, selector
from inspector.hooks.session import Session, open_session, quiet
from inspector.hooks.watched import watched_model
from inspector.made_up import in_words
from inspector.offloading import Shelf
from inspector.proofs import compare_now

__all__ = ["capture"]

_PATCHES = (*interface.PATCHES, *multihead.PATCHES, *steps.PATCHES, *compiled.PATCHES, *copying.PATCHES)


@contextlib.contextmanager
def capture(
    model: Any,
    *,
    layers: Selection = None,
    tokenizer: Any = None,
    proof_rows: Checked = PROOF_ROWS,
    offload_to: str | os.PathLike[str] | None = None,
) -> Iterator[Capture]:
    """A ``Capture`` of every attention operation that ``model`` performs inside the block.

    The model keeps its own kernel, dtype and device, and its output is bit for bit that of the unhooked run. Queries and
    keys are kept; weights are computed when asked. What runs in this thread is seen; another thread's work is seen when its
    function was passed through ``carry``, worker processes never. Captures may be nested; each sees its own model.

    Args:
        model: a Transformers model, a wrapper around one, or what holds one: a pipeline, an Inspector.
        layers: which to keep: a number, a range or slice, a tower ("encoder", "vision"), a kind ("self", "cross"), a name or a
            pattern such as ``"*.layer.3.*"``, a list of these, or a function of a ``Place``. The others cost nothing.
        tokenizer: reads the tokens of ``input_ids``; without it tokens are shown as ids.
        proof_rows: rows per head checked against the model's own output while it runs; None checks all; a function of
            how many rows a call has may say either.
        offload_to: a folder that takes the queries and keys of each call as soon as it has run, mapped back from there: for
            texts whose capture does not fit into memory. The files must stay as long as the capture is used.

    >>> from inspector import Inspector
    >>> inspector = Inspector.from_pretrained("bundled")
    >>> with capture(inspector.model) as cap:
    ...     _ = inspector.model(**inspector.tokenizer("Hello there", return_tensors="pt"))
    >>> cap.calls[0].shape
    (1, 12, 4, 4)
    """
    model, tokenizer = watched_model(model, tokenizer)
    selects, names = selector(layers, model)
    is_compiled = compiled.is_compiled(module for _, module in names.modules)
    found = Capture(info=_info(model, is_compiled))
    session = Session(model, found, names, selects, proof_rows)
    if offload_to is not None:
        session.store = Shelf(offload_to).put
    with contextlib.ExitStack() as stack:
        stack.enter_context(patched(_PATCHES))
        stack.enter_context(compiled.uncompiled(is_compiled))
        stack.callback(session.settle)
        stack.enter_context(open_session(session))
        stack.enter_context(watched_inputs(session, tokenizer))
        stack.enter_context(watched_patches(session))
        stack.enter_context(hooked(session))
        yield found
    with quiet():
        compare_now(call.proof for call in found.calls)
    found.warn_failed()


def _info(model: nn.Module, is_compiled: bool) -> dict[str, str]:
    config = getattr(model, "config", None)
    first = next(model.parameters(), None)
    parameter = torch.empty(0) if first is None else first
    made_up = in_words(model)
    return {
        "name": str(getattr(config, "_name_or_path", "") or type(model).__name__),
        "class": type(model).__name__,
        "type": str(getattr(config, "model_type", "")),
        "attn_implementation": str(getattr(config, "_attn_implementation", "") or ""),
        "dtype": str(parameter.dtype).removeprefix("torch."),
        "device": str(parameter.device),
    } | {name: text for name, text in (("note", compiled.NOTE * is_compiled), ("made_up", made_up)) if text}
