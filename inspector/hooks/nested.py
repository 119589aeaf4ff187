"""Models inside a model that would share a tower's name: thinker and talker, backbone and depth decoder, coarse and fine."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn
from transformers import PreTrainedModel

__all__ = ["Nested", "owner_of"]

_PLAIN = re.compile(r"_?(model|tower|module|layers)$")
_SYNONYMS = {"language": "text", "lang": "text", "visual": "vision", "image": "vision", "speech": "audio"}


def owner_of(path: str, modules: dict[str, nn.Module]) -> str:
    """The innermost model with a name of its own that the module belongs to; "" for the whole model."""
    while path and not isinstance(modules.get(path), PreTrainedModel):
        path = path.rpartition(".")[0]
    return path


@dataclass(frozen=True)
class Nested:
    """The models of one tower.

    Attributes:
        tower: what they have in common, such as "text"; "" for nothing.
        above: how many parts of their paths are the same.
        others: the names of the model's other towers.
        main: the path of the model under its task's head, which needs no name of its own.
    """

    tower: str
    above: int
    others: frozenset[str]
    main: str = ""

    @classmethod
    def of(cls, tower: str, owners: Iterable[str], others: Iterable[str], main: str = "") -> Nested:
        """The models at the paths ``owners``."""
        paths = [owner.split(".") if owner else [] for owner in owners]
        shared = itertools.takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
        return cls(tower, len(list(shared)), frozenset(others), main)

    def name(self, path: str) -> str:
        """What a person calls the model that the module at ``path`` belongs to.

        >>> Nested.of("", ["backbone_model", "depth_decoder.model"], []).name("depth_decoder.model.layers.0.self_attn")
        'depth decoder'
        >>> Nested.of("encoder", ["question_encoder.bert", "generator.encoder"], []).name("generator.encoder.layers.0.self_attn")
        'generator encoder'
        """
        parts = path.split(".")
        own = parts[min(self.above, len(parts) - 1)]
        own = "" if own == self.main else _PLAIN.sub("", own).lower()
        words = _SYNONYMS.get(own, own).replace("_", " ").strip()
        said = {_SYNONYMS.get(word, word) for word in words.split()}
        if not words or self.tower in said or (self.tower in ("", "text") and words not in self.others):
            return words or self.tower
        return f"{words} {self.tower}" if self.tower in ("encoder", "decoder") else f"{self.tower} {words}"
