"""What a metric is, and how all heads of a capture are measured by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, SupportsIndex, overload

import torch
from torch import Tensor

from inspector.cache import once
from inspector.captures import AttentionCall, Capture
from inspector.errors import InputError
from inspector.indexing import one_of, position
from inspector.metrics.head_scores import HeadScores
from inspector.registry import Registry
from inspector.summaries import LayerSummary
from inspector.summaries.summarize import layers_of
from inspector.summaries.summary import Wanted
from inspector.summaries.together import maps_of, runs_of, texts_with

__all__ = ["METRICS", "HeadScores", "Metric", "list_metrics", "measure", "metric"]

Compute = Callable[[LayerSummary, Tensor], Tensor]


@dataclass(frozen=True)
class Metric:
    """A number per head.

    Attributes:
        compute: (layer, rows [1 or head, query] bool) → [head].
        title: the name on a screen.
        text: what it is, in one sentence.
        unit: of the value; "" for a plain ratio.
        low, high: the range it lies in; None has no fixed end.
        source: the paper, and the section.
        maximum: needs each row's largest weight, which costs a long text an extra pass.
        together: ``compute`` reads numbers alone, and neither the call, the facts nor the mask, so that it may be given the
            heads of several layers and texts at once: short texts are measured a batch at a time.
    """

    compute: Compute
    name: str
    title: str
    text: str
    unit: str = ""
    low: float = 0.0
    high: float | None = None
    source: str = ""
    maximum: bool = False
    together: bool = False


METRICS: Registry[Metric] = Registry("metric")


def metric(
    name: str,
    *,
    order: int,
    title: str,
    text: str,
    source: str,
    unit: str = "",
    low: float = 0.0,
    high: float | None = None,
    maximum: bool = False,
    together: bool = False,
) -> Callable[[Compute], Compute]:
    """A decorator that registers a function (layer summary, rows) → [head] as a metric."""

    def register(compute: Compute) -> Compute:
        METRICS.add(name, order)(Metric(compute, name, title, text, unit, low, high, source, maximum, together))
        return compute

    return register


def list_metrics() -> list[str]:
    """The names of all metrics, in the order they are shown.

    >>> list_metrics()[:3]
    ['rest', 'previous_token', 'duplicate_token']
    """
    return list(METRICS)


@overload
def measure(  # type: ignore[overload-overlap]
    cap: Capture,
    name: str,
    batch: SupportsIndex | None = 0,
    rows: str = "content",
    *,
    tower: str | None = None,
    kind: str | None = None,
) -> HeadScores: ...
@overload
def measure(
    cap: Capture,
    name: Iterable[str],
    batch: SupportsIndex | None = 0,
    rows: str = "content",
    *,
    tower: str | None = None,
    kind: str | None = None,
) -> dict[str, HeadScores]: ...
def measure(
    cap: Capture,
    name: str | Iterable[str],
    batch: SupportsIndex | None = 0,
    rows: str = "content",
    *,
    tower: str | None = None,
    kind: str | None = None,
) -> HeadScores | dict[str, HeadScores]:
    """A metric of every head of one group of layers, as ``HeadScores``; several as a dictionary of them by name.

    All metrics read one shared summary, which the capture keeps: the first costs a pass over the attention, the others nothing.

    Args:
        cap: the capture.
        name: one of ``list_metrics()``, or several.
        batch: which text of the batch; None for the mean over all of them, each counting once however long it is. A text for
            which a number has no meaning is left out of its mean.
        rows: "content" leaves out special tokens and padding, "all" only padding.
        tower, kind: the group of layers; the first one by default.

    Raises:
        RegistryError: no metric of that name.
        OutOfRange: no such group or batch item.
        InputError: other ``rows``, or a name that is none.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat because the cat was tired.")
    >>> measure(cap, "previous_token").top(1)[0][:2]
    (0, 2)
    >>> list(measure(cap, ["entropy", "rest"]))
    ['entropy', 'rest']
    """
    if not isinstance(cap, Capture):
        raise InputError(
            "Heads were to be measured.", f"A {type(cap).__name__} is no capture.", "Give what an Inspector returns."
        )
    if isinstance(name, str):
        return _measured(cap, METRICS[name], batch, rows, tower, kind)
    return {one: _measured(cap, METRICS[one], batch, rows, tower, kind) for one in _names(name)}


def _names(given: Any) -> list[str]:
    names = list(given) if isinstance(given, Iterable) else [given]
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            "Heads were to be measured.", f"The measure {given!r} is no name.", f"Use some of {', '.join(list_metrics())}."
        )
    return names


def _measured(cap: Capture, found: Metric, batch: Any, rows: str, tower: str | None, kind: str | None) -> HeadScores:
    one_of(rows, ("content", "all"), "rows")
    group = cap.find_group(tower, kind)
    calls = cap.group(*group)
    items = range(max(_items(cap, call) for call in calls)) if batch is None else [_item(batch, cap, calls)]
    tables, counts = zip(*(_of_item(cap, found, calls, item, rows) for item in items), strict=True)
    return HeadScores(
        values=tables[0].clone() if len(tables) == 1 else torch.stack(tables).nanmean(0),
        name=found.name,
        title=found.title,
        text=found.text,
        unit=found.unit,
        low=found.low,
        high=found.high,
        source=found.source,
        tower=group[0],
        kind=group[1],
        layers=tuple(call.layer_index for call in calls),
        rows=rows,
        num_rows=sum(counts),
    )


def _items(cap: Capture, call: AttentionCall) -> int:
    """How many texts or pictures the rows of a call are; windows of one picture are none of their own."""
    return call.shape[0] // cap.parts(call)


def _item(batch: Any, cap: Capture, calls: list[AttentionCall]) -> int:
    return position(batch, min(_items(cap, call) for call in calls), "batch item", "the capture")


def _of_item(cap: Capture, found: Metric, calls: list[AttentionCall], item: int, rows: str) -> tuple[Tensor, int]:
    """The numbers of one text, [layer, head], and the most rows any was taken over; NaN for layers that folded it away.

    A layer that cut a picture into windows has the mean over all windows of that picture.
    """
    runs = runs_of(cap, calls) if found.together else []
    if len(runs) == 1 and len(runs[0]) == len(calls) and cap.parts(calls[0]) == 1:
        whole_group = _at_once(cap, found, runs[0], item, rows)
        if whole_group is not None:
            return whole_group
    here = {call: at for at, call in enumerate(calls) if item < _items(cap, call)}
    parts = max((cap.parts(call) for call in here), default=1)
    table, count = torch.full((parts, len(calls), max(call.shape[1] for call in calls)), float("nan")), 0
    for part in range(parts):
        there = [call for call in here if part < cap.parts(call)]
        for call, values, most in _of_rows(cap, found, runs, {c: item * cap.parts(c) + part for c in there}, rows):
            table[part, here[call], : len(values)] = values
            count = max(count, most * cap.parts(call))
    return table.nanmean(0), count


def _of_rows(
    cap: Capture, found: Metric, runs: list[tuple[AttentionCall, ...]], wanted: dict[AttentionCall, int], rows: str
) -> Iterator[tuple[AttentionCall, Tensor, int]]:
    """(call, values [head], most rows) of some calls, each at a row of its batch axis; calls of the same row in one go."""
    left: dict[int, list[AttentionCall]] = {}
    for call, row in wanted.items():
        left.setdefault(row, []).append(call)
    for run in runs:
        if run[0] in wanted and (known := _at_once(cap, found, run, wanted[run[0]], rows)) is not None:
            left[wanted[run[0]]] = [call for call in left[wanted[run[0]]] if call not in run]
            yield from ((call, known[0][at], known[1]) for at, call in enumerate(run))
    for row, some in left.items():
        for layer in layers_of(cap, some, row, Wanted(pool=None), maximum=found.maximum):
            chosen = layer.rows(rows)
            yield layer.call, found.compute(layer, chosen), int(chosen.sum(-1).max())


def _at_once(cap: Capture, found: Metric, run: tuple[AttentionCall, ...], item: int, rows: str) -> tuple[Tensor, int] | None:
    """([layer, head] values of one text, most rows) of calls that are summarised together: of all texts at once, and kept."""
    if item >= run[0].shape[0]:
        return None
    texts = texts_with(run, item)
    values, counts, finite = once(
        cap, ("measured", found.compute, rows, run, texts.start), partial(_of_maps, cap, found, run, texts, rows)
    )
    at = item - texts.start
    return (values[:, at], counts[at]) if finite[at] else None  # else its own summary says what is wrong


def _of_maps(
    cap: Capture, found: Metric, run: tuple[AttentionCall, ...], texts: range, rows: str
) -> tuple[Tensor, list[int], list[bool]]:
    """([call, text, head] values, and for each text the most rows of a mean and whether all is finite)."""
    maps = maps_of(cap, run, texts, Wanted())
    shape, chosen = maps.numbers["entropy"].shape[:3], maps.several.rows(rows)
    most = chosen.sum(-1).unflatten(0, shape).amax((0, 2))
    return found.compute(maps.several, chosen).unflatten(0, shape), most.tolist(), maps.finite.all(0).tolist()
