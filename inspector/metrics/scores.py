"""What a metric is, and what measuring one gives: a number for every head with all a reader needs to know about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.captures import Capture
from inspector.errors import InputError, OutOfRange
from inspector.registry import Registry
from inspector.summaries import LayerSummary

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
) -> Callable[[Compute], Compute]:
    """A decorator that registers a function (layer summary, rows) → [head] as a metric."""

    def register(compute: Compute) -> Compute:
        METRICS.add(name, order)(Metric(compute, name, title, text, unit, low, high, source, maximum))
        return compute

    return register


def list_metrics() -> list[str]:
    """The names of all metrics, in the order they are shown.

    >>> list_metrics()[:3]
    ['rest', 'previous_token', 'duplicate_token']
    """
    return list(METRICS)


@dataclass(frozen=True, eq=False)
class HeadScores:
    """One number for every head of one group of layers, mean over the rows of one text.

    Attributes:
        values: [layer, head], NaN where the number has no meaning (no token before, heads a layer lacks).
        name, title, text, unit, low, high, source: as the metric says.
        tower, kind: the group of layers.
        layers: the layer index of each row of ``values``.
        rows: "content" (no special tokens, no padding) or "all" (no padding).
        num_rows: the most rows any head's mean was taken over.
    """

    values: Tensor
    name: str
    title: str
    text: str
    unit: str
    low: float
    high: float | None
    source: str
    tower: str
    kind: str
    layers: tuple[int, ...]
    rows: str
    num_rows: int

    def top(self, count: int = 5) -> list[tuple[int, int, float]]:
        """The highest heads as (layer, head, value), highest first; heads without a value are left out."""
        flat = self.values.flatten()
        order = flat.nan_to_num(float("-inf")).argsort(descending=True, stable=True)
        width = self.values.shape[1]
        best = [(self.layers[int(at) // width], int(at) % width, float(flat[at])) for at in order[:count]]
        return [entry for entry in best if entry[2] == entry[2]]

    def __repr__(self) -> str:
        return (
            f"<{self.title} of {self.values.shape[0]} layers × {self.values.shape[1]} heads, {self.num_rows} rows ({self.rows})>"
        )


def measure(
    cap: Capture, name: str, batch: int = 0, rows: str = "content", *, tower: str | None = None, kind: str | None = None
) -> HeadScores:
    """A metric of every head of one group of layers, as ``HeadScores``.

    All metrics read one shared summary, which the capture keeps: the first costs a pass over the attention, the others nothing.

    Args:
        cap: the capture.
        name: one of ``list_metrics()``.
        batch: which text of the batch.
        rows: "content" leaves out special tokens and padding, "all" only padding.
        tower, kind: the group of layers; the first one by default.

    Raises:
        RegistryError: no metric of that name.
        OutOfRange: no such group or batch item.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat because the cat was tired.")
    >>> measure(cap, "previous_token").top(1)[0][:2]
    (0, 2)
    """
    found = METRICS[name]
    if rows not in ("content", "all"):
        raise InputError(f"Rows {rows!r} were asked for.", "There are 'content' and 'all'.", "Choose one of these.")
    group = next((g for g in cap.towers if tower in (None, g[0]) and kind in (None, g[1])), None)
    if group is None:
        raise OutOfRange(
            f"Attention of tower {tower!r}, kind {kind!r} was asked for.", f"There are {cap.towers}.", "Choose one of these."
        )
    summary = cap.summarize(batch=batch, tower=group[0], kind=group[1], pool=None, maximum=found.maximum)
    chosen = [layer.rows(rows) for layer in summary.layers]
    values = [found.compute(layer, mask) for layer, mask in zip(summary.layers, chosen, strict=True)]
    widest = max(len(v) for v in values)
    table = torch.stack([torch.nn.functional.pad(v, (0, widest - len(v)), value=float("nan")) for v in values])
    return HeadScores(
        values=table,
        name=name,
        title=found.title,
        text=found.text,
        unit=found.unit,
        low=found.low,
        high=found.high,
        source=found.source,
        tower=group[0],
        kind=group[1],
        layers=tuple(layer.call.layer_index for layer in summary.layers),
        rows=rows,
        num_rows=max(int(mask.sum(-1).max()) for mask in chosen),
    )
