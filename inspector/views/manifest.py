"""The manifest: everything a page knows of a capture before it asks for a single weight."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import torch

from inspector.cache import once
from inspector.captures import AttentionCall, Capture
from inspector.errors import InspectorError
from inspector.given import KEY, Given, given_of, read_from
from inspector.metrics import METRICS, list_metrics, measure
from inspector.scores import Scores
from inspector.tokens import Tokens
from inspector.views.registry import VIEWS, listed
from inspector.views.rows import item_of, row_name, row_of

__all__ = ["axis_rest", "group_key", "manifest_of", "measures_of"]

FORMAT = 1
_SINK = 0.3  # Gu et al. 2025: a first token that holds more than this on average is a sink


def manifest_of(
    capture: Capture, *, batch: int = 0, identity: str = "", start: dict[str, Any] | None = None, measured: bool = True
) -> dict[str, Any]:
    """Tokens, groups of layers, measures of every head, the proof and the views of one batch item, as JSON-ready data.

    Args:
        capture: what to show.
        batch: which batch item.
        identity: the name under which a server keeps the capture; "" in a page that asks nobody.
        start: the selection to begin with.
        measured: False leaves the measures of the heads out; a page asks for them with ``{"kind": "measures"}``.
    """
    groups = [_group(capture, tower, kind, batch, measured) for tower, kind in capture.towers]
    rows = max((call.shape[0] for call in capture.calls), default=1)
    return {
        "format": FORMAT,
        "id": identity,
        "title": capture.info.get("name", "model"),
        "model": {name: value for name, value in capture.info.items() if name != KEY},
        "input": asdict(given_of(capture.info, batch, rows) or _read(capture, batch)),
        "batch": batch,
        "batches": rows,
        "axes": _axes(capture, batch),
        "groups": groups,
        "measures": [_metric(name, capture) for name in list_metrics()],
        "proof": _proof(capture, groups, batch),
        "missing": [{"name": entry.name, "reason": entry.reason} for entry in capture.missing],
        "views": listed({name: view for name, view in VIEWS.items() if view().offered(capture)}),
        "start": start,
    }


def _read(capture: Capture, batch: int) -> Given:
    """What the first call's tokens say, where nobody kept the text."""
    return read_from(capture.query_tokens(capture.calls[0], batch)) if capture.calls else Given("")


def group_key(tower: str, kind: str) -> str:
    """The name of a group in links and requests: "self", "decoder.cross"."""
    return f"{tower}.{kind}" if tower else kind


def _group(capture: Capture, tower: str, kind: str, batch: int, measured: bool) -> dict[str, Any]:
    calls = capture.group(tower, kind)
    return {
        "key": group_key(tower, kind),
        "title": _title(tower, kind, len(capture.towers)),
        "tower": tower,
        "kind": kind,
        "query_axis": calls[0].axes[0],
        "key_axis": calls[0].axes[1],
        "layers": [_layer(capture, call, batch) for call in calls],
        "measures": measures_of(capture, tower, kind, batch) if measured else None,
    }


def measures_of(capture: Capture, tower: str, kind: str, batch: int) -> dict[str, list[list[float | None]]]:
    """Every measure of every head of a group by name, [layer][head]."""
    return {name: _values(capture, name, tower, kind, batch) for name in list_metrics()}


def _title(tower: str, kind: str, groups: int) -> str:
    if not tower:
        return f"{kind.capitalize()}-attention"
    plain = tower.replace("_", " ").replace(".", " ").capitalize()
    if kind != "self":
        return f"{plain}, {kind}"
    return plain if groups > 1 else f"{plain}, self"


def _layer(capture: Capture, call: AttentionCall, batch: int) -> dict[str, Any]:
    mask = call.evidence.mask if isinstance(call.evidence, Scores) else None
    sinks = getattr(call.evidence, "sinks", None) is not None
    return {
        "index": call.layer_index,
        "name": call.name,
        "rows": call.shape[0],
        "row": row_name(capture, call, batch),
        "heads": call.shape[1],
        "queries": call.shape[2],
        "keys": call.shape[3],
        "causal": bool(mask is not None and mask.is_causal),
        "learned_sink": sinks,
        "source": call.source,
        "residual": _finite(call.residual),
        "tolerance": call.proof.tolerance,
        "passed": call.proof.passed,
        "note": call.note or call.proof.note,
    }


def _values(capture: Capture, name: str, tower: str, kind: str, batch: int) -> list[list[float | None]]:
    """Per layer a list of heads; layers of one group may have different numbers of heads. None where it cannot be measured."""
    calls = capture.group(tower, kind)
    item = item_of(capture, calls[0], batch)
    return once(calls[0], ("values", name, item, len(calls)), lambda: _measured(capture, name, calls, item))  # windows share them


def _measured(capture: Capture, name: str, calls: list[AttentionCall], item: int) -> list[list[float | None]]:
    try:
        values = measure(capture, name, tower=calls[0].tower, kind=calls[0].kind, batch=item).values
    except InspectorError:  # a weight that is not a number, say: the picture shows where, so it has to be drawn
        return [[None] * call.shape[1] for call in calls]
    return [[_finite(v) for v in row[: call.shape[1]].tolist()] for row, call in zip(values, calls, strict=True)]


def _metric(name: str, capture: Capture) -> dict[str, Any]:
    metric, title = METRICS[name], METRICS[name].title
    if name == "rest" and not any(any(item.special) for items in capture.sequences.values() for item in items):
        title = "On the first token"
    return {
        "name": name, "title": title, "unit": metric.unit, "low": metric.low,
        "high": _finite(metric.high), "text": metric.text, "source": metric.source,
    }  # fmt: skip


def _axes(capture: Capture, batch: int) -> dict[str, Any]:
    axes: dict[str, Any] = {}
    for call in capture.calls:
        row = row_of(capture, call, batch)
        for name, tokens in zip(call.axes, (capture.query_tokens(call, row), capture.key_tokens(call, row)), strict=True):
            key = name
            if name in axes and len(axes[name]["labels"]) != len(tokens):  # layers of one axis may differ: pooled, blocks
                key = f"{name} · {len(tokens)}"
            if key not in axes:
                axes[key] = _axis(tokens) | axis_rest(capture, call, tokens, name, row)
    return axes


def _axis(tokens: Tokens) -> dict[str, Any]:
    return {
        "labels": list(tokens.labels),
        "tokens": list(tokens.tokens),
        "ids": list(tokens.ids),
        **{name: [int(v) for v in getattr(tokens, name)] for name in ("special", "continues", "segments", "padding", "unknown")},
    }


def axis_rest(capture: Capture, call: AttentionCall, tokens: Tokens, name: str, batch: int) -> dict[str, Any]:
    """Where attention rests on this axis: the special tokens; without any, a first token that acts as a sink; else nothing."""
    return once(capture, ("rest", name, batch, len(tokens), len(capture)), lambda: _rest_of(capture, tokens, name, batch))


def _rest_of(capture: Capture, tokens: Tokens, name: str, batch: int) -> dict[str, Any]:
    special = [at for at, flag in enumerate(tokens.special) if flag and not tokens.padding[at]]
    if special and len(special) < len(tokens):
        names = list(dict.fromkeys(tokens.tokens[at] for at in special))
        return {"rest": special, "rest_name": " and ".join(names) if len(names) < 3 else "special tokens"}
    same = [c for c in capture.calls if c.axes[1] == name and c.kind == "self" and c.shape[3] == len(tokens) > 2]
    same = [c for c in same if batch < c.shape[0]]
    if same and _first_token_mass(same, batch) > _SINK:
        return {"rest": [0], "rest_name": "the first token"}
    return {"rest": [], "rest_name": ""}


def _first_token_mass(calls: list[AttentionCall], batch: int) -> float:
    """Mean weight on key 0 over spread rows of all heads."""
    total = 0.0
    for call in calls:
        rows = (
            torch.linspace(1, call.shape[2] - 1, min(16, call.shape[2] - 1)).round().long()
            if call.shape[2] > 1
            else torch.tensor([0])
        )
        total += float(call.weights(batch, None, rows)[..., 0].mean())
    return total / len(calls)


def _proof(capture: Capture, groups: list[dict[str, Any]], batch: int) -> dict[str, Any]:
    checked = [call for call in capture.calls if call.residual is not None]
    failed = capture.failed
    least = min(checked, key=lambda call: (min(call.proof.rows / max(call.shape[2], 1), 1.0), -call.shape[2]), default=None)
    worst = max(failed or checked, key=lambda c: _order(c.residual), default=None)
    sources = list(dict.fromkeys(call.source.removeprefix("interface:") for call in capture.calls))
    return {
        "state": capture.verdict,
        "from_file": any(call.proof.from_file for call in capture.calls),
        "made_up": capture.info.get("made_up", ""),
        "residual": _finite(capture.residual),
        "tolerance": worst.proof.tolerance if worst else None,
        "checked": len(checked),
        "rows": least.proof.rows if least else 0,
        "queries": least.shape[2] if least else 0,
        "calls": len(capture.calls),
        "facts": [fact for fact in (*_sizes(groups), _token_count(capture, batch), ", ".join(sources)) if fact],
        "reason": next((call.proof.note for call in capture.calls if call.proof.note), ""),
        "worst": {"group": group_key(worst.tower, worst.kind), "layer": worst.layer_index} if worst else None,
    }


def _order(residual: float | None) -> float:
    return math.inf if residual is None or math.isnan(residual) else residual


def _sizes(groups: list[dict[str, Any]]) -> list[str]:
    return [
        f"{len(group['layers'])} layers × {group['layers'][0]['heads']} heads"
        + (f" ({group['title'].lower()})" if len(groups) > 1 else "")
        for group in groups[:3]
    ]


def _token_count(capture: Capture, batch: int) -> str:
    call = capture.calls[0]
    count = sum(not p for p in capture.query_tokens(call, row_of(capture, call, batch)).padding)
    return f"{count:,} tokens"


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)
