"""From a model's name and a text to a capture, for whoever serves many people: models are kept, steps are reported."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from cachetools import LRUCache

from inspector.captures import Capture
from inspector.limits import estimate
from inspector.metrics import list_metrics, measure
from inspector.models import Inspector
from inspector.views.thumbnails import is_short_work, prepare

__all__ = ["Service", "summary_of"]

Step = Callable[[str, float | None], Any]


def _silent(step: str, share: float | None = None) -> None:
    pass


class Service:
    """Runs models by name, keeping the last few; safe to call from several threads."""

    def __init__(self, kept: int = 3) -> None:
        self._kept: LRUCache[str, Inspector] = LRUCache(kept)
        self._loading: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def inspector(self, name: str, step: Step = _silent) -> Inspector:
        """The model of that name, loaded once however many ask for it at the same time."""
        with self._lock:
            if name in self._kept:
                return self._kept[name]
            lock = self._loading.setdefault(name, threading.Lock())
        with lock:
            with self._lock:
                if name in self._kept:
                    return self._kept[name]
            step("Loading model", None)
            try:
                found = Inspector.from_pretrained(name)
                with self._lock:
                    self._kept[name] = found
            finally:
                with self._lock:
                    self._loading.pop(name, None)
            return found

    def inspect(self, name: str, text: str, pair: str = "", *, truncate: bool = False, step: Step = _silent) -> Capture:
        """The capture of one text or pair.

        Args:
            name: Hub id, folder or "bundled".
            text: the text.
            pair: a second text, or "".
            truncate: cut what is longer than the model takes.
            step: is told what is being done and, where it is known, the share done; answering False cancels.

        Raises:
            InspectorError: in three sentences, why not; ``Cancelled`` when ``step`` said so.
        """
        inspector = self.inspector(name.strip(), step)
        second = pair if pair and pair.strip() else None
        inputs = inspector.encode(text, second, truncate=truncate)
        running = f"Running {_size(inspector, inputs)}"
        step(running, 0.0)
        capture = inspector(text, second, truncate=truncate, progress=lambda share: step(running, share))
        if is_short_work(capture):  # a long text is shown first and measured afterwards, when the page asks
            step("Measuring", 0.0)
            prepare(capture, progress=lambda share: step("Measuring", share))
        return capture


def _size(inspector: Inspector, inputs: dict[str, Any]) -> str:
    """How much the run will take, for whoever waits for it."""
    batch, tokens = inputs["input_ids"].shape
    found = estimate(inspector.model, tokens, batch=batch)
    return f"{tokens:,} tokens, about {max(1, round(found.total / 1e6)):,} MB"


def summary_of(capture: Capture) -> dict[str, Any]:
    """What a program wants to know of a capture, as JSON-ready data: tokens, layers, heads and every measure of every head."""
    groups = []
    for tower, kind in capture.towers:
        calls = capture.group(tower, kind)
        values = {name: measure(capture, name, tower=tower, kind=kind).values.tolist() for name in list_metrics()}
        groups.append(
            {"tower": tower, "kind": kind, "layers": len(calls), "heads": calls[0].shape[1], "measures": _finite(values)}
        )
    return {
        "model": capture.info.get("name", ""),
        "tokens": capture.tokens[0] if capture.tokens else [],
        "layers": groups[0]["layers"] if groups else 0,
        "heads": groups[0]["heads"] if groups else 0,
        "groups": groups,
        "proof": {"residual": capture.residual, "passed": not capture.failed if capture.residual is not None else None},
        "missing": [{"name": entry.name, "reason": entry.reason} for entry in capture.missing],
    }


def _finite(thing: Any) -> Any:
    """Numbers JSON knows: what is not finite becomes null."""
    if isinstance(thing, dict):
        return {name: _finite(value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [_finite(value) for value in thing]
    return thing if not isinstance(thing, float) or math.isfinite(thing) else None
