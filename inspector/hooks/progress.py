"""How far a forward pass is, told whenever a part of the model starts, and a way to end it there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from torch import nn

from inspector.errors import Cancelled

__all__ = ["told"]


@contextlib.contextmanager
def told(model: nn.Module, progress: Callable[[float], Any] | None) -> Iterator[None]:
    """Inside, ``progress`` hears the share of the model's parts that have run, in [0, 1]; answering False ends the pass.

    A part that runs again (shared layers, a decoder writing its answer) adds nothing once all have.

    Raises:
        Cancelled: ``progress`` answered False. The model is as it was before.
    """
    if progress is None:
        yield
        return
    parts = [module for module in model.modules() if not module._modules]
    started = 0

    def start(module: nn.Module, args: tuple) -> None:
        nonlocal started
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
