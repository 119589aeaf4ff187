"""What a person calls a module: its path, layer, tower, and whether it attends to itself or across."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from torch import nn

__all__ = ["Names", "Place"]

_CROSS = re.compile(r"(cross|enc_?dec|encoder_attn|EncDecAttention|encoder_decoder)", re.IGNORECASE)
_TOWERS = (
    ("vision", re.compile(r"(^|\.)(vision|visual|image)_?(model|tower|encoder)?(\.|$)", re.IGNORECASE)),
    ("audio", re.compile(r"(^|\.)(audio|speech)_?(model|tower|encoder)?(\.|$)", re.IGNORECASE)),
    ("encoder", re.compile(r"(^|\.)encoder(\.|$)", re.IGNORECASE)),
    ("decoder", re.compile(r"(^|\.)decoder(\.|$)", re.IGNORECASE)),
)


@dataclass(frozen=True)
class Place:
    """Where a call belongs."""

    name: str
    kind: str
    layer_index: int
    tower: str
    axes: tuple[str, str]


@dataclass(eq=False)
class Names:
    """Module names of one model, and the layer numbers handed out as modules are met."""

    model: nn.Module
    _names: dict[int, str] = field(default_factory=dict)
    _layers: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, module in self.model.named_modules():
            self._names.setdefault(id(module), name)

    def name(self, module: nn.Module) -> str:
        """The module's path in the model; its class where it is not part of the model."""
        return self._names.get(id(module)) or type(module).__name__

    def place(self, module: nn.Module, shape: tuple[int, int, int, int], kind: str | None = None) -> Place:
        """The name, kind, layer and tower of a call of ``module``."""
        name = self.name(module)
        kind = kind or ("cross" if getattr(module, "is_cross_attention", False) or _CROSS.search(name) else "self")
        tower = self.tower(name)
        layers = self._layers.setdefault((tower, kind), {})
        layer = layers.setdefault(name, len(layers))
        return Place(name, kind, layer, tower, self._axes(tower, kind))

    def tower(self, name: str) -> str:
        """The part of the model a module belongs to; "" for a model of one part."""
        found = next((tower for tower, pattern in _TOWERS if pattern.search(name)), "")
        if found == "encoder" and not self._has_decoder:
            return ""
        if found == "decoder" and not self._has_encoder:
            return ""
        return found

    @property
    def _has_decoder(self) -> bool:
        return any(re.search(r"(^|\.)decoder\.", name) for name in self._names.values())

    @property
    def _has_encoder(self) -> bool:
        return any(re.search(r"(^|\.)encoder\.", name) for name in self._names.values())

    @staticmethod
    def _axes(tower: str, kind: str) -> tuple[str, str]:
        own = "output" if tower == "decoder" else "input" if tower in ("", "encoder", "text") else tower
        return (own, "input" if kind == "cross" else own)
