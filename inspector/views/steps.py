"""A page shows one forward pass: where a capture holds several, the last one unless another is asked for."""

from __future__ import annotations

from dataclasses import replace

from inspector.captures import Capture
from inspector.errors import OutOfRange

__all__ = ["one_forward"]


def one_forward(capture: Capture, step: int | None = None) -> Capture:
    """The calls of one forward pass as a capture of their own; they share what is kept, so this costs nothing.

    Args:
        capture: one that may hold several passes.
        step: which one, from 0; negative counts from the end; the last by default.

    Raises:
        OutOfRange: no such pass, or none at all.
    """
    steps = sorted({call.step for call in capture.calls})
    if not steps:
        raise OutOfRange(
            "A picture of a capture was asked for.", "It holds no attention.", "Run the model inside the block first."
        )
    if step is None:
        step = steps[-1]
    elif step < 0 and -step <= len(steps):
        step = steps[step]
    if step not in steps:
        raise OutOfRange(f"Forward pass {step} was asked for.", f"There are {len(steps)}.", f"Use 0 to {len(steps) - 1}.")
    if len(steps) == 1:
        return capture
    return replace(capture, calls=[call for call in capture.calls if call.step == step])
