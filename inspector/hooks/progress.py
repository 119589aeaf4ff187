"""How far a forward pass is, told whenever a part of the model starts, and a way to end it there."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from inspector.errors import Cancelled

__all__ = ["told"]


@contextlib.contextmanager
def told(model: nn.Module, progress: Callable[[float], Any] | None) -> Iterator[None]:
    """Inside, ``progress`` hears how many of the model's parts have started, as a share in [0, 1]; answering False ends the pass.

    Only what this thread runs counts. A part that runs again (shared layers, a decoder writing its answer) adds nothing once
    all have; parts that never run leave the share below 1.

    Raises:
        Cancelled: ``progress`` answered False. The model is as it was before.
    """
    if progress is None:
        yield
        return
    parts = [module for module in model.modules() if not module._modules]
    mine, started = threading.get_ident(), 0

    def start(module: nn.Module, args: tuple) -> None:
        nonlocal started
        if threading.get_ident() != mine:  # hooks belong to the model, which somebody else may be running too
            return
        share = min(1.0, started / len(parts))
        started += 1
        if progress(share) is False:
            raise Cancelled("The model was running.", f"It was cancelled at {share:.0%}.", "Ask again when it is wanted.")

    handles = [part.register_forward_pre_hook(start) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
