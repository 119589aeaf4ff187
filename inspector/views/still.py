"""The picture that stands where no script runs: a sentence, lines and numbers of one row, drawn here from the same weights.

A table and words pass every filter (GitHub, an untrusted notebook, e-mail); the lines are an image of their own, so that a host
which takes images away leaves no stray words behind.
"""

from __future__ import annotations

import base64
import html
import math
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.tokens import Tokens
from inspector.views.manifest import axis_rest, group_key
from inspector.views.rows import row_of
from inspector.views.still_lines import Lines, cut, drawn

__all__ = ["still"]

_SHOWN = 7
_WHOLE = 2**22  # weights of one head that may be read to say what the average token gives a key
_FONT = "-apple-system,'Segoe UI',Roboto,'Helvetica Neue','Noto Sans',Arial,sans-serif"
_WHY = "This is a still picture: the live one needs scripts, which do not run here."
_CELL = "padding:0 12px 0 0;border:0;text-align:{};font-variant-numeric:tabular-nums"


@dataclass(frozen=True)
class _Row:
    """One row of one head, in the order of its weights."""

    call: AttentionCall
    head: int
    query: int
    queries: Tokens
    keys: Tokens
    weights: list[float]
    order: list[int]
    rest: list[int]
    rest_name: str

    def name(self, tokens: Tokens, at: int) -> str:
        """A token as words quote it."""
        label = self.label(tokens, at)
        return label if tokens.special[at] else f"‘{label}’"

    @staticmethod
    def label(tokens: Tokens, at: int) -> str:
        """A token without quotes."""
        return cut(("–" if tokens.continues[at] else "") + tokens.labels[at])


def still(capture: Capture, manifest: dict[str, Any], hint: str = "") -> str:
    """HTML without scripts, styles or identifiers of its own; every label is text. ``hint`` says how to get the live picture."""
    start = manifest["start"] or {}
    call = _call(capture, start)
    batch = row_of(capture, call, manifest["batch"])  # layers may have cut a picture into different numbers of windows
    row = _row(capture, call, start, batch)
    lines = drawn(_lines(capture, row, batch))
    source = base64.b64encode(lines.text.encode("utf-8")).decode("ascii")
    finding = _finding(row, _mean(row, batch))
    which = f"Layer {row.call.layer_index}, head {row.head} of {manifest['title']}; {_count(manifest)}."
    image = (
        f'<img src="data:image/svg+xml;base64,{source}" alt="{html.escape(lines.said)}" '
        f'width="{lines.width}" height="{lines.height}" style="display:block;max-width:100%;height:auto;margin:8px 0">'
    )
    return (
        f'<figure style="margin:0;padding:12px;max-width:{lines.width}px;font:14px/1.5 {_FONT}">'
        f"<figcaption><strong>{finding}</strong><br>{html.escape(which)}</figcaption>{image}"
        f"<small>{html.escape(lines.said)}</small>{_table(row)}<p>{html.escape(_proof(manifest['proof']))}</p>"
        f"<p><small data-still>{html.escape(f'{_WHY} {hint}'.strip())}</small></p></figure>"
    )


def _row(capture: Capture, call: AttentionCall, start: dict[str, Any], batch: int) -> _Row:
    """The row the page begins with; its head's strongest one where it begins with none."""
    heads = start.get("heads") or [start.get("head") or 0]
    head = heads[0] if heads[0] < call.shape[1] else 0
    queries, keys = capture.query_tokens(call, batch), capture.key_tokens(call, batch)
    known = axis_rest(capture, call, keys, call.axes[1], batch)
    free = [at for at in range(len(keys)) if not keys.padding[at] and at not in known["rest"]] or list(range(len(keys)))
    query = start.get("query")
    if query is None or not 0 <= query < len(queries):
        query = _strongest(call, head, batch, queries, free)
    weights = call.weights(batch, head, query)[0, 0, 0].tolist()
    order = sorted(free, key=lambda key: -weights[key] if weights[key] == weights[key] else 1.0)
    rest = [at for at in known["rest"] if not keys.padding[at]]
    return _Row(call, head, query, queries, keys, weights, order, rest, known["rest_name"])


def _call(capture: Capture, start: dict[str, Any]) -> AttentionCall:
    group = start.get("group") or group_key(*capture.towers[0])
    calls = [one for one in capture.calls if group_key(one.tower, one.kind) == group] or capture.calls
    return next((one for one in calls if one.layer_index == start.get("layer")), calls[0])


def _strongest(call: AttentionCall, head: int, batch: int, queries: Tokens, free: list[int]) -> int:
    content = [at for at, yes in enumerate(queries.content) if yes] or [0]
    some = content[:: 1 + len(content) * len(free) // _WHOLE]
    return some[int(call.weights(batch, head, some)[0, 0][:, free].nan_to_num(0).max(-1).values.argmax())]


def _mean(row: _Row, batch: int) -> float | None:
    """What the average token that may see the row's strongest key gives it; None where it would take too long to know."""
    content = [at for at, yes in enumerate(row.queries.content) if yes]
    if not content or len(content) * len(row.keys) > _WHOLE:
        return None
    column: Tensor = row.call.weights(batch, row.head, content)[0, 0][:, row.order[0]].double()
    seen = int((column > 0).sum())
    return float(column.nan_to_num(0).sum()) / seen if seen else None


def _finding(row: _Row, mean: float | None) -> str:
    """What the row says, as HTML."""
    query, key = (f"<bdi>{html.escape(row.name(*one))}</bdi>" for one in ((row.queries, row.query), (row.keys, row.order[0])))
    broken = sum(not math.isfinite(weight) for weight in row.weights)
    if broken:
        return f"{query} has {broken:,} weight{'s' if broken > 1 else ''} that {'are' if broken > 1 else 'is'} not a number."
    weight, rest = row.weights[row.order[0]], sum((row.weights[at] for at in row.rest), 0.0)
    resting = f"{query} gives {html.escape(row.rest_name)} {_short(rest)} of its attention"
    if not weight > 0:
        return f"{resting}." if rest > 0 else f"{query} has no allowed key."
    compared = f", {weight / mean:.1f} times what the average token gives it ({_short(mean)})" if mean else ""
    if rest > weight:
        return f"{resting}; of the other tokens most to {key}: {_short(weight)}{compared}."
    return f"{query} gives {key} {_short(weight)} of its attention{compared}."


def _short(weight: float) -> str:
    """Two decimals, and four where these would print a small weight as nothing."""
    return f"{weight:.2f}" if weight >= 0.005 or weight == 0 else f"{weight:.4f}" if weight >= 0.00005 else "less than 0.0001"


def _power(number: float) -> str:
    """Such as 4.2e−7, as the live picture prints it."""
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits.removesuffix('.0')}e{int(exponent)}".replace("-", "−")


def _table(row: _Row) -> str:
    """The row's largest weights, what the others share, and what rests; they add up to the row."""
    top, others = row.order[:_SHOWN], row.order[_SHOWN:]
    lines = [(row.name(row.keys, at), f"position {at}", row.weights[at]) for at in top]
    if others:
        lines.append((f"{len(others):,} other{'s' if len(others) > 1 else ''}", "", sum(row.weights[at] for at in others)))
    if row.rest:
        lines.append((row.rest_name, "at rest", sum(row.weights[at] for at in row.rest)))
    cells = "".join(
        f'<tr><td style="{_CELL.format("left")}"><bdi>{html.escape(name)}</bdi></td>'
        f'<td style="{_CELL.format("left")}">{place}</td><td style="{_CELL.format("right")}">{weight:.3f}</td></tr>'
        for name, place, weight in lines
    )
    title = html.escape(f"Where {row.name(row.queries, row.query)} (position {row.query}) looks")
    return (
        f'<table style="border-collapse:collapse;margin:8px 0"><caption style="text-align:left">{title}</caption>{cells}</table>'
    )


def _lines(capture: Capture, row: _Row, batch: int) -> Lines:
    """The tokens and links that are drawn: all of a short text, else the row's surroundings and its strongest keys."""
    queries = [at for at, yes in enumerate(row.queries.content) if yes] or [row.query]
    if row.query not in queries:
        queries = sorted([*queries, row.query])
    keys, whole = sorted(row.order), max(len(queries), len(row.order)) <= Lines.MOST
    if not whole:
        at = max(0, min(queries.index(row.query) - Lines.SOME // 2, len(queries) - Lines.SOME))
        queries, keys = queries[at : at + Lines.SOME], sorted(row.order[: Lines.SOME])
    table = row.call.weights(batch, row.head, queries)[0, 0][:, keys].nan_to_num(0).tolist()
    count = len(row.order)
    return Lines(
        [row.label(row.queries, at) for at in queries],
        [row.label(row.keys, at) for at in keys],
        table,
        queries.index(row.query),
        0.05 if count <= 40 else min(0.05, 5 / count),
        whole,
    )


def _count(manifest: dict[str, Any]) -> str:
    return ", ".join(str(fact) for fact in manifest["proof"]["facts"])


def _checked(proof: dict[str, Any]) -> str:
    """How much was compared, where it was not every row."""
    if proof["checked"] < proof["calls"]:
        return f" in {proof['checked']:,} of {proof['calls']:,} calls; the others could not be checked"
    rows, queries = proof["rows"], proof["queries"]
    return f" in {rows:,} of {queries:,} rows of every head" if 0 < rows < queries else ""


def _proof(proof: dict[str, Any]) -> str:
    residual, limit = proof["residual"], proof["tolerance"]
    if proof["state"] in ("passed", "made_up", "saved"):
        within = f"{_power(residual)} (limit {_power(limit)}){_checked(proof)}"
        if proof["state"] == "saved":
            word = "Checked when it was saved, by the file’s word"
            return f"{word}: weights × values equalled the model’s own output within {within}."
        equal = f"weights × values equal the model’s own output within {within}."
        return (
            f"✓ Checked: {equal}"
            if proof["state"] == "passed"
            else f"Checked, but on made-up weights: {proof['made_up']}; {equal}"
        )
    if proof["state"] == "failed":
        off = "a number that is not finite" if residual is None else _power(residual)
        return f"✗ Failed: weights × values differ from the model’s own output by {off} (limit {_power(limit)})."
    return f"Not checked: {proof['reason'] or 'the model’s own output was not kept'}."
