"""Which calls and texts are summarised together: short ones of one shape that see alike, as many as memory holds at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from inspector.cache import once
from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.dense import Maps, summarize_dense
from inspector.summaries.facts import Item
from inspector.summaries.finite import check_found, check_given
from inspector.summaries.plan import SHORT
from inspector.summaries.summary import LayerSummary, Wanted

__all__ = ["is_short", "maps_of", "runs_of", "short_summary", "texts_with"]

NUMBERS = 2**22  # weights at once: 16 MB


def is_short(call: AttentionCall) -> bool:
    """Whether the whole maps of one text are little work."""
    return 0 < call.shape[2] <= SHORT and 0 < call.shape[3] <= SHORT


def runs_of(capture: Capture, calls: Sequence[AttentionCall]) -> list[tuple[AttentionCall, ...]]:
    """The short ones of ``calls``, those that are computed together in one run."""
    wanted = tuple(calls)
    return once(capture, ("runs", wanted), lambda: _grouped(wanted))


def texts_with(run: tuple[AttentionCall, ...], batch: int) -> range:
    """The texts that are computed at once, among which ``batch`` is."""
    texts, heads, queries, keys = run[0].shape
    count = max(1, NUMBERS // (len(run) * heads * queries * keys))
    start = batch // count * count
    return range(start, min(texts, start + count))


def maps_of(capture: Capture, run: tuple[AttentionCall, ...], texts: range, wanted: Wanted) -> Maps:
    """The numbers of a run of calls and some texts, computed once."""
    return once(capture, ("maps", run, texts, wanted.spans), lambda: summarize_dense(capture, run, texts, wanted))


def short_summary(capture: Capture, run: tuple[AttentionCall, ...], at: int, batch: int, wanted: Wanted) -> LayerSummary:
    """The summary of a run's ``at``-th call and one text, without a map.

    Raises:
        CaptureError: scores that are not finite.
    """
    texts = texts_with(run, batch)
    maps, text = maps_of(capture, run, texts, wanted), batch - texts.start
    found = maps.of(run[at], at, text)
    if not maps.finite[at, text]:
        check_given(Item(run[at], batch, found.facts, found.mask))
        check_found(found)
    return found


def _grouped(calls: tuple[AttentionCall, ...]) -> list[tuple[AttentionCall, ...]]:
    groups: list[list[AttentionCall]] = []
    for call in filter(is_short, calls):
        _, heads, queries, keys = call.shape
        most = NUMBERS // (heads * queries * keys)
        group = next((g for g in groups if len(g) < most and _alike(g[0], call)), None)
        if group is None:
            groups.append([call])
        else:
            group.append(call)
    return [tuple(group) for group in groups]


def _alike(one: AttentionCall, two: AttentionCall) -> bool:
    """Whether rows and columns are the same tokens and the same rows see the same keys; what they give them may differ."""
    a, b = one.evidence, two.evidence
    if not isinstance(a, Scores) or not isinstance(b, Scores) or a.device != b.device:
        return False
    same = (one.shape, one.kind, one.axes, one.layout) == (two.shape, two.kind, two.axes, two.layout)
    return same and (a.sinks is None) == (b.sinks is None) and _sees_alike(a.mask, b.mask)


def _sees_alike(a: Mask, b: Mask) -> bool:
    if (a.left, a.right, a.offset) != (b.left, b.right, b.offset):
        return False
    parts = [((m.keys, m.dense) + (m.segments or (None, None))) for m in (a, b)]
    return all(_equal(x, y) for x, y in zip(*parts, strict=True))


def _equal(a: Tensor | None, b: Tensor | None) -> bool:
    if a is None or b is None or a is b:
        return a is b
    return torch.equal(a, b)
