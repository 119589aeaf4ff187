"""How often the model has run inside the block, what its cache held before each run, and how its beams moved."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, EncoderDecoderCache, StaticLayer

from inspector.hooks.patching import Patch

__all__ = ["Step", "Steps", "ancestors"]


@dataclass(eq=False)
class Step:
    """One forward pass of the whole model.

    Attributes:
        number: counted from 0.
        past: tokens the cache held before it; 0 without a cache.
        cache: the cache object, None without one.
        static: whether the cache is a fixed buffer that later steps overwrite.
        before: the step it goes on from through the same cache; None when it starts anew.
        order: for each batch item, the item of ``before`` it goes on from (beam search); None when nothing moved.
        ids: [batch, token] by axis name, as fed to this step.
        mask: [batch, key], 0 where a position is padding; None without one.
        run: which of the independent inputs of this capture it belongs to, from 0.
        repeats: it feeds what the step before fed and more, without a cache: its rows hold all of that one's.
        undone: how many of its last tokens the cache has let go of since: guesses that were rejected.
    """

    number: int
    past: int = 0
    cache: Any = None
    static: bool = False
    before: Step | None = None
    order: Tensor | None = None
    ids: dict[str, Tensor] = field(default_factory=dict)
    mask: Tensor | None = None
    run: int = 0
    repeats: bool = False
    undone: int = 0

    @property
    def axis(self) -> str:
        """The sequence a generation adds to."""
        return "output" if "output" in self.ids else "input"

    @property
    def length(self) -> int:
        """Tokens fed to this step, as far as they were ids."""
        return self.ids[self.axis].shape[1] if self.axis in self.ids else 0

    @property
    def chain(self) -> list[Step]:
        """This step and those it goes on from, first one first."""
        found, step = [], self
        while step is not None:
            found.append(step)
            step = step.before  # type: ignore[assignment]
        return found[::-1]


class _Thread(threading.local):
    """Where one thread stands."""

    def __init__(self) -> None:
        self.current: Step | None = None
        self.last: Step | None = None
        self.opened: int | None = None
        self.order: Tensor | None = None
        self.counts: dict[str, int] = {}


@dataclass(eq=False)
class Steps:
    """The forward passes of one capture, each thread's for itself."""

    steps: list[Step] = field(default_factory=list)
    runs: int = 0
    passed: int = 0
    _thread: _Thread = field(default_factory=_Thread)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def current(self) -> Step | None:
        """The pass that runs in this thread, or None."""
        return self._thread.current

    @property
    def number(self) -> int:
        """Of the pass that runs; outside of one, of the next: what an encoder or the eyes do by themselves they do for it."""
        step = self._thread.current
        return step.number if step is not None else self.passed

    def begin(self, cache: Any, ids: dict[str, Tensor], mask: Tensor | None) -> None:
        """The whole model starts a forward pass."""
        thread = self._thread
        last = thread.last
        same = last is not None and cache is not None and cache is last.cache
        past = _length(cache)
        if past is None:  # a cache that cannot tell: count what was fed
            past = last.past + last.length if same and last is not None else 0
        before = last if same and past > 0 else None
        with self._lock:
            step = Step(self.passed, past, cache, _is_static(cache), before, thread.order if before else None, ids, mask)
            step.repeats = last is not None and past == 0 and _extends(last, step)
            step.run = self._run(step, last)
            self.passed += 1
            self.steps.append(step)
        thread.current, thread.opened, thread.order = step, None, None
        thread.counts.clear()

    def _run(self, step: Step, last: Step | None) -> int:
        if last is not None and (step.before is not None or step.repeats):
            return last.run
        if self._thread.opened is not None:
            return self._thread.opened
        self.runs += 1
        return self.runs - 1

    def open(self) -> None:
        """An encoder starts by itself; the next pass of the whole model belongs to its run."""
        with self._lock:
            self.passed += self._thread.opened is not None  # the one before had no pass: it was all that ran
            self._thread.opened = self.runs
            self.runs += 1
        self._thread.counts.clear()

    def axis(self, name: str) -> str:
        """The name of a sequence of the present run: "input", then "input 2" …"""
        thread = self._thread
        run = thread.current.run if thread.current is not None else self.runs if thread.opened is None else thread.opened
        return name if run == 0 else f"{name} {run + 1}"

    def end(self) -> None:
        """The forward pass of this thread is over."""
        if self._thread.current is not None:
            self._thread.last, self._thread.current = self._thread.current, None

    def forget(self) -> None:
        """Lets go of the model's caches."""
        for step in self.steps:
            step.cache = None

    def reorder(self, cache: Any, order: Tensor) -> None:
        """Beam search has moved batch items: item i goes on from item ``order[i]``."""
        thread = self._thread
        if thread.last is not None and thread.last.cache is cache:
            order = order.detach().cpu()
            thread.order = order if thread.order is None else thread.order[order]

    def crop(self, cache: Any) -> None:
        """The cache was made shorter: of what goes on from an earlier step its last tokens are undone."""
        last, kept = self._thread.last, _length(cache)
        if last is not None and last.cache is cache and last.before is not None and kept is not None:
            last.undone = min(max(0, last.past + last.length - kept), last.length)

    def count(self, name: str) -> int:
        """Which call of this module within the running pass the next one is, from 0."""
        counts = self._thread.counts
        before = counts.get(name, 0)
        counts[name] = before + 1
        return before


def _extends(last: Step, step: Step) -> bool:
    if last.cache is not None or step.cache is not None or last.length == 0 or step.length <= last.length:
        return False
    before, now = last.ids[last.axis], step.ids[step.axis]
    return before.shape[0] == now.shape[0] and bool((now[:, : before.shape[1]] == before).all())


def ancestors(step: Step) -> dict[int, Tensor | None]:
    """For each step of the chain, where the items of the last one were then; None where nothing has moved since."""
    found: dict[int, Tensor | None] = {}
    at: Tensor | None = None
    for one in reversed(step.chain):
        found[one.number] = at
        if one.order is not None:
            at = one.order if at is None else one.order[at]
    return found


def _length(cache: Any) -> int | None:
    if cache is None:
        return 0
    try:
        return int(cache.get_seq_length())
    except (AttributeError, TypeError, ValueError, NotImplementedError):
        return None


def _is_static(cache: Any) -> bool:
    layers = getattr(getattr(cache, "self_attention_cache", cache), "layers", None) or ()
    return any(isinstance(layer, StaticLayer) for layer in layers)


def _watch_reordering(owner: Any) -> Patch:
    original = owner.reorder_cache

    def reorder_cache(self: Any, beam_idx: Tensor) -> Any:
        from inspector.hooks.session import watching

        for session in watching():
            session.steps.reorder(self, torch.as_tensor(beam_idx))
        return original(self, beam_idx)

    return Patch(owner, "reorder_cache", reorder_cache)


def _watch_cropping(owner: Any) -> Patch:
    original = owner.crop

    def crop(self: Any, *args: Any, **kwargs: Any) -> Any:
        from inspector.hooks.session import watching

        result = original(self, *args, **kwargs)
        for session in watching():
            session.steps.crop(self)
        return result

    return Patch(owner, "crop", crop)


PATCHES = tuple(watch(owner) for watch in (_watch_reordering, _watch_cropping) for owner in (Cache, EncoderDecoderCache))
