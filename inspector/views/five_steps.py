"""Five steps: how one recurrent model comes by one character of its answer, with every vector it really computed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch

from inspector.captures import Capture
from inspector.errors import OutOfRange
from inspector.views.packing import floats
from inspector.views.registry import ANSWERS, VIEWS, Request, View
from inspector.views.translate import EXAMPLES, date_of

__all__ = ["FiveSteps"]


@VIEWS.add("five_steps", order=60)
class FiveSteps(View):
    """encode, score, softmax, weighted sum, output: one step at a time, with the numbers of a date that was typed."""

    name, slug, title = "five_steps", "five-steps", "Five steps"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        """The facts about the models, and every step of every attention for the date shown first."""
        yield {"kind": "dates"}
        for attention in _recurrent():
            yield {"kind": "five_steps", "text": EXAMPLES[0], "attention": attention}


@ANSWERS.add("five_steps")
def five_steps(shown: Capture, request: Request) -> dict[str, Any]:
    """The steps of ``attention`` behind every character it wrote for ``text``.

    Keys ``[input, hidden]`` once; per output character the query, scores, focus, weights, context, next state and
    probabilities. ``focus`` and ``centre`` are local-p's Gaussian and where it looks, else None.
    """
    attention = request.get("attention")
    if attention not in _recurrent():
        raise OutOfRange(
            f"The five steps of {str(attention)[:40]!r} were asked for.",
            f"The recurrent models are {', '.join(_recurrent())}.",
            "Choose one of them.",
        )
    return _steps(date_of(request), attention)


def _recurrent() -> tuple[str, ...]:
    from zoo.dates import models

    return tuple(name for name in models() if name != "transformer")


@lru_cache(maxsize=128)
def _steps(text: str, attention: str) -> dict[str, Any]:
    from zoo.dates import five_steps as steps_of
    from zoo.dates import translate
    from zoo.dates.steps import CHOICES

    said = translate(text, attention)
    written = [steps_of(text, attention, at) for at in range(len(said.output))] or [steps_of(text, attention, 0)]
    first = written[0]
    return {
        "text": text,
        "attention": attention,
        "characters": list(first.characters),
        "output": first.output,
        "right": said.right,
        "known": said.known,
        "note": said.note,
        "expected": said.expected,
        "choices": list(CHOICES),
        "formulas": first.formulas,
        "keys": floats(first.keys),
        "steps": [_step(one, attention) for one in written],
    }


def _step(one: Any, attention: str) -> dict[str, Any]:
    return {
        "position": one.position,
        "character": one.character,
        "previous": one.previous,
        "query": floats(one.query),
        "scores": floats(one.scores),
        "focus": None if one.focus is None else floats(one.focus),
        "centre": _centre(one, attention),
        "window": None if one.focus is None else _attention(attention).window,
        "weights": floats(one.weights),
        "context": floats(one.context),
        "state": floats(one.state),
        "probabilities": floats(one.probabilities),
    }


def _attention(name: str) -> Any:
    from zoo.dates import load

    model: Any = load(name)
    return model.decoder.attention


@torch.no_grad()
def _centre(one: Any, attention: str) -> float | None:
    """p, where local-p wants to look, counted in characters from 0."""
    if one.focus is None:
        return None
    return float(_attention(attention).centre(one.query[None, None], len(one.characters)))
