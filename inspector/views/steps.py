"""A page shows one forward pass: where a capture holds several, the last one unless another is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import SupportsIndex

from inspector.captures import Capture
from inspector.errors import OutOfRange
from inspector.indexing import position

__all__ = ["one_forward"]


def one_forward(capture: Capture, step: SupportsIndex | None = None) -> Capture:
    """The calls of one forward pass as a capture of their own; they share what is kept, so this costs nothing.

    A generation is one pass, stitched together, and what its encoder or its eyes did before the first word belongs to it.

    Args:
        capture: one that may hold several passes.
        step: which one, from 0; negative counts from the end; the last by default.

    Raises:
        OutOfRange: no such pass, or none at all.
    """
    if not capture.calls:
        raise OutOfRange(
            "A picture of a capture was asked for.", "It holds no attention.", "Run the model inside the block first."
        )
    passes = _passes(capture)
    at = position(-1 if step is None else step, len(passes), "forward pass", capture.info.get("name", "the capture"))
    first, last = (passes[at - 1] if at else -1), passes[at]
    newest = {
        group: max((c.step for c in capture.group(*group) if first < c.step <= last), default=None) for group in capture.towers
    }
    calls = [call for call in capture.calls if call.step == newest[call.tower, call.kind]]
    return capture if len(calls) == len(capture.calls) else replace(capture, calls=calls)


def _passes(capture: Capture) -> list[int]:
    """Where each pass ends: the steps of the part that runs last in it."""
    last = max(capture.calls, key=lambda call: call.step)
    return sorted({call.step for call in capture.group(last.tower, last.kind)})
