"""Which part of a model a module belongs to, in a person's words: encoder, decoder, vision, audio, text …"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from torch import nn

from inspector.hooks.nested import Nested, owner_of

__all__ = ["PATHS", "SENSES", "Towers"]

SENSES = {"vision", "video", "audio", "protein", "qformer"}


def _part(pattern: str) -> re.Pattern[str]:
    """A word of a module's path, between dots, underscores or ends."""
    return re.compile(rf"(^|[._])({pattern})(_|\.|$)", re.IGNORECASE)


_TOWERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("qformer", re.compile(r"(^|\.)image_to_text_projection\.")),
    ("vision", re.compile(r"(^|\.)vq(model|vae|gan)?\.")),
    ("vision", re.compile(r"(^|\.)backbone\.")),
    ("vision", _part("vision|visual|visn|image|vit|r_layers")),
    ("video", _part("video")),
    ("audio", _part("audio|speech")),
    ("qformer", _part("qformer|resampler|perceiver")),
    ("protein", _part("protein")),
    ("projector", _part("projector")),
    ("multimodal", _part("multi_?modal")),
    ("memory", re.compile(r"(^|\.)memory_attention\.")),
    ("encoder", re.compile(r"(^|\.|text_|detr_|geometry_)encoder(\.|$)", re.IGNORECASE)),
    ("decoder", re.compile(r"(^|\.|text_|detr_|mask_)decoder(\.|$)", re.IGNORECASE)),
    ("text", _part("text|language|lang")),
)
_TEXT = _TOWERS[-1][1]
_CODERS = {"encoder", "decoder"}
_HALF = re.compile(r"(?:^|\.|text_)(encoder|decoder)(?=\.|$)", re.IGNORECASE)
# "cross_attn_image" says what is met, not where it stands.
_BETWEEN = re.compile(r"\.[^.]*(_to_|(cross|encoder)_attn_|_cross_attn)[^.]*$")
PATHS = 2**14  # of models seen lately: the next capture of one asks again
_MODALITIES = {"image": "vision", "video": "video", "audio": "audio"}


@dataclass(eq=False)
class Towers:
    """The parts of one model.

    Attributes:
        config: the model's configuration, or None.
        modules: every module by path.
        attention: the paths of its attention modules.
    """

    config: Any
    modules: dict[str, nn.Module]
    attention: list[str]

    def of(self, name: str) -> str:
        """The part the module of that path belongs to, by its model's own name where several share one; "" where there is one."""
        tower = self.part(name)
        return self._nested[tower].name(name) if tower in self._nested else tower

    def part(self, name: str) -> str:
        """What kind of part that is: encoder, decoder, vision, text …; "" for a model of one part."""
        found, senses = _tower(name), self.all & SENSES
        if found == "encoder" and "text" in self.all and "decoder" not in self.all:
            found = self._sense(name) or found  # speech models name only the language model and what comes between
        if found == "decoder" and senses and getattr(self.config, "is_encoder_decoder", False):
            return found  # its encoder listens or looks
        if found in _CODERS and senses and _is_text(name) and not self._of_text >= _CODERS:
            found = "text"  # "text_model.encoder" beside a decoder of something else
        elif found in _CODERS and not self.all >= _CODERS:
            found = "" if not senses else "text" if self.reads_text else found
        elif found == "text" and not senses:
            found = ""
        if not found and senses and self.reads_text:
            found = "text"
        return found if len(self.all) > 1 else ""

    @cached_property
    def all(self) -> set[str]:
        """The parts that attend, as their paths say."""
        written = [
            name for name, module in self.modules.items() if type(module).__name__.endswith(("AttnBlock", "AttentionBlock"))
        ]
        return _towers((*self.attention, *written))  # a block may be attention and norm in one

    @cached_property
    def _of_text(self) -> set[str]:
        return _towers(name for name in self.attention if _is_text(name))

    @cached_property
    def reads_text(self) -> bool:
        """Whether the model has a vocabulary; SAM and its like have eyes only."""
        parts = [self.config, *(getattr(self.config, name, None) for name in getattr(self.config, "sub_configs", ()))]
        return self.config is None or any(getattr(part, "vocab_size", None) for part in parts)

    @cached_property
    def _nested(self) -> dict[str, Nested]:
        """The towers in which several models stand side by side."""
        owners: dict[str, dict[str, None]] = {}
        for name in self.attention:
            owners.setdefault(self.part(name), {})[owner_of(name, self.modules)] = None
        main = str(getattr(self.modules.get(""), "base_model_prefix", ""))
        return {tower: Nested.of(tower, found, self.all, main) for tower, found in owners.items() if len(found) > 1}

    def _sense(self, name: str) -> str:
        """What the part of the model that ``name`` belongs to takes in, where the library says one sense; else ""."""
        owner = owner_of(name.rpartition(".")[0], self.modules)
        if not owner:
            return ""
        senses: Any = self.modules[owner].input_modalities
        return _MODALITIES.get(senses if isinstance(senses, str) else senses[0] if len(senses) == 1 else "", "")


@functools.lru_cache(maxsize=PATHS)
def _tower(name: str) -> str:
    name = _BETWEEN.sub("", name)
    found = next((tower for tower, pattern in _TOWERS if pattern.search(name)), "")
    half = _HALF.search(name) if found == "encoder" else None  # a decoder made of an encoder's layers is a decoder
    return half[1].lower() if half else found


def _towers(names: Iterable[str]) -> set[str]:
    return {_tower(name) for name in names}


@functools.lru_cache(maxsize=PATHS)
def _is_text(name: str) -> bool:
    return bool(_TEXT.search(_BETWEEN.sub("", name)))
