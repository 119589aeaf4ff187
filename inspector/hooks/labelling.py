"""From the ids that entered a model to tokens: which tokenizer reads them, which of them stand for pictures, which fill up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from inspector.sides import side_of
from inspector.tokens import Tokens, from_encoding, joined, named, numbered

__all__ = ["Labels"]

_PLACE = re.compile(
    r"(low_res_)?(image|video|audio|speech|sound|vision|protein)(_(prompt|latent|context|patch|soft))?_(token|placeholder)_(id|index)"
)


@dataclass(eq=False)
class Labels:
    """How the ids of one model become tokens.

    Attributes:
        tokenizer: reads them; None leaves ids.
        config: the model's configuration, or None.
        virtual: how many keys a prompt-learning wrapper puts before every text; 0 for none.
    """

    tokenizer: Any
    config: Any
    virtual: int = 0

    def rows(self, axis: str, ids: Tensor, mask: Any, segments: Any, written: int | None = None) -> tuple[Tokens, ...]:
        """The tokens of every batch item.

        Args:
            axis: "input", "output", with the number of the run.
            ids: [batch, token]; −1 for a vector that no token stands for.
            mask: [batch, key], 0 at padding; the last columns are those of ``ids``.
            segments: [batch, token], which text a token belongs to.
            written: the first position that is no prompt: beyond it, padding ids at the end are padding, mask or not.
        """
        target = axis.startswith("output")
        keep = _last(mask, ids)
        types = segments.tolist() if isinstance(segments, Tensor) and segments.shape == ids.shape else None
        start = 1 if target and written is None else written
        found = []
        for at, row in enumerate(ids.tolist()):
            real = keep[at] if keep is not None else None
            if start is not None:
                real = self._without_end(row, real, start)
            found.append(self._row(row, target, real, types[at] if types is not None else None))
        return tuple(found)

    def cached(self, count: int, mask: Any, items: tuple[Tokens, ...]) -> tuple[Tokens, ...]:
        """``items`` behind ``count`` keys that were in the cache before anything of them was read."""
        word, special = ("virtual", True) if self.virtual == count else ("cached", False)
        real = mask[:, :count].tolist() if isinstance(mask, Tensor) and mask.ndim == 2 and mask.shape[1] > count else None
        found = []
        for at, item in enumerate(items):
            before = named([f"{word} {i + 1}" for i in range(count)], special)
            if real is not None and at < len(real):
                before = named(before.labels, special, [not r for r in real[at]])
            found.append(joined(before, item))
        return tuple(found)

    def _row(self, ids: list[int], target: bool, keep: list[int] | None, types: list[int] | None) -> Tokens:
        first = next((at for at, i in enumerate(ids) if i >= 0), len(ids))
        rest = [None if part is None else part[first:] for part in (ids, keep, types)]
        try:
            text = self._text(rest[0] or [], target, rest[1], rest[2])
        except Exception:  # a foreign tokenizer may fail on an id of its own; the run goes on, and the ids are true
            text = numbered(len(ids) - first, ids[first:])
        return joined(named([f"virtual {at + 1}" for at in range(first)], special=True), text) if first else text

    def _text(self, ids: list[int], target: bool, keep: list[int] | None, types: list[int] | None) -> Tokens:
        reader = self._target if target else self._source
        if reader is None:
            return numbered(len(ids), ids, None if keep is None else [not k for k in keep])
        return from_encoding(reader, ids, keep, types, self.placeholders)

    @cached_property
    def _source(self) -> Any:
        return None if self.tokenizer is None else side_of(self.tokenizer, target=False)

    @cached_property
    def _target(self) -> Any:
        return None if self.tokenizer is None else side_of(self.tokenizer, target=True)

    @cached_property
    def placeholders(self) -> frozenset[int]:
        """The ids that stand for parts of a picture, film or sound, as the configuration names them."""
        return frozenset(_places(self.config))

    @cached_property
    def _fill(self) -> int | None:
        """The id that fills up what is written; None where it is the end of text as well."""
        found = next((i for c in _configs(self.config) if isinstance(i := getattr(c, "pad_token_id", None), int)), None)
        return found if found is not None else getattr(self.tokenizer, "pad_token_id", None)

    @cached_property
    def _ends(self) -> set[int]:
        """The ids that end a text."""
        found = [getattr(c, "eos_token_id", None) for c in _configs(self.config)]
        return {i for entry in found for i in (entry if isinstance(entry, (list, tuple)) else [entry]) if isinstance(i, int)}

    def _without_end(self, ids: list[int], keep: list[int] | None, start: int) -> list[int] | None:
        """``keep`` with 0 where padding ids end the row, from ``start`` on; the first end of text is none."""
        end = len(ids)
        while end > start and ids[end - 1] == self._fill:
            end -= 1
        if self._fill in self._ends and end < len(ids):
            end += 1
        if end == len(ids):
            return keep
        return [k if at < end else 0 for at, k in enumerate(keep or [1] * len(ids))]


def _last(mask: Any, ids: Tensor) -> list[list[int]] | None:
    """The mask of these ids alone: what a cache holds comes before them."""
    if not isinstance(mask, Tensor) or mask.ndim != 2 or mask.shape[0] != ids.shape[0] or mask.shape[1] < ids.shape[1]:
        return None
    return mask[:, mask.shape[1] - ids.shape[1] :].to(torch.long).tolist()


def _configs(config: Any) -> Iterator[Any]:
    """A configuration and those inside it."""
    if config is None:
        return
    yield config
    for name in getattr(config, "sub_configs", None) or ():
        yield from _configs(getattr(config, name, None))


def _places(config: Any) -> Iterator[int]:
    for part in _configs(config):
        names = dir(type(part)) if hasattr(type(part), "attribute_map") else ()
        for name in {*vars(part), *(n for n in names if n.endswith(("_id", "_index")))}:
            if _PLACE.fullmatch(name):
                value = getattr(part, name, None)
                yield from (i for i in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(i, int))
