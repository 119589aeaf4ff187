"""A ``Capture``: every attention operation of one run, with what its exact weights follow from."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeVar, overload, runtime_checkable

import torch
from torch import Tensor

from inspector.errors import CaptureError, OutOfRange
from inspector.indexing import Index, position, positions, spans, whole
from inspector.proofs import UNCHECKED, Proof
from inspector.registry import Registry
from inspector.scores import Evidence
from inspector.tokens import Tokens, numbered

if TYPE_CHECKING:
    import os

__all__ = ["KINDS", "LAYOUTS", "AttentionCall", "Capture", "Folding", "Layout", "Missing", "method"]

KINDS = ("self", "cross", "depth")
# What the library calls a part where it is not our name for it.
_HF_PARTS = {"text": "", "backbone": "", "text encoder": "encoder", "text decoder": "decoder"}
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Missing:
    """Something that cannot be shown as attention, and why, in plain words."""

    name: str
    reason: str


@runtime_checkable
class Layout(Protocol):
    """How a model lays out its own weights, where that is not [batch, head, query, key]."""

    def unfold(self, weights: Tensor) -> Tensor:
        """The weights [batch, head, query, key] as the model returns them."""

    def fits(self, shape: tuple[int, int, int, int]) -> bool:
        """Whether weights of this shape can be laid out so, in memory that grows with them."""


# Layouts by name, so that a file can name the one a call has.
LAYOUTS: Registry[type] = Registry("layout")


@LAYOUTS.add("Folding")
@dataclass(frozen=True)
class Folding:
    """The axes before the last two as the model has them: windows, blocks and images were folded into the batch axis.

    Attributes:
        sizes: such as (batch, blocks, heads).
        head_axis: which of them counts heads; None when batch and heads are one axis, batch first.
    """

    sizes: tuple[int, ...]
    head_axis: int | None

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch·windows, head, query, key] as the model lays it out."""
        tail = weights.shape[-2:]
        if self.head_axis is None:  # the library gives these back with their heads apart
            return weights
        rest = [size for axis, size in enumerate(self.sizes) if axis != self.head_axis]
        return weights.reshape(*rest, self.sizes[self.head_axis], *tail).movedim(len(rest), self.head_axis)

    def fits(self, shape: tuple[int, int, int, int]) -> bool:
        """Whether the sizes are those of batch and heads."""
        heads = 1 if self.head_axis is None else next(iter(self.sizes[self.head_axis : self.head_axis + 1]), 0)
        positive = min(self.sizes, default=0) > 0 and (self.head_axis is None or self.head_axis >= 0)
        return positive and math.prod(self.sizes) == shape[0] * shape[1] and (self.head_axis is None or heads == shape[1])


@dataclass(frozen=True, eq=False)
class AttentionCall:
    """One attention operation of one forward pass.

    Attributes:
        name: the module's path in the model.
        evidence: queries and keys, or weights, from which every row follows.
        kind: "self" or "cross"; "depth" where the keys are earlier layers.
        layer_index: position among the calls of the same tower and kind, from 0.
        source: how it was captured ("interface:sdpa", …).
        tower: part of the model the call belongs to ("encoder", "decoder", "vision", …; "" when there is only one).
        axes: names of the query and key sequences in ``Capture.sequences``.
        proof: the check of the weights against the model's own output.
        index: which call of the same module within one forward pass this was, from 0.
        note: something a reader has to know ("local heads of rank 0 of 2"), or "".
        step: which forward pass of the model, from 0 (the last one of a generation that was stitched together).
        layout: how the model itself lays out its weights, where that is not [batch, head, query, key].
    """

    name: str
    evidence: Evidence
    kind: str = "self"
    layer_index: int = 0
    source: str = ""
    tower: str = ""
    axes: tuple[str, str] = ("input", "input")
    proof: Proof = UNCHECKED
    index: int = 0
    note: str = ""
    step: int = 0
    layout: Layout | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(batch, heads, queries, keys)."""
        return self.evidence.shape

    @property
    def residual(self) -> float | None:
        """Largest relative error of weights @ value against the model's own output; None when unchecked."""
        return self.proof.residual

    @property
    def nbytes(self) -> int:
        """Bytes kept for this call (masks shared with other calls counted here too)."""
        return sum(t.numel() * t.element_size() for t in self.evidence.tensors().values())

    def weights(
        self, batch: Index = None, heads: Index = None, queries: Index = None, dtype: torch.dtype = torch.float32
    ) -> Tensor:
        """The exact attention weights of the chosen rows, [batch, head, query, key], in [0, 1], computed in ``dtype``.

        Args:
            batch, heads, queries: a whole number, a slice, a range, a list or array, or None for all (numpy's and torch's
                numbers too); negative counts from the end. All four axes stay, so ``weights(batch=0, heads=2)`` has shape
                [1, 1, queries, keys].

        Raises:
            OutOfRange: an index that does not exist, or is no whole number.
        """
        some_items = None if batch is None else self._index(batch, 0)
        some_heads = None if heads is None else self._index(heads, 1)
        return self.evidence.weights(some_items, some_heads, self._index(queries, 2), dtype)

    def _index(self, index: Index, axis: int) -> Tensor:
        chosen = positions(index, self.shape[axis], ("batch item", "head", "query")[axis], self.name)
        return torch.tensor(chosen, dtype=torch.long, device=self.evidence.device)

    if TYPE_CHECKING:  # added by ``inspector.tiles``

        def tile(
            self, head: int, *, queries: slice = ..., keys: slice = ..., pool: int = 1, batch: int = 0, reduce: str = "mean"
        ) -> Tensor: ...

    def __repr__(self) -> str:
        tower = f"{self.tower} " if self.tower else ""
        residual = "unchecked" if self.residual is None else f"residual {self.residual:.1e}"
        residual += " by the word of its file" if self.proof.from_file else ""
        where = f"{tower}{self.kind}-attention, layer {self.layer_index}, {self.name}"
        return f"<{where}, {list(self.shape)}, {self.source}, {residual}>"


@dataclass(eq=False)
class Capture:
    """What one run of a model paid attention to, as a sequence of its calls. Filled while the run goes on, read-only for others.

    Attributes:
        calls: the attention operations in the order they ran.
        missing: what could not be captured, and why.
        sequences: tokens by axis name, one entry per batch item.
        info: facts about the model: name, type, dtype, attn_implementation, device.
    """

    calls: list[AttentionCall] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    sequences: dict[str, tuple[Tokens, ...]] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)

    @property
    def tokens(self) -> list[list[str]]:
        """The tokenizer's pieces, one list per batch item, of the main input."""
        first = next(iter(self.sequences.values()), ())
        return [list(item.tokens) for item in first]

    @property
    def towers(self) -> list[tuple[str, str]]:
        """The (tower, kind) groups in model order, such as ("encoder", "self"), ("decoder", "cross")."""
        return list(dict.fromkeys((call.tower, call.kind) for call in self.calls))

    def group(self, tower: str, kind: str) -> list[AttentionCall]:
        """The calls of one tower and kind, in layer order."""
        return [call for call in self.calls if (call.tower, call.kind) == (tower, kind)]

    def find_group(self, tower: str | None = None, kind: str | None = None) -> tuple[str, str]:
        """The first (tower, kind) that has this tower and kind, None standing for any.

        Raises:
            OutOfRange: there is none.
        """
        if all(part is None or isinstance(part, str) for part in (tower, kind)):
            for group in self.towers:
                if tower in (None, group[0]) and kind in (None, group[1]):
                    return group
        raise OutOfRange(
            f"Attention of tower {tower!r}, kind {kind!r} was asked for.", f"There are {self.towers}.", "Choose one of these."
        )

    def call(
        self,
        layer: SupportsIndex,
        kind: str | None = None,
        tower: str | None = None,
        step: SupportsIndex | None = None,
    ) -> AttentionCall:
        """The call of one layer; ``kind`` and ``tower`` default to the first group there is, ``step`` to the last forward pass.

        Raises:
            OutOfRange: no such layer, kind, tower or forward pass, or a number that is none.
        """
        group = self.find_group(tower, kind)
        pool = [c for c in self.calls if kind in (None, c.kind) and tower in (None, c.tower)]
        passes = sorted({c.step for c in pool})
        number, chosen = whole(layer), passes[-1] if step is None else whole(step)
        if chosen not in passes:
            raise OutOfRange(
                f"Forward pass {step!r} was asked for.", f"The capture holds {spans(passes)}.", "Choose one of these."
            )
        pool = [c for c in self.group(*group) if c.step == chosen]
        there = [c.layer_index for c in pool]
        wanted = there[number] if number is not None and -len(pool) <= number < 0 else number
        for call in pool:
            if call.layer_index == wanted:
                return call
        found = f"The capture holds layers {spans(there)}."
        if number is None:
            found = f"A layer is a whole number, and the capture holds {spans(there)}."
        raise OutOfRange(f"Layer {layer!r} was asked for.", found, "Choose one of these.")

    def query_tokens(self, call: AttentionCall, batch: int = 0) -> Tokens:
        """The tokens along the query axis of ``call``; numbered when no text is known."""
        return self._axis(call, 0, batch)

    def key_tokens(self, call: AttentionCall, batch: int = 0) -> Tokens:
        """The tokens along the key axis of ``call``; numbered when no text is known."""
        return self._axis(call, 1, batch)

    def parts(self, call: AttentionCall) -> int:
        """How many rows of the batch axis of ``call`` one batch item was cut into: windows, blocks, frames; 1 for none.

        Rows of one item stand together: those of item ``i`` are ``i * parts`` to ``(i + 1) * parts - 1``.
        """
        if isinstance(call.layout, Folding) and call.layout.head_axis is not None and len(call.layout.sizes) > 2:
            return max(1, call.shape[0] // max(1, call.layout.sizes[0]))
        items = self.sequences.get(call.axes[0], ()) if call.axes[0] == call.axes[1] else ()
        whole = not items or call.shape[0] % len(items) or len(items[0]) <= call.shape[2]
        return 1 if whole else call.shape[0] // len(items)

    def _axis(self, call: AttentionCall, axis: int, row: int) -> Tokens:
        """Rows of one input stand together: beams, samples and returned sequences of it, each as often as the others'."""
        items, rows, length = self.sequences.get(call.axes[axis], ()), call.shape[0], call.shape[2 + axis]
        if items and rows % len(items) == 0 and -rows <= row < rows:
            item = items[row % rows // (rows // len(items))]
            if len(item) == length:
                return item
        return numbered(length)

    def as_hf(self) -> dict[str, tuple[Tensor, ...]]:
        """The weights under the names of a Transformers output, one tensor a call, laid out as the model lays them out.

        ``attentions`` (a model of one part, or its text), ``cross_attentions``, ``encoder_attentions``,
        ``decoder_attentions``; other towers lend their name: ``vision_attentions``. [batch, head, query, key], float32.
        """
        found: dict[str, tuple[Tensor, ...]] = {}
        for tower, kind in self.towers:
            cross = "" if kind == "self" else f"{kind}_"
            part = _HF_PARTS.get(tower, tower).replace(" ", "_")
            before = "" if part == "" or (part == "decoder" and cross) else f"{part}_"
            calls = sorted(self.group(tower, kind), key=lambda call: (call.step, call.layer_index, call.index))
            tables = (call.weights() if call.layout is None else call.layout.unfold(call.weights()) for call in calls)
            found[f"{before}{cross}attentions"] = tuple(tables)
        return found

    @property
    def residual(self) -> float | None:
        """The largest residual of all checked calls; None when none was checked."""
        found = [call.residual for call in self.calls if call.residual is not None]
        return max(found, key=lambda r: math.inf if math.isnan(r) else r) if found else None

    @property
    def failed(self) -> list[AttentionCall]:
        """The calls whose weights do not explain the model's own output."""
        return [call for call in self.calls if call.proof.passed is False]

    @property
    def nbytes(self) -> int:
        """Bytes kept: every storage counted once, however many layers share it."""
        storages = {
            t.untyped_storage().data_ptr(): t.untyped_storage().nbytes()
            for c in self.calls
            for t in c.evidence.tensors().values()
        }
        return sum(storages.values())

    @property
    def verdict(self) -> str:
        """What the proofs say together.

        "failed": a call failed its own. "saved": they passed when the capture was saved, by the word of its file. "made_up": they
        passed, on a model some of whose weights were in none of its files. "passed". "unchecked": no call could be checked.
        """
        checked = [call for call in self.calls if call.residual is not None]
        if self.failed or not checked:
            return "failed" if self.failed else "unchecked"
        if any(call.proof.from_file for call in checked):
            return "saved"
        return "made_up" if self.info.get("made_up") else "passed"

    def warn_failed(self) -> None:
        """A Python warning for calls that failed their proof."""
        if self.failed:
            worst = max(self.failed, key=lambda call: call.residual or 0.0)
            warnings.warn(
                f"{len(self.failed)} of {len(self.calls)} attention calls failed their proof; the worst is {worst!r}.",
                stacklevel=3,
            )

    def __len__(self) -> int:
        return len(self.calls)

    def __iter__(self) -> Iterator[AttentionCall]:
        return iter(self.calls)

    @overload
    def __getitem__(self, index: SupportsIndex) -> AttentionCall: ...
    @overload
    def __getitem__(self, index: slice) -> list[AttentionCall]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> AttentionCall | list[AttentionCall]:
        """The call that ran at this place, or those of a slice; ``call(layer=…)`` finds one by its layer.

        Raises:
            OutOfRange: no such call.
        """
        name, count = self.info.get("name", "the capture"), len(self.calls)
        if isinstance(index, slice):
            return [self.calls[at] for at in positions(index, count, "call", name)]
        return self.calls[position(index, count, "call", name)]

    def __repr__(self) -> str:
        groups = ", ".join(f"{len(self.group(t, k))} {(t + ' ') if t else ''}{k}" for t, k in self.towers)
        file = "; its proof is the word of its file" if any(call.proof.from_file for call in self.calls) else ""
        name = self.info.get("name", "a model")
        return f"<Capture of {name}: {groups or 'nothing yet'}; {len(self.missing)} missing{file}>"

    if TYPE_CHECKING:  # added by later rooms through ``method``; listed here so that editors and type checkers see them

        def save(self, path: str | os.PathLike[str]) -> None: ...
        @classmethod
        def load(cls, path: str | os.PathLike[str]) -> Capture: ...
        def to_html(
            self, view: str | Iterable[str] = "head_view", path: str | os.PathLike[str] | None = None, **options: Any
        ) -> str: ...
        def to_bertviz(self, view: str = "head_view", layers: Sequence[int] | None = None) -> str: ...
        def summarize(self, **options: Any) -> Any: ...
        def compare(self, layer: int, head: int, **options: Any) -> Any: ...


def method(function: F) -> F:
    """Adds ``function`` to ``Capture`` under its own name: how later rooms extend a capture without being imported by it."""
    if hasattr(Capture, function.__name__):
        raise CaptureError(
            f"Method {function.__name__!r} was to be added to Capture.", "It is there already.", "Choose another name."
        )
    setattr(Capture, function.__name__, function)
    return function
