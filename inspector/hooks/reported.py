"""Tap 4: modules that return their own weights, as the library records them (BigBird puts its blocks together itself).

While such a module runs, what the other taps see inside it waits; at its end the weights it returns decide which of the
two is kept.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from inspector.hooks.session import Session
from inspector.proofs import UNCHECKED
from inspector.scores import Given

__all__ = ["close_report", "open_report"]


def open_report(session: Session, module: nn.Module, args: tuple) -> None:
    """From here on calls wait."""
    if session.is_open():
        session.hold(module)


def close_report(session: Session, index: int, module: nn.Module, args: tuple, output: Any) -> None:
    """Keeps what was seen inside if it is what the module reports, else what it reports."""
    waiting = session.release(module)
    if waiting is None:
        return
    reported = output[index] if isinstance(output, tuple) and len(output) > index else None
    usable = isinstance(reported, Tensor) and reported.ndim == 4 and reported.is_floating_point()
    seen = [
        call
        for call in waiting
        if call.source.startswith(("interface", "adapter")) or not usable or call.evidence.shape == tuple(reported.shape)
    ]
    if seen or not usable:
        for call in waiting:
            session.keep(call)
    else:
        session.add(module, Given(reported.detach()), "reported", UNCHECKED)
