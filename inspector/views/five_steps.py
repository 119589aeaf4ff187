"""Five steps: how one recurrent model comes by one character of its answer, with every vector it really computed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from inspector.cache import remembered
from inspector.captures import Capture
from inspector.errors import OutOfRange
from inspector.views.packing import floats
from inspector.views.registry import ANSWERS, DEMOS, Request, View
from inspector.views.translate import EXAMPLES, date_of

__all__ = ["FiveSteps"]


@DEMOS.add("five_steps", order=60)
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


@remembered
@torch.no_grad()
def _steps(text: str, attention: str) -> dict[str, Any]:
    """All characters from one decoding: the same functions, in the same order, as ``zoo.dates.five_steps`` for each of them."""
    from reference.five_steps import encode
    from zoo.dates import five_steps as steps_of
    from zoo.dates import load, translate
    from zoo.dates.steps import CHOICES

    said, first = translate(text, attention), steps_of(text, attention, 0)
    model: Any = load(attention)
    encoded = encode(model.encoder, *model.alphabet.encode([first.characters]))
    taken = model.decoder.steps(encoded, max(1, len(said.output)))
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
        "keys": floats(encoded.keys[0]),
        "steps": [_step(one, at, first.output, model.decoder.attention) for at, one in enumerate(taken)],
    }


def _step(one: Any, position: int, output: str, attention: Any) -> dict[str, Any]:
    """One character's numbers; ``character`` is what follows the first ``position`` of ``output``."""
    local = one.focus is not None
    return {
        "position": position,
        "character": output[position] if position < len(output) else "end",
        "previous": output[position - 1] if position else "",
        "query": floats(one.query[0]),
        "scores": floats(one.scores[0]),
        "focus": floats(one.focus[0]) if local else None,
        "centre": float(attention.centre(one.query[:, None], one.focus.shape[-1])) if local else None,
        "window": attention.window if local else None,
        "weights": floats(one.weights[0]),
        "context": floats(one.context[0]),
        "state": floats(one.state[0]),
        "probabilities": floats(one.logits[0].softmax(-1)),
    }
