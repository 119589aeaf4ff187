"""The article's five steps for one character of one answer, with the numbers the model really computed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from reference.five_steps import encode
from zoo.dates.alphabet import OUTPUT, OutputAlphabet
from zoo.dates.gru import LONGEST_OUTPUT, GruDates
from zoo.dates.loading import load
from zoo.dates.translation import readable
from zoo.errors import ZooError

__all__ = ["CHOICES", "FORMULAS", "SCORE_FORMULAS", "FiveSteps", "five_steps"]

CHOICES = (*OUTPUT, "end")
"""What a recurrent model can write, in the order of ``logits``."""

SCORE_FORMULAS = {
    "additive": r"e_i = v^\top \tanh(W_k h_i + b_k + W_q s + b_q)",
    "dot_product": r"e_i = s^\top h_i",
    "scaled_dot_product": r"e_i = \frac{s^\top h_i}{\sqrt{d}}",
    "local_p": r"e_i = s^\top W h_i",
}
FORMULAS = {
    "encode": r"h_i = [\overrightarrow{h}_i ; \overleftarrow{h}_i], \quad s_0 = \tanh(W_0 \overleftarrow{h}_1 + b_0)",
    "softmax": r"\alpha_i = \frac{\exp(e_i)}{\sum_j \exp(e_j)}",
    "weighted sum": r"c = \sum_i \alpha_i h_i",
    "output": r"s' = \mathrm{GRU}(s, [y ; c]), \quad p = \mathrm{softmax}(W_o [s' ; c] + b_o)",
}
_LOCAL_SOFTMAX = (
    r"\alpha_i = \frac{\exp(e_i)}{\sum_{|j - p| \le D} \exp(e_j)} \exp\left(-\frac{(i - p)^2}{2 (D/2)^2}\right), "
    r"\quad p = S\,\sigma(v_p^\top \tanh(W_p s))"
)


@dataclass(frozen=True)
class FiveSteps:
    """How one output character came about. Tensors have no batch axis; ``input`` counts the characters read.

    Attributes:
        model: "additive", "dot_product", "scaled_dot_product" or "local_p".
        characters: what was read, one per key.
        output: the whole answer; ``character`` is the one at ``position`` (after the last one, "end").
        previous: the character written before it; "" at the beginning.
        formulas: LaTeX for "encode", "score", "softmax", "weighted sum" and "output", in this order.
        keys: step 1, ``[input, hidden]``; also the values.
        query: the state s that asks, ``[hidden]``.
        scores: step 2, ``[input]``.
        focus: local-p's Gaussian, ``[input]`` in 0 … 1; None for the others.
        weights: step 3, ``[input]``; sums to 1, or to less for local-p.
        context: step 4, ``[hidden]``.
        state: step 5, the next state s', ``[hidden]``.
        logits: step 5, ``[12]``, for each of :data:`CHOICES`.
        probabilities: their softmax, ``[12]``.
    """

    model: str
    characters: str
    output: str
    position: int
    character: str
    previous: str
    formulas: dict[str, str]
    keys: Tensor
    query: Tensor
    scores: Tensor
    focus: Tensor | None
    weights: Tensor
    context: Tensor
    state: Tensor
    logits: Tensor
    probabilities: Tensor


@torch.no_grad()
def five_steps(text: str, name: str, position: int) -> FiveSteps:
    """The steps behind the output character at ``position``, counted from 0, in the recurrent model of that name.

    Raises:
        ZooError: a text or a model that the zoo cannot take, the Transformer, or a position that was not written.
    """
    characters, model = readable(text), load(name)
    if not isinstance(model, GruDates):
        found = "It has layers of many heads; the five steps are those of one attention in a recurrent network."
        raise ZooError(f"The five steps of {name!r} were asked for.", found, "Choose one of the recurrent models.")
    encoded = encode(model.encoder, *model.alphabet.encode([characters]))
    taken = model.decoder.steps(encoded, LONGEST_OUTPUT)
    chosen = [int(step.logits.argmax()) for step in taken]
    output = OutputAlphabet.decode(chosen)
    if not 0 <= position <= min(len(output), LONGEST_OUTPUT - 1):
        found = f"The model wrote {output!r}, positions 0 to {len(output) - 1}, and then the end."
        raise ZooError(f"The steps of output character {position} were asked for.", found, "Choose one of these positions.")
    step = taken[position]
    return FiveSteps(
        model=name,
        characters=characters,
        output=output,
        position=position,
        character=CHOICES[chosen[position]],
        previous=output[position - 1] if position else "",
        formulas=_formulas(name),
        keys=encoded.keys[0],
        query=step.query[0],
        scores=step.scores[0],
        focus=None if step.focus is None else step.focus[0],
        weights=step.weights[0],
        context=step.context[0],
        state=step.state[0],
        logits=step.logits[0],
        probabilities=step.logits[0].softmax(-1),
    )


def _formulas(name: str) -> dict[str, str]:
    """The five formulas of one attention, in the order of the steps."""
    softmax = _LOCAL_SOFTMAX if name == "local_p" else FORMULAS["softmax"]
    return {
        "encode": FORMULAS["encode"],
        "score": SCORE_FORMULAS[name],
        "softmax": softmax,
        "weighted sum": FORMULAS["weighted sum"],
        "output": FORMULAS["output"],
    }
