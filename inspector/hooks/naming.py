"""What a person calls a module: its path, layer, tower, and whether it attends to itself or across."""

from __future__ import annotations

import functools
import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from torch import nn

from inspector.hooks.towers import PATHS, SENSES, Towers

__all__ = ["Names", "Place", "attention_modules"]

_CROSS = re.compile(
    r"(cross(?!_modal)|enc_?dec|encoder_attn|EncDecAttention|encoder_decoder|multihead_attn|visual_attention|attn_\w+_to_)"
    r"|(^|[._])(resampler|image_to_text_projection)\.",  # learned queries that look at a picture
    re.IGNORECASE,
)
_ATTENTION = re.compile(r"att(entio)?n", re.IGNORECASE)
_POOLING = re.compile(r"AttentionPoolingHead$")
_NOT_ATTENTION = re.compile(
    r"(norm|output|mask|bias|rotary|embedding|pool|layer|block|mlp|proj|decoder|encoder|model)", re.IGNORECASE
)


@dataclass(frozen=True)
class Place:
    """Where a call belongs.

    Attributes:
        name: the module's path in the model.
        kind: "self" or "cross"; "depth" where the keys are earlier layers.
        layer_index: position among the modules of the same tower and kind.
        tower: part of the model, "" where it has only one.
        axes: names of the query and key sequences.
    """

    name: str
    kind: str
    layer_index: int
    tower: str
    axes: tuple[str, str]


def attention_modules(model: nn.Module, modules: list[tuple[str, nn.Module]] | None = None) -> Iterator[tuple[str, nn.Module]]:
    """The innermost modules whose class is called attention, in model order; ``modules`` are the model's, if at hand."""
    found = [(name, module) for name, module in modules or model.named_modules() if _is_attention(type(module))]
    for name, module in found:
        if not any(_is_attention(type(inner)) for inner in module.modules() if inner is not module):
            yield name, module


@functools.cache
def _is_attention(cls: Hashable) -> bool:
    name = cls.__name__  # type: ignore[attr-defined]
    return bool(_ATTENTION.search(name)) and not _NOT_ATTENTION.search(_ATTENTION.split(name)[-1])


@dataclass(eq=False)
class Names:
    """Module names of one model, and the layer numbers handed out as modules are met.

    Attributes:
        fixed: number layers by their order in the model, known before it runs, instead of the order in which they are met.
    """

    model: nn.Module
    fixed: bool = False
    _layers: dict[tuple[str, str], dict[tuple[str, int], int]] = field(default_factory=dict)
    _places: dict[tuple[int, str | None], Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.fixed:
            for _, module in self._attention:
                self.place(module)

    @property
    def places(self) -> list[Place]:
        """Every place met so far."""
        return list(self._places.values())

    @cached_property
    def modules(self) -> list[tuple[str, nn.Module]]:
        """Every module once, with its path: the one walk over the model that a capture makes."""
        walk = self.model.named_modules()
        return [(name.replace("_orig_mod.", "").removesuffix("_orig_mod"), module) for name, module in walk]

    @cached_property
    def _attention(self) -> list[tuple[str, nn.Module]]:
        return list(attention_modules(self.model, self.modules))

    @cached_property
    def _names(self) -> dict[int, str]:
        return {id(module): name for name, module in self.modules}

    def renew(self) -> None:
        """Modules have been exchanged: read the names again."""
        for known in ("modules", "_attention", "_names", "_towers"):
            vars(self).pop(known, None)

    def knows(self, module: nn.Module) -> bool:
        """Whether ``module`` is part of the model."""
        return id(module) in self._names

    def name(self, module: nn.Module) -> str:
        """The module's path in the model; its class where it is not part of the model."""
        return self._names.get(id(module)) or type(module).__name__

    def place(self, module: nn.Module, kind: str | None = None) -> Place:
        """The name, kind, layer and tower of ``module``."""
        found = self._places.get((id(module), kind))
        if found is None:
            name = self.name(module)
            pools = self._pools(module, name)
            sort = kind or ("cross" if pools or _is_cross(module, name) else "self")
            tower, axes = self.tower(name), self._axes(self._towers.part(name), sort, pools)
            found = Place(name, sort, self._number(tower, sort, name, 0), tower, axes)
            self._places[(id(module), kind)] = found
        return found

    def layer(self, module: nn.Module, place: Place, index: int) -> int:
        """The layer of the ``index``-th call of ``module`` in one forward pass: modules shared by several layers count up."""
        if index == 0 or not self._shared(module):
            return place.layer_index
        return self._number(place.tower, place.kind, place.name, index)

    def _number(self, tower: str, kind: str, name: str, index: int) -> int:
        layers = self._layers.setdefault((tower, kind), {})
        return layers.setdefault((name, index), len(layers))

    def _shared(self, module: nn.Module) -> bool:
        config = getattr(self.model, "config", None)
        layers = getattr(config, "num_hidden_layers", None)
        same = sum(type(other) is type(module) for _, other in self.modules)
        return isinstance(layers, int) and same < layers

    def tower(self, name: str) -> str:
        """The part of the model a module belongs to; "" for a model of one part."""
        return self._towers.of(name)

    def axis(self, name: str) -> str:
        """The sequence that a module of that path belongs to."""
        return self._axes(self._towers.part(name), "self")[0]

    def _pools(self, module: nn.Module, name: str) -> bool:
        """Whether the only query is a learned one that gathers all tokens, and no token of its own."""
        around = self._towers.modules.get(name.rpartition(".")[0])
        return any(_POOLING.search(type(part).__name__) for part in (module, around))

    def _axes(self, tower: str, kind: str, pools: bool = False) -> tuple[str, str]:
        """The sequences of queries and keys; text that looks across looks at what the model sees or hears."""
        writes = tower == "decoder" and not self._one_text
        own = "output" if writes else "input" if tower in ("", "encoder", "decoder", "text") else tower
        senses = [sense for sense in ("vision", "video", "audio", "protein") if sense in self._towers.all]
        bridge = ("qformer", "projector")
        across = senses[0] if tower in ("text", *bridge) and senses else "vision" if tower in bridge else "input"
        if pools:
            return ("latent", own)
        return (own, own if kind == "self" else across if kind == "cross" else kind)

    @cached_property
    def _one_text(self) -> bool:
        """Whether the decoder reads what the encoder read (Funnel): it writes nothing, and its model has no other sense."""
        writes = getattr(getattr(self.model, "config", None), "is_encoder_decoder", True)
        return not writes and not self._towers.all & SENSES and self._towers.reads_text

    @cached_property
    def _towers(self) -> Towers:
        return Towers(getattr(self.model, "config", None), dict(self.modules), [name for name, _ in self._attention])


def _is_cross(module: nn.Module, name: str) -> bool:
    sort = type(module).__name__
    both_ways = "BiMultiHead" in sort  # Grounding DINO: pictures look at words and words at pictures
    return bool(getattr(module, "is_cross_attention", False) or _crosses(name) or "CrossAttention" in sort or both_ways)


@functools.lru_cache(maxsize=PATHS)
def _crosses(name: str) -> bool:
    return bool(_CROSS.search(name))
