"""Translate: one date as five attentions read it, each with its answer and where it looked for every character of it.

The four recurrent models report their own weights. The Transformer is run with the inspector's hooks around it, as any model is:
its cross-attention comes from the queries and keys it really used, with the proof that goes with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from inspector.cache import remembered
from inspector.captures import AttentionCall, Capture
from inspector.errors import InputError, OutOfRange
from inspector.hooks import capture
from inspector.views.packing import floats
from inspector.views.registry import ANSWERS, DEMOS, Request, View

__all__ = ["EXAMPLES", "Translate", "date_of", "own_capture"]

EXAMPLES = ("3 mai 2019", "2019年5月3日", "Friday, May 3, 2019", "3 مايو 2019", "30 février 2021", "the day after tomorrow")
"""What a page carries answers for; the first is shown first. The last two cannot be read: one is no date, one has no numbers."""

_LONGEST = 10_000

_TITLES = {
    "additive": ("Additive", r"v^\top \tanh(W_k h_i + W_q s)", "Bahdanau et al. 2015"),
    "dot_product": ("Dot product", r"s^\top h_i", "Luong et al. 2015"),
    "scaled_dot_product": ("Scaled dot product", r"s^\top h_i / \sqrt{d}", "Vaswani et al. 2017"),
    "local_p": ("Local-p", r"s^\top W h_i, \quad |i - p| \le D", "Luong et al. 2015"),
    "transformer": ("Transformer", r"q^\top k_i / \sqrt{d}", "Vaswani et al. 2017"),
}


@DEMOS.add("translate", order=50)
class Translate(View):
    """type a date, see five answers and where each of them looked."""

    name, slug, title = "translate", "translate", "Translate"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        """The facts about the models, and the answers to the examples."""
        yield {"kind": "dates"}
        for text in EXAMPLES:
            yield {"kind": "translate", "text": text}


@ANSWERS.add("dates")
def dates(shown: Capture, request: Request) -> dict[str, Any]:
    """What the five models are: title, formula of the score, source, size, and what share of held-out dates they got right."""
    return {"examples": list(EXAMPLES), "longest": 64, "models": _models()}


@ANSWERS.add("translate")
def translate(shown: Capture, request: Request) -> dict[str, Any]:
    """The answers and alignments of all five models to ``text``; what was captured before plays no part."""
    return _answers(date_of(request))


def date_of(request: Request) -> str:
    """The text of a request.

    Raises:
        InputError: no text, none at all in it, or more than the models take.
    """
    from zoo.dates.translation import readable
    from zoo.errors import ZooError

    text = request.get("text")
    if not isinstance(text, str):
        raise OutOfRange("A date was to be read.", "The request holds no text.", "Type a date, such as 3 mai 2019.")
    if len(text) > _LONGEST:
        raise InputError(
            "A date was to be read.", f"The text has {len(text):,} characters; the models take 64.", "Type the date alone."
        )
    try:
        readable(text)
    except ZooError as error:
        raise InputError(error.asked, error.found, error.do) from error
    return text


@remembered
def _models() -> list[dict[str, Any]]:
    """Facts of each model, its figures from the log of its own training."""
    from zoo.dates import models, path

    found = []
    for name in models():
        title, formula, source = _TITLES[name]
        log = json.loads((path(name) / "training.json").read_text("utf-8"))
        facts = {"parameters": log["parameters"], "exact": log["exact answers"], "evaluated": log["evaluated"]}
        found.append({"name": name, "title": title, "formula": formula, "source": source} | facts)
    return found


@remembered
def _answers(text: str) -> dict[str, Any]:
    from zoo.dates import models
    from zoo.dates import translate as read

    calls: list[AttentionCall] = []

    def cross_attention(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        """[output, input]: the last layer's, mean over its heads, from the queries and keys that the hooks saw."""
        calls.extend(_crossing(_watched(model, inputs)))
        return calls[-1].weights()[0].mean(0)

    told = [read(text, name, cross_attention) for name in models()]
    first = told[0]
    return {
        "text": text,
        "characters": list(first.characters),
        "known": first.known,
        "note": first.note,
        "expected": first.expected,
        "unseen": first.unseen,
        "models": [_answer(one) for one in told],
        "cross": _crossings(calls) if calls else None,
    }


def _answer(one: Any) -> dict[str, Any]:
    """What one model wrote, how sure it was of each character, and where it looked."""
    return {
        "name": one.model,
        "output": one.output,
        "right": one.right,
        "probabilities": floats(one.probabilities),
        "alignment": None if one.alignment is None else floats(one.alignment),
    }


@remembered
def own_capture() -> Capture:
    """The Transformer reading the first example: what a page of a demonstration is a page of, and nobody else's model."""
    from zoo.dates import translate as read

    kept: list[Capture] = []

    def cross_attention(model: nn.Module, inputs: dict[str, Tensor]) -> Tensor:
        kept.append(_watched(model, inputs))
        return _crossing(kept[-1])[-1].weights()[0].mean(0)

    read(EXAMPLES[0], "transformer", cross_attention)
    kept[-1].info["name"] = "five small models that read dates"
    return kept[-1]


def _watched(model: nn.Module, inputs: dict[str, Tensor]) -> Capture:
    """One run, every row of it proven."""
    with torch.no_grad(), capture(model, proof_rows=None) as found:
        model(**inputs)
    return found


def _crossing(found: Capture) -> list[AttentionCall]:
    """Its cross-attention calls in layer order."""
    return [call for call in found.calls if call.kind == "cross"]


def _crossings(calls: list[AttentionCall]) -> dict[str, Any]:
    """Every layer and head of the Transformer's cross-attention, [layer, head, output, input], and the proof of them."""
    return {
        "maps": floats(torch.stack([call.weights()[0] for call in calls])),
        "residual": max((call.residual for call in calls if call.residual is not None), default=None),
        "tolerance": min(call.proof.tolerance for call in calls),
        "passed": all(call.proof.passed for call in calls),
        "source": calls[0].source.removeprefix("interface:"),
    }
