"""From a date as typed to what a model made of it: the ISO date, where it looked, and whether it could know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zoo.dates.alphabet import OutputAlphabet, normalize
from zoo.dates.bart import LONGEST_INPUT, TransformerDates
from zoo.dates.gru import GruDates
from zoo.dates.loading import load
from zoo.dates.reader import judge
from zoo.errors import ZooError

__all__ = ["CrossAttention", "Translation", "readable", "translate", "translate_with"]

CrossAttention = Callable[[nn.Module, dict[str, Tensor]], Tensor]
"""Runs a Transformer on ``input_ids, attention_mask, decoder_input_ids`` and returns its weights, ``[output characters, input
characters]``: which layer and heads, and how they are read, is the caller's business."""


@dataclass(frozen=True)
class Translation:
    """What one model made of one text.

    Attributes:
        text: what was typed.
        characters: what the model read, one entry per column of the alignment.
        model: "additive" … "transformer", or the class name of a model that was passed in.
        output: what it wrote, one character per row of the alignment; "2019-05-03" if all went well.
        probabilities: how sure it was of each output character, ``[output]`` in 0 … 1.
        alignment: where it looked, ``[output, input]`` in 0 … 1; rows sum to 1, or to less for local-p. None for a Transformer
            whose cross-attention nobody read.
        known: whether the text is one of the writings the models were taught, or of those kept to test them.
        note: why it is not, or what else to know about the text, in plain words; may be empty.
        expected: the right answer, where the text can be read; None otherwise.
        unseen: whether its year or its writing was kept from training.
    """

    text: str
    characters: str
    model: str
    output: str
    probabilities: Tensor
    alignment: Tensor | None
    known: bool
    note: str
    expected: str | None
    unseen: bool

    @property
    def right(self) -> bool | None:
        """Whether the output is the right answer; None where there is none."""
        return None if self.expected is None else self.output == self.expected


def translate(text: str, name: str, cross_attention: CrossAttention | None = None) -> Translation:
    """What the model of that name makes of the text.

    Any text gets an answer; one that is outside what the models learned comes with ``known=False`` and a note.

    Raises:
        ZooError: an empty text, one of more than 64 characters, or no such model.
    """
    return translate_with(load(name), text, cross_attention)


def translate_with(model: GruDates | TransformerDates, text: str, cross_attention: CrossAttention | None = None) -> Translation:
    """The same with a model in hand, such as ``TransformerDates(model, tokenizer)`` around one that was loaded elsewhere."""
    characters = readable(text)
    if isinstance(model, GruDates):
        name, (output, probabilities, alignment) = model.config.attention, _from_recurrent(model, characters)
    else:
        name, (output, probabilities, alignment) = "transformer", _from_transformer(model, characters, cross_attention)
    verdict = judge(characters, model.alphabet)
    return Translation(
        text, characters, name, output, probabilities, alignment, verdict.known, verdict.note, verdict.expected, verdict.unseen
    )


def readable(text: str) -> str:
    """The text as the models read it.

    Raises:
        ZooError: nothing to read, or more than the models take.
    """
    characters = normalize(text)
    if not characters:
        raise ZooError("A date was to be read.", "The text is empty.", "Type a date, such as 3 mai 2019.")
    if len(characters) > LONGEST_INPUT:
        found = f"The text has {len(characters)} characters; the models take {LONGEST_INPUT}."
        raise ZooError("A date was to be read.", found, "Type the date alone.")
    return characters


def _from_recurrent(model: GruDates, characters: str) -> tuple[str, Tensor, Tensor]:
    decoded = model.write([characters])
    output = OutputAlphabet.decode(decoded.symbols[0].tolist())
    probabilities = decoded.logits[0].softmax(-1).amax(-1)
    return output, probabilities[: len(output)], decoded.weights[0, : len(output)]


@torch.no_grad()
def _from_transformer(
    model: TransformerDates, characters: str, cross_attention: CrossAttention | None
) -> tuple[str, Tensor, Tensor | None]:
    inputs = model.encode([characters])
    made = model.model.generate(**inputs, output_logits=True, return_dict_in_generate=True)
    output = model.written(made.sequences[0].tolist())
    probabilities = torch.cat(made.logits).softmax(-1).amax(-1)[: len(output)]
    if cross_attention is None or not output:
        return output, probabilities, None
    return output, probabilities, cross_attention(model.model, inputs | {"decoder_input_ids": made.sequences[:, : len(output)]})
