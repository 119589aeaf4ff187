"""How often the model has run inside the block, what its cache held before each run, and how its beams moved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor
from transformers.cache_utils import StaticLayer

__all__ = ["Step", "Steps"]


@dataclass(eq=False)
class Step:
    """One forward pass of the whole model.

    Attributes:
        number: counted from 0.
        past: tokens the cache held before it; 0 without a cache.
        cache: the cache object, None without one.
        static: whether the cache is a fixed buffer that later steps overwrite.
        order: for each batch item, the item it was at the step before (beam search); None when nothing moved.
        mask: [batch, key] bool, False where a position is padding.
    """

    number: int
    past: int = 0
    cache: Any = None
    static: bool = False
    order: Tensor | None = None
    mask: Tensor | None = None


@dataclass(eq=False)
class Steps:
    """The forward passes of one capture."""

    steps: list[Step] = field(default_factory=list)
    running: bool = False
    _counts: dict[str, int] = field(default_factory=dict)
    _order: Tensor | None = None

    @property
    def number(self) -> int:
        """Of the pass that runs, or the last one; 0 before the first."""
        return max(0, len(self.steps) - 1)

    @property
    def static(self) -> bool:
        """Whether the running pass writes its keys into a fixed buffer."""
        return bool(self.steps) and self.running and self.steps[-1].static

    def begin(self, cache: Any, mask: Tensor | None) -> None:
        """The whole model starts a forward pass."""
        past = _length(cache)
        self.steps.append(Step(len(self.steps), past, cache, _is_static(cache), self._order, mask))
        self._order, self.running = None, True
        self._counts.clear()

    def end(self) -> None:
        """The forward pass is over."""
        self.running = False

    def reorder(self, cache: Any, order: Tensor) -> None:
        """Beam search has moved batch items: item i goes on from item ``order[i]``."""
        if self.steps and self.steps[-1].cache is not None and cache in _parts(self.steps[-1].cache):
            self._order = order.detach().cpu() if self._order is None else self._order[order.cpu()]

    def count(self, name: str) -> int:
        """Which call of this module within the running pass the next one is, from 0."""
        before = self._counts.get(name, 0)
        self._counts[name] = before + 1
        return before

    def runs(self) -> Iterator[list[Step]]:
        """Groups of steps that went on from one another through one cache."""
        group: list[Step] = []
        for step in self.steps:
            if group and step.past > 0 and step.cache is group[-1].cache:
                group.append(step)
                continue
            if group:
                yield group
            group = [step]
        if group:
            yield group


def _parts(cache: Any) -> tuple[Any, ...]:
    inner = tuple(getattr(cache, name, None) for name in ("self_attention_cache", "cross_attention_cache"))
    return (cache, *(part for part in inner if part is not None))


def _length(cache: Any) -> int:
    try:
        return int(cache.get_seq_length()) if cache is not None else 0
    except (AttributeError, TypeError, ValueError, NotImplementedError):
        return 0


def _is_static(cache: Any) -> bool:
    layers = getattr(getattr(cache, "self_attention_cache", cache), "layers", None) or ()
    return any(isinstance(layer, StaticLayer) for layer in layers)
