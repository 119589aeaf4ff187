"""From a model's name and a text to a capture, for whoever serves many people: models are kept, steps are reported."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

from inspector.access import Access
from inspector.captures import Capture
from inspector.errors import Cancelled, InputError
from inspector.hub import called, fetched
from inspector.kept import Kept, share_of_memory
from inspector.limits import estimate
from inspector.metrics import list_metrics, measure
from inspector.models import Inspector
from inspector.sizes import check_config, weight_of
from inspector.views.thumbnails import is_short_work, prepare

__all__ = ["Service", "summary_of"]

MODELS_SHARE = 0.4  # of the memory there is; the rest is for runs and what is kept of them
DOWNLOAD = 2 * 2**30  # bytes a stranger may have fetched for one model, unless INSPECTOR_DOWNLOAD says otherwise

Step = Callable[[str, float | None], Any]


def _silent(step: str, share: float | None = None) -> None:
    pass


class Service:
    """Runs models by name, keeping as many of the last ones as a share of memory holds; safe to call from several threads."""

    def __init__(self, access: Access | None = None) -> None:
        self.access = access or Access.from_environment()
        self._room = share_of_memory(MODELS_SHARE, memory=self.access.memory)
        self._kept: Kept[Inspector] = Kept(self._room, lambda inspector: weight_of(inspector.model))
        self._loading: dict[tuple[str, bool], threading.Lock] = {}
        self._lock = threading.Lock()

    def inspector(self, asked: object, step: Step = _silent, *, public: bool = False) -> Inspector:
        """The model of that name, loaded once however many ask for it at the same time.

        Args:
            asked: what was written as its name.
            step: is told that it is being loaded.
            public: whether strangers reach this server: then the name is a Hub id and bounds hold.
        """
        name = self.access.name(asked, public=public)
        key = (name, self.access.on_disk(name, public=public))
        with self._lock:
            lock = self._loading.setdefault(key, threading.Lock())
        with lock:
            found = self._kept.get(key)
            if found is None:
                try:
                    if step("Loading model", None) is False:
                        raise Cancelled("A model was to be loaded.", "It was cancelled before it began.", "Press Inspect again.")
                    found = self._load(*key)
                    self._kept.put(key, found)
                finally:
                    with self._lock:
                        self._loading.pop(key, None)
            return found

    def _load(self, name: str, on_disk: bool) -> Inspector:
        if on_disk:
            return Inspector.from_pretrained(name)
        own = name in self.access.allowed  # what its owner offers, he may offer with his own token
        folder = fetched(name, self.access.download or DOWNLOAD, token=None if own else False)
        with called(name, folder):
            check_config(folder, self._room)
            found = Inspector.from_pretrained(folder)
        found.name = name
        return found

    def inspect(
        self, name: object, text: str, pair: str = "", *, truncate: bool = False, step: Step = _silent, public: bool = False
    ) -> Capture:
        """The capture of one text or pair.

        Args:
            name: Hub id, folder or "bundled", as it was written.
            text: the text.
            pair: a second text, or "".
            truncate: cut what is longer than the model takes.
            step: is told what is being done and, where it is known, the share done; answering False cancels.
            public: whether strangers reach this server.

        Raises:
            InspectorError: in three sentences, why not; ``Cancelled`` when ``step`` said so.
        """
        inspector = self.inspector(name, step, public=public)
        odd = next((part for part in (text, pair) if not isinstance(part, str)), None)
        if odd is not None:
            raise InputError("A text was to be inspected.", f"There was a {type(odd).__name__} in its place.", "Type a text.")
        second = pair if pair.strip() else None
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
        "proof": {
            "residual": capture.residual,
            "verdict": capture.verdict,
            "passed": {"passed": True, "made_up": True, "failed": False}.get(capture.verdict),
        },
        "missing": [{"name": entry.name, "reason": entry.reason} for entry in capture.missing],
    }


def _finite(thing: Any) -> Any:
    """Numbers JSON knows: what is not finite becomes null."""
    if isinstance(thing, dict):
        return {name: _finite(value) for name, value in thing.items()}
    if isinstance(thing, list):
        return [_finite(value) for value in thing]
    return thing if not isinstance(thing, float) or math.isfinite(thing) else None
