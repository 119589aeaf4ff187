"""``fit_shown``: additive attention in place of a head on the text that is on the screen, while the reader waits."""

from __future__ import annotations

from collections.abc import Sequence

from inspector.analyses.additive_fit.baselines import position_only, uniform
from inspector.analyses.additive_fit.directions import directions_of
from inspector.analyses.additive_fit.fitting import WHOLE, fit_rows, is_whole
from inspector.analyses.additive_fit.result import AdditiveFit
from inspector.analyses.additive_fit.rows import gather
from inspector.analyses.additive_fit.scoring import score
from inspector.analyses.additive_fit.training import Recipe
from inspector.captures import Capture

__all__ = ["fit_shown"]

_STEPS, _RATE = 300, 1e-2


def fit_shown(
    capture: Capture,
    layer: int,
    head: int,
    hidden: Sequence[int] | None = None,
    *,
    kind: str | None = None,
    tower: str | None = None,
    batch: int = 0,
    seconds: float = 4.0,
    seed: int = 0,
) -> list[AdditiveFit]:
    """Fits of several sizes to one head on one text: quick, and judged on that same text (``seen`` is True).

    A fit with enough units for the whole head is built from the head's directions and not trained at all.

    Args:
        hidden: how many units each fit has; 2, 8 and two more than twice the head's width unless given.
        batch: item of the batch.
        seconds: the most time for training, shared by the fits that need it. It is a safety net: within it the result depends
            on the seed alone, and 300 steps for each small fit take less than a second on one core.
        seed: of batches and spare units.

    Raises:
        OutOfRange, CaptureError: as ``fit_additive``.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat because the mat was warm.")
    >>> fits = fit_shown(cap, layer=2, head=9, seconds=0.2)
    >>> [fit.hidden for fit in fits], fits[-1].held_out.kl < 1e-3, fits[0].seen
    ([2, 8, 66], True, True)
    """
    place = (layer, head, kind, tower)
    rows = gather([capture], place, items=[batch], most_rows=128, seed=seed)
    sizes = [2, 8, 2 * rows.width + 2] if hidden is None else list(hidden)
    found = directions_of(rows)
    beside = {"uniform": score(uniform, rows), "position only": score(position_only(rows), rows)}
    share = seconds / max(1, sum(not is_whole(h, rows.width) for h in sizes))
    part = Recipe(_STEPS, _RATE, texts=1, rows=64 if rows.key.shape[1] <= 128 else 32, seed=seed, seconds=share)
    return [
        fit_rows(
            place,
            [rows, rows],
            h,
            Recipe(0, WHOLE.learning_rate) if is_whole(h, rows.width) else part,
            found=found,
            beside=beside,
            source="the text that is shown",
        )
        for h in sizes
    ]
