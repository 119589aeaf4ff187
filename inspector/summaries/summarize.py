"""``Capture.summarize``: each call's summary by the cheapest way that is exact, kept once computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from inspector.cache import once
from inspector.captures import AttentionCall, Capture, method
from inspector.errors import OutOfRange
from inspector.indexing import at_least, one_of, position
from inspector.summaries.blocked import summarize_blocked
from inspector.summaries.facts import Item, item_of
from inspector.summaries.finite import check_found, check_given
from inspector.summaries.fused import summarize_fused
from inspector.summaries.maximum import row_maximum
from inspector.summaries.plan import Plan, plan_of
from inspector.summaries.pooling import pooled_again
from inspector.summaries.row_sums import keep_row_sums
from inspector.summaries.stopping import Progress
from inspector.summaries.summary import POOL, LayerSummary, Summary, Wanted
from inspector.summaries.together import runs_of, short_summary
from inspector.summaries.top import top_keys

__all__ = ["layers_of", "place_of", "summarize"]

Place = tuple[tuple[AttentionCall, ...], int]  # calls that are computed together, and a call's number among them


@method
def summarize(
    self: Capture,
    *,
    batch: int = 0,
    tower: str | None = None,
    kind: str | None = None,
    pool: int | None = POOL,
    without: Sequence[int] | None = None,
    spans: Mapping[str, slice | Sequence[int]] | None = None,
    how: str = "auto",
    maximum: bool = False,
    top: Sequence[int] = (),
    top_count: int = 8,
    progress: Callable[[float], Any] | None = None,
) -> Summary:
    """Exact numbers of every layer and head of one batch item; no N×N tensor is built.

    Computed once: asked again for the same, the answer is at hand. Numbers are float32 and exact to
    1e-5 + 4e-7·max|score|, distances to that times the number of tokens.

    Args:
        batch: which batch item.
        tower, kind: only this group of layers; None takes every one.
        pool: most rows and columns of the pooled map; 0 for none; None for whichever there is already.
        without: positions left out of the pooled map; None leaves out special tokens and padding.
        spans: key positions by name whose share is wanted beside those of special tokens and texts.
        how: "fused", "blocked", or "auto": the whole maps of a short text, else fused where that is exact.
        maximum: also each row's largest weight.
        top: rows whose ``top_count`` strongest keys are wanted.
        progress: called with the share done; answering False (or raising) cancels.

    Raises:
        OutOfRange: a batch item, row or span that does not exist.
        CaptureError: scores that are not finite, or ``how="fused"`` where it is not exact.
        Cancelled: ``progress`` answered False.

    >>> from inspector import Inspector
    >>> cap = Inspector.from_pretrained("bundled")("The cat sat on the mat.")
    >>> summary = cap.summarize()
    >>> summary.stack("entropy").shape
    torch.Size([6, 12, 9])
    >>> bool((summary.stack("previous")[0, 2, 2:8] > 0.9).all())  # layer 0 head 2 looks one back
    True
    """
    if tower is not None or kind is not None:
        self.find_group(tower, kind)
    pool = pool if pool is None else at_least(pool, 0, "a pool")
    how = how if isinstance(how, str) else one_of(how, ("auto", "fused", "blocked"), "a way to summarise")
    calls = [c for c in self.calls if tower in (None, c.tower) and kind in (None, c.kind)]
    batch = position(batch, calls[0].shape[0], "batch item", calls[0].name) if calls else batch
    wanted = Wanted(pool, None if without is None else tuple(without), (), how)
    layers = layers_of(self, calls, batch, wanted, spans=spans, maximum=maximum, progress=progress)
    return Summary(layers, batch, [top_keys(call, top, top_count, batch) for call in calls] if len(top) else [])


def layers_of(
    capture: Capture,
    calls: list[AttentionCall],
    batch: int,
    wanted: Wanted,
    *,
    spans: Mapping[str, slice | Sequence[int]] | None = None,
    maximum: bool = False,
    progress: Callable[[float], Any] | None = None,
) -> list[LayerSummary]:
    """The summary of each of some calls of ``capture``, at one row of their batch axis."""
    runs = runs_of(capture, calls) if wanted.how == "auto" else []
    places = {call: (run, at) for run in runs for at, call in enumerate(run)}
    progress_of, layers = Progress(progress, float(max(1, len(calls)))), []
    for call in calls:
        own = replace(wanted, spans=_spans(spans, call))
        layers.append(_summary_of(capture, call, batch, own, progress_of, places.get(call)))
        if maximum and layers[-1].maximum is None:
            layers[-1].maximum = once(call, ("maximum", batch), partial(row_maximum, layers[-1], batch))
    return layers


def place_of(batch: int, wanted: Wanted | None = None) -> tuple:
    """The key under which a batch item's numbers are kept beside its call; that of a plain summary by default."""
    wanted = wanted or Wanted()
    return ("summary", batch, wanted.spans, wanted.how)


def _summary_of(
    capture: Capture, call: AttentionCall, batch: int, wanted: Wanted, progress: Progress, place: Place | None
) -> LayerSummary:
    batch = position(batch, call.shape[0], "batch item", call.name)
    if wanted.without is not None and set(wanted.without) == _special(capture, call, batch):
        wanted = replace(wanted, without=None)
    before = progress.done

    def compute() -> tuple[Wanted, dict[str, Any]]:
        item, plan = _planned(capture, call, batch, wanted)
        shown = replace(wanted, pool=(POOL if wanted.pool is None else wanted.pool) if plan.fused else 0)
        return shown, _compute(item, plan, shown, progress).numbers

    def again() -> dict[str, Any]:
        silent = progress if progress.done == before else Progress()
        return _map(pooled_again(*_planned(capture, call, batch, wanted), base, wanted, silent))

    shown: Wanted | None = None
    if place is not None:
        base = short_summary(capture, *place, batch, wanted)
    else:
        shown, numbers = once(call, place_of(batch, wanted), compute)
        base = LayerSummary(call=call, **numbers)
    if wanted.pool and shown != wanted:  # whoever wants no map takes the one that is there
        base = replace(base, **once(call, ("map", batch, wanted), again))
    progress.step(max(0.0, before + 1.0 - progress.done))
    return base


def _map(layer: LayerSummary) -> dict[str, Any]:
    """What another pooled map changes."""
    return {name: getattr(layer, name) for name in ("pooled", "pooled_queries", "pooled_keys")}


def _planned(capture: Capture, call: AttentionCall, batch: int, wanted: Wanted) -> tuple[Item, Plan]:
    item = item_of(capture, call, batch)
    return item, plan_of(item, wanted)


@torch.no_grad()
def _compute(item: Item, plan: Plan, wanted: Wanted, progress: Progress) -> LayerSummary:
    """All numbers; the fused kernel gives a map in the same pass, row blocks do not and leave it to whoever wants one."""
    check_given(item)
    found = summarize_fused(item, plan, wanted, progress) if plan.fused else summarize_blocked(item, wanted, plan.why, progress)
    check_found(found)
    if plan.fused:
        keep_row_sums(item.call, item.batch, found.lse)
    return found


def _special(capture: Capture, call: AttentionCall, batch: int) -> set[int]:
    """The keys that ``without=None`` leaves out."""
    tokens = capture.key_tokens(call, batch)
    return {at for at, flag in enumerate(tokens.special) if flag and not tokens.padding[at]}


def _spans(spans: Mapping[str, slice | Sequence[int]] | None, call: AttentionCall) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """The caller's spans as positions that exist."""
    keys, found = call.shape[3], []
    for name, span in (spans or {}).items():
        if isinstance(span, slice):
            ends = [end for end in (span.start, span.stop) if end is not None]
            places, outside = list(range(keys))[span], [end for end in ends if not -keys <= end <= keys]
        else:
            places, outside = [int(p) % max(1, keys) for p in span], [int(p) for p in span if not -keys <= int(p) < keys]
        if outside or not places:
            raise OutOfRange(
                f"The span {name!r} was to be summed over {call.name!r}.",
                f"Position {outside[0]} is not among its {keys} keys." if outside else "It is empty.",
                f"Use positions 0 to {keys - 1}.",
            )
        found.append((name, tuple(places)))
    return tuple(found)
