"""Characters in, characters out: the two alphabets of the date models.

Input is normalised first, so that what a person types and what Babel writes meet: composed characters (NFC), lower case, every
kind of space a plain one, direction marks dropped. Each character left is one token, so an alignment has one column each.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["BEGIN", "END", "OUTPUT", "PAD", "UNKNOWN", "InputAlphabet", "OutputAlphabet", "normalize"]

PAD, BEGIN, END, UNKNOWN = "<pad>", "<s>", "</s>", "<unk>"
SPECIAL = (PAD, BEGIN, END, UNKNOWN)
OUTPUT = "0123456789-"
_DIRECTION_MARKS = "\u200e\u200f\u061c"


def normalize(text: str) -> str:
    """The text as the models read it: NFC, lower case, single plain spaces, no direction marks.

    >>> normalize("Vendredi\\u00a03 MAI  2019 ")
    'vendredi 3 mai 2019'
    """
    composed = unicodedata.normalize("NFC", text)
    marked = "".join(char for char in composed if char not in _DIRECTION_MARKS)
    lowered = "".join(char.lower() for char in marked.replace("İ", "i"))  # one by one, as the tokenizer does: Σ is σ everywhere
    return " ".join(lowered.split())


@dataclass(frozen=True)
class InputAlphabet:
    """The characters a model has met; ids 0 to 3 are padding, begin, end and unknown."""

    characters: str

    @classmethod
    def of(cls, texts: Iterable[str]) -> InputAlphabet:
        """The alphabet of all characters in these texts, in code point order."""
        return cls("".join(sorted(set().union(*texts))))

    def __len__(self) -> int:
        return len(SPECIAL) + len(self.characters)

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids ``[batch, characters]`` padded with 0, and the mask of the same shape, True on characters."""
        ids = [[self._id(char) for char in text] for text in texts]
        width = max(map(len, ids))
        padded = torch.tensor([row + [0] * (width - len(row)) for row in ids], dtype=torch.long)
        lengths = torch.tensor([len(row) for row in ids])
        return padded, torch.arange(width) < lengths[:, None]

    def unknown(self, text: str) -> list[str]:
        """The characters of the text that are not in the alphabet, each once, in order."""
        return list(dict.fromkeys(char for char in text if char not in self.characters))

    def tokens(self) -> list[str]:
        """Every token, by id."""
        return [*SPECIAL, *self.characters]

    def _id(self, char: str) -> int:
        position = self.characters.find(char)
        return SPECIAL.index(UNKNOWN) if position < 0 else len(SPECIAL) + position


class OutputAlphabet:
    """Ten digits and the hyphen, then the end; one id more, never predicted, begins an output."""

    size = len(OUTPUT) + 1
    end = len(OUTPUT)
    begin = len(OUTPUT) + 1

    @staticmethod
    def encode(texts: Sequence[str]) -> Tensor:
        """Ids ``[batch, characters + 1]`` of equally long outputs, the end last."""
        return torch.tensor([[OUTPUT.index(char) for char in text] + [OutputAlphabet.end] for text in texts])

    @staticmethod
    def decode(ids: Sequence[int]) -> str:
        """The text before the first end."""
        kept = list(ids)
        kept = kept[: kept.index(OutputAlphabet.end)] if OutputAlphabet.end in kept else kept
        return "".join(OUTPUT[index] for index in kept)
