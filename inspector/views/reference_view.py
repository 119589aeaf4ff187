"""Reference: a head of the model beside the article's own attention, and beside an additive attention fitted to it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from inspector.analyses import HeadComparison
from inspector.analyses.additive_fit import AdditiveFit, fit_shown
from inspector.cache import once
from inspector.captures import AttentionCall, Capture
from inspector.errors import TooLarge
from inspector.scores import Scores
from inspector.views.packing import floats
from inspector.views.registry import ANSWERS, VIEWS, Request, View
from inspector.views.requests import find_call, whole

__all__ = ["HIDDEN", "ReferenceView"]

HIDDEN = 8  # units of the additive fit that is shown first
_LARGEST = 512
_SECONDS = 1.2


@VIEWS.add("reference_view", order=40)
class ReferenceView(View):
    """Is it right: model, reference, difference. Could another score do it: the additive fit and its difference."""

    name, slug, title = "reference_view", "reference", "Reference"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        """The head the page begins with: a fit takes a second, so a page does not carry one for every head."""
        start, group = manifest.get("start") or {}, manifest["groups"][0]
        layer, heads = start.get("layer", group["layers"][0]["index"]), start.get("heads") or [0]
        yield {"kind": "compare", "group": start.get("group", group["key"]), "layer": layer, "head": heads[0], "hidden": HIDDEN}

    def offered(self, capture: Capture) -> bool:
        """Only where queries and keys were kept."""
        return any(isinstance(call.evidence, Scores) for call in capture.calls)


@ANSWERS.add("compare")
def answer_compare(capture: Capture, request: Request) -> dict[str, Any]:
    """The model's map, the reference's and their difference; with a window the local version, with hidden units a fit."""
    call = find_call(capture, request)
    head, batch = whole(request, "head", 0, call.shape[1] - 1), request.get("batch", 0)
    window = None if request.get("window") is None else whole(request, "window", 0, max(call.shape[2:]))
    if max(call.shape[2:]) > _LARGEST:
        raise TooLarge(
            f"Five maps of {call.shape[2]:,} × {call.shape[3]:,} weights were asked for.",
            f"This view draws up to {_LARGEST} tokens.",
            "Choose a shorter text here, or cap.compare(layer, head, queries=…) in Python.",
        )
    found = capture.compare(call.layer_index, head, kind=call.kind, tower=call.tower, batch=batch, window=window)
    result = {
        "model": floats(found.weights),
        "reference": floats(found.reference),
        "difference": floats(found.difference),
        "comparison": _comparison(found),
        "stated": list(found.stated),
    }
    if found.local is not None:
        result["local"] = {
            "map": floats(found.local),
            "difference": floats(found.local_difference),
            "mass": found.local_mass,
            "window": window,
        }
    if request.get("hidden") is not None:
        result |= _additive(capture, call, head, batch, whole(request, "hidden", 1, 256))
    return result


def _comparison(found: HeadComparison) -> dict[str, Any]:
    one = found.comparison
    return {
        "max_abs": _finite(one.max_abs), "max_rel": _finite(one.max_rel), "ulps": _finite(one.max_ulps), "where": list(one.where),
        "tolerance": one.tolerance, "passed": one.passed, "line": str(one), "sentence": found.sentence,
    }  # fmt: skip


def _additive(capture: Capture, call: AttentionCall, head: int, batch: int, hidden: int) -> dict[str, Any]:
    fit = _fitted(capture, call, head, batch, hidden)
    even, positional = fit.baselines["uniform"].kl, fit.baselines["position only"].kl
    rows, total = fit.held_out.rows, sum(not padding for padding in capture.query_tokens(call, batch).padding)
    judged = f"all {total:,} rows" if rows == total else f"{rows:,} of the {total:,} rows"
    text = (
        f"of this head’s structure is expressed by an additive score with {hidden} hidden {'unit' if hidden == 1 else 'units'}: "
        f"over {judged} its KL is {fit.held_out.kl:.3g} nats on average, against {even:.3g} for an even spread. "
        "It was fitted on this text, so it flatters."
    )
    width = call.evidence.query.shape[-1] if isinstance(call.evidence, Scores) else 0
    said = {
        "hidden": hidden,
        "kl": fit.held_out.kl,
        "kl_uniform": even,
        "kl_position": positional,
        "explained": max(0.0, 1 - fit.held_out.kl / max(1e-30, even)),
        "beyond_position": fit.explained,
        "text": text,
        "sizes": [2, 8, 2 * width + 2],
    }
    return {"additive": floats(fit.weights(capture, batch)), "fit": said}


def _fitted(capture: Capture, call: AttentionCall, head: int, batch: int, hidden: int) -> AdditiveFit:
    """A fit, made once per capture."""

    def compute() -> AdditiveFit:
        return fit_shown(
            capture, call.layer_index, head, [hidden], kind=call.kind, tower=call.tower, batch=batch, seconds=_SECONDS
        )[0]

    return once(capture, ("fit", call, head, batch, hidden), compute)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
