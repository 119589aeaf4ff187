"""One capture in progress: what is being watched, what has been seen, and the context variables that find it.

A tap asks ``watching()``. Threads and asyncio tasks each see the captures opened in their own context, never another's;
nested captures each get every call of their own model.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from inspector.captures import AttentionCall, Capture, Layout, Missing
from inspector.hooks.growing import Growing
from inspector.hooks.masks import Masks
from inspector.hooks.naming import Names, Place, attention_modules
from inspector.hooks.proving import PROOF_ROWS, Checked, both, prove
from inspector.hooks.steps import Step, Steps
from inspector.proofs import UNCHECKED, Proof
from inspector.scores import Evidence, Given, Scores

__all__ = ["Seen", "Session", "everything", "open_session", "quiet", "watching"]

_OPEN: ContextVar[tuple[Session, ...]] = ContextVar("inspector_sessions", default=())
_NOTHING = "The model ran, and nothing in it compared queries with keys: it has no attention to show."
_UNSEEN = (
    "It did not run where the capture could see it: not in this block, in a thread without carry, in another process, "
    "or inside a function that was compiled as a whole (run that one under torch.compiler.set_stance('force_eager'))."
)
_QUIET: ContextVar[bool] = ContextVar("inspector_quiet", default=False)


def watching() -> tuple[Session, ...]:
    """The sessions open in this context, outermost first; () while their own arithmetic runs, which no tap may see.

    Gradient checkpointing runs a forward a second time during the backward pass: that one is not watched.
    """
    sessions = _OPEN.get()
    if any(session.closed for session in sessions):  # in another thread, or before a capture that was opened earlier
        sessions = tuple(session for session in sessions if not session.closed)
    if not sessions or _QUIET.get() or torch.compiler.is_compiling() or torch._C._current_graph_task_id() != -1:
        return ()
    return sessions


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Nothing inside is watched."""
    token = _QUIET.set(True)
    try:
        yield
    finally:
        _QUIET.reset(token)


@contextlib.contextmanager
def open_session(session: Session) -> Iterator[None]:
    """``session`` is watched inside."""
    _OPEN.set((*_OPEN.get(), session))
    try:
        yield
    finally:  # captures may close in any order, and in another thread than they were opened in
        session.close()
        _OPEN.set(tuple(other for other in _OPEN.get() if other is not session))


@dataclass(frozen=True, eq=False)
class Seen:
    """One attention operation on its way into the capture; the fields are those of ``AttentionCall``."""

    module: nn.Module
    evidence: Evidence
    source: str
    proof: Proof
    kind: str | None
    note: str
    layout: Layout | None


@dataclass(eq=False)
class Session:
    """What the taps share while a capture is open.

    Attributes:
        model: the model being watched.
        capture: where calls and misses go.
        names: what each module is called and which layer and tower it belongs to.
        selects: whether the calls of a place are wanted.
        proof_rows: rows per head to check at once; None for all; or a function of how many there are.
        store: where the tensors of a call go; they stay as they are unless told otherwise.
        steps: how often the model has run, and what its cache held before each run.
        masks: the masks met so far.
        lengths: tokens of each sequence as they were fed, by axis name.
        readers: who reads what a module is given.
        closed: the block is over; what still runs somewhere is no part of it.
    """

    model: nn.Module
    capture: Capture
    names: Names
    selects: Callable[[Place], bool]
    proof_rows: Checked = PROOF_ROWS
    store: Callable[[Evidence], Evidence] = lambda evidence: evidence
    steps: Steps = field(default_factory=Steps)
    masks: Masks = field(default_factory=Masks)
    lengths: dict[str, int] = field(default_factory=dict)
    readers: dict[nn.Module, Any] = field(default_factory=dict)
    closed: bool = False
    _local: threading.local = field(default_factory=threading.local)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _latest: dict[tuple[str, int, str], tuple[int, Step]] = field(default_factory=dict)

    def is_open(self) -> bool:
        """Whether this session is watched in the running context."""
        return self in watching()

    def wants(self, module: nn.Module) -> bool:
        """Whether calls of ``module`` are to be kept: it is part of the model, or runs inside it, and is selected."""
        known = self.names.knows(module) or self.steps.current is not None
        return known and (self.selects is everything or self.selects(self.names.place(module)))

    def wants_within(self, module: nn.Module) -> bool:
        """Whether anything inside ``module`` is wanted."""
        if self.selects is everything or self.wants(module):
            return True
        return any(self.wants(inner) for _, inner in attention_modules(module))

    def add(
        self,
        module: nn.Module,
        evidence: Evidence,
        source: str,
        proof: Proof = UNCHECKED,
        kind: str | None = None,
        note: str = "",
        layout: Layout | None = None,
    ) -> None:
        """Records one attention operation of ``module``."""
        seen = Seen(module, evidence, source, proof, kind, note, layout)
        if self._held:  # a module further out may still report better weights
            self._held[-1][1].append(seen)
        else:
            self.keep(seen)

    def keep(self, seen: Seen) -> None:
        """Gives what was seen its place among the calls."""
        if seen.evidence.device.type == "meta":
            self.without_numbers(seen.module)
            return
        if self._held:
            self._held[-1][1].append(seen)
            return
        with self._lock:
            if self.closed:
                return
            place = self.names.place(seen.module, seen.kind)
            index = self.steps.count(place.name)
            if not self._goes_on(place, index, seen):
                self._begins(place, index, seen)

    def _begins(self, place: Place, index: int, seen: Seen) -> None:
        """A call of its own."""
        call = AttentionCall(
            name=place.name,
            evidence=self.store(seen.evidence),
            kind=place.kind,
            layer_index=self.names.layer(seen.module, place, index),
            source=seen.source,
            tower=place.tower,
            axes=self._axes(place, seen),
            proof=seen.proof,
            index=index,
            note="; ".join(part for part in (seen.note, self._local_heads) if part),
            step=self.steps.number,
            layout=seen.layout,
        )
        if self.steps.current is not None:
            self._latest[(place.name, index, place.kind)] = (len(self.capture.calls), self.steps.current)
        self.capture.calls.append(call)

    def _axes(self, place: Place, seen: Seen) -> tuple[str, str]:
        """Names of the two sequences; those of a cross-attention differ, also where no name says what the other one is."""
        query, key = place.axes
        step = self.steps.current
        if place.kind == "self" and step is not None and step.past > 0 and step.before is None and query == step.axis:
            return self.steps.axis(query), f"{self.steps.axis(key)} with cache"  # what was read before is no query
        if place.kind == "cross" and query == key:
            queries, keys = seen.evidence.shape[2:]
            if step is not None and keys == step.length != queries:
                query = "latent"
            else:
                key = "encoder"
        return self.steps.axis(query), self.steps.axis(key)

    def _goes_on(self, place: Place, index: int, seen: Seen) -> bool:
        """Whether this call is the next step of one that is there: then its rows join it."""
        step, known = self.steps.current, self._latest.get((place.name, index, place.kind))
        if step is None or known is None or not isinstance(seen.evidence, (Scores, Given)):
            return False
        at, before = known
        call = self.capture.calls[at]
        if step.repeats and before.number == step.number - 1:
            evidence: Evidence = seen.evidence
        elif step.before is before and _batch(call.evidence) == seen.evidence.shape[0]:
            growing = call.evidence
            if not isinstance(growing, Growing):
                growing = Growing(place.kind == "cross")
                growing.add(before, call.evidence)  # type: ignore[arg-type]
            growing.add(step, seen.evidence)
            evidence = growing
        else:
            return False
        self.capture.calls[at] = replace(
            call, evidence=evidence, proof=both(call.proof, seen.proof), step=step.number, layout=None
        )
        self._latest[(place.name, index, place.kind)] = (at, step)
        return True

    def close(self) -> None:
        """From here on nothing is added, whatever still runs in another thread."""
        with self._lock:
            self.closed = True

    def settle(self) -> None:
        """The block is over: generations become plain tables, and the model's own tensors are let go."""
        for at, call in enumerate(self.capture.calls):
            if isinstance(call.evidence, Growing):
                self.capture.calls[at] = replace(call, evidence=self.store(call.evidence.settled))
        if self.steps.steps and not self.capture.calls and not self.capture.missing and self.selects is everything:
            self.capture.missing.append(Missing(type(self.model).__name__, _NOTHING))
        elif not self.steps.steps and not self.capture.calls and not self.capture.missing:
            self.capture.missing.append(Missing(type(self.model).__name__, _UNSEEN))
        self.masks.forget()
        self.steps.forget()

    @functools.cached_property
    def _local_heads(self) -> str:
        """Under tensor parallelism each process sees its own heads only."""
        size = getattr(self.model, "_tp_size", None) or 1
        if size == 1:
            return ""
        rank = torch.distributed.get_rank() % size if torch.distributed.is_initialized() else 0
        return f"local heads of rank {rank} of {size}"

    @property
    def _held(self) -> list[tuple[nn.Module, list[Seen]]]:
        if not hasattr(self._local, "held"):
            self._local.held = []
        return self._local.held

    def hold(self, module: nn.Module) -> None:
        """Calls of this thread wait until ``release(module)``."""
        self._held.append((module, []))

    def release(self, module: nn.Module) -> list[Seen] | None:
        """The calls that waited; None when nothing was held for ``module``."""
        return self._held.pop()[1] if self._held and self._held[-1][0] is module else None

    def miss(self, module: nn.Module | str, reason: str) -> None:
        """Records that ``module`` could not be captured; the model goes on."""
        entry = Missing(module if isinstance(module, str) else self.names.name(module), reason)
        with self._lock:
            if not self.closed and entry not in self.capture.missing:
                self.capture.missing.append(entry)

    def without_numbers(self, module: nn.Module) -> None:
        """Records that ``module`` ran where nothing can be read."""
        self.miss(module, "It ran on the meta device, which has shapes and no numbers: load the weights first.")

    def failed(self, module: nn.Module, error: BaseException) -> None:
        """Records that a tap failed on ``module``."""
        self.miss(module, f"the capture failed with {type(error).__name__}: {error}")

    def prove(self, evidence: Evidence, value: Tensor, output: Tensor) -> Proof:
        """weights @ value against ``output`` [batch, head, query, value_width]."""
        return prove(evidence, value, output, self.proof_rows)


def _batch(evidence: Evidence) -> int:
    """How many items; asking a generation for its whole shape would have it join its steps each time."""
    return evidence.batch if isinstance(evidence, Growing) else evidence.shape[0]


def everything(place: Place) -> bool:
    """The selection of all there is."""
    return True
