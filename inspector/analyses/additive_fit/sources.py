"""Where a fit's rows come from: texts read by an inspector, or captures made already; learnt from or held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inspector.analyses.additive_fit.corpus import Texts, default_texts
from inspector.analyses.additive_fit.rows import HeadRows, Place, gather
from inspector.captures import Capture
from inspector.errors import CaptureError
from inspector.models import Inspector

__all__ = ["Sides", "read_sides"]

Sides = list[HeadRows]
"""Rows to learn from, rows to be judged on and, where there are any, rows of another domain."""


def read_sides(
    source: Inspector | Sequence[Capture], place: Place, texts: Sequence[str] | Texts | None, seed: int = 0
) -> tuple[Sides, str]:
    """The rows of one head on every side, and what the texts were.

    Raises:
        CaptureError: fewer than two texts, or captures together with texts.
    """
    if isinstance(source, Inspector):
        given = default_texts(source.tokenizer, seed=seed) if texts is None else texts
        if not isinstance(given, Texts):
            train, held_out = _split(list(given))
            given = Texts(tuple(train), tuple(held_out))
        captures = [[source(text) for text in side] for side in (given.train, given.held_out, given.other) if side]
        return [gather(side, place, seed=seed) for side in captures], given.source
    if texts is not None:
        raise CaptureError(
            "A fit to captures and to texts was asked for.",
            "Captures hold their texts already, and no model is there to read others.",
            "Give an inspector with texts, or captures alone.",
        )
    return [gather(side, place, seed=seed) for side in _split(list(source))], "captures given by the caller"


def _split(items: list[Any]) -> tuple[list[Any], list[Any]]:
    """All but the last quarter, and the last quarter: at least one."""
    if len(items) < 2:
        raise CaptureError(
            f"A fit on {len(items)} texts was asked for.",
            "One part is learnt from and another judged on, so it takes two.",
            "Give more texts, or use fit_shown for the one that is shown.",
        )
    cut = len(items) - max(1, len(items) // 4)
    return items[:cut], items[cut:]
