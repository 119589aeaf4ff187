"""The questions every view may ask of a capture, and their answers: a head, some rows, a tile, all small maps."""

from __future__ import annotations

import json
import math
from typing import Any

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.errors import InspectorError, OutOfRange
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.views.manifest import group_key, measures_of
from inspector.views.packing import exact, floats, pack, square_roots
from inspector.views.registry import ANSWERS, Request
from inspector.views.rows import row_of

__all__ = ["REMOTE_TOKENS", "answer", "find_call", "find_group", "packed_size", "request_name", "whole"]

# Up to here a browser gets everything of a head at once and computes rows itself; beyond, rows and tiles are fetched.
REMOTE_TOKENS = 1024


def answer(capture: Capture, request: Request) -> dict[str, Any]:
    """The answer to one request of a page; what cannot be answered becomes ``{"error": {asked, found, do}}``."""
    try:
        if not isinstance(request, dict):
            raise OutOfRange("A view asked for data.", "The request is not an object.", "Reload the page.")
        batches = max((call.shape[0] for call in capture.calls), default=1)
        batch = whole({"batch": 0} | request, "batch", 0, batches - 1)
        if batch and "layer" in request:
            request = request | {"batch": row_of(capture, find_call(capture, request), batch)}
        return ANSWERS[str(request.get("kind"))](capture, request)
    except InspectorError as error:
        return {"error": {"asked": error.asked, "found": error.found, "do": error.do}}


def request_name(request: Request) -> str:
    """A request as the page names it: what ``JSON.stringify`` makes of its parts in order."""
    return json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def packed_size(answer: Any) -> int:
    """About what an answer takes in a page: its packed numbers are nearly all of it."""
    if isinstance(answer, dict):
        return sum(map(packed_size, answer.values()))
    return len(answer) if isinstance(answer, str) else 0


def find_call(capture: Capture, request: Request) -> AttentionCall:
    """The call a request names by group and layer."""
    wanted = str(request.get("group", ""))
    for call in capture.calls:
        if group_key(call.tower, call.kind) == wanted and call.layer_index == request.get("layer"):
            return call
    raise OutOfRange(
        f"Layer {request.get('layer')} of {wanted!r} was asked for.",
        "The capture has no such layer.",
        "Choose one that is listed.",
    )


def whole(request: Request, name: str, low: int, high: int) -> int:
    """An integer of the request within [low, high]."""
    value = request.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise OutOfRange(
            f"{name} = {str(value)[:40]!r} was asked for.",
            f"It has to be a whole number from {low} to {high}.",
            "Choose one in range.",
        )
    return value


@ANSWERS.add("head")
def head(capture: Capture, request: Request) -> dict[str, Any]:
    """All that the rows of one head follow from."""
    call, batch = find_call(capture, request), request.get("batch", 0)
    at = whole(request, "head", 0, call.shape[1] - 1)
    queries, keys = call.shape[2:]
    local = max(queries, keys) <= (request.get("limit") or REMOTE_TOKENS)
    evidence = call.evidence
    if local and isinstance(evidence, Scores) and keys > 2 * evidence.query.shape[-1] and _plain(evidence.mask):
        return _scores(evidence, batch, at)
    if local:
        return {"form": "dense", "weights": floats(call.weights(batch, at)[0, 0])}
    return _remote(capture, call, batch, at)


def _plain(mask: Mask) -> bool:
    """Whether integers and one row of key flags say everything about the mask."""
    return mask.segments is None and mask.bias is None and (mask.dense is None or _key_flags(mask.dense, 0) is not None)


def _key_flags(dense: Tensor, batch: int) -> Tensor | None:
    """A table that only forbids whole keys, as flags."""
    if dense.ndim != 4 or dense.shape[1] != 1 or dense.shape[2] != 1:
        return None
    return dense[batch if dense.shape[0] > 1 else 0, 0, 0]


def _scores(evidence: Scores, batch: int, head: int) -> dict[str, Any]:
    sink = None if evidence.sinks is None else float(evidence.sinks.reshape(-1)[head])
    return {
        "form": "scores",
        "query": exact(evidence.query[batch, head]),
        "key": exact(evidence.key[batch, head // evidence.group]),
        "scale": evidence.scale,
        "mask": _rule(evidence.mask, batch),
        "softcap": evidence.softcap,
        "sink": sink,
    }


def _rule(mask: Mask, batch: int) -> dict[str, Any]:
    flags = mask.keys[batch if mask.keys.shape[0] > 1 else 0] if mask.keys is not None else None
    if mask.dense is not None:
        table = _key_flags(mask.dense, batch)
        flags = table if flags is None or table is None else flags & table
    rule: dict[str, Any] = {"left": mask.left, "right": mask.right, "offset": mask.offset}
    if flags is not None:
        rule["keys"] = pack(flags.to(torch.uint8))
    return rule | {"fill": None if math.isinf(mask.fill) else mask.fill}


def _remote(capture: Capture, call: AttentionCall, batch: int, head: int) -> dict[str, Any]:
    from inspector.views.remote import overview

    mask = call.evidence.mask if isinstance(call.evidence, Scores) and _plain(call.evidence.mask) else None
    return {
        "form": "remote",
        "queries": call.shape[2],
        "keys": call.shape[3],
        "mask": _rule(mask, batch) if mask else None,
    } | overview(capture, call, batch, head)


@ANSWERS.add("rows")
def rows(capture: Capture, request: Request) -> dict[str, Any]:
    """Rows from ≤ row < to of one head, exact."""
    call = find_call(capture, request)
    first = whole(request, "from", 0, call.shape[2] - 1)
    last = whole(request, "to", first + 1, min(call.shape[2], first + max(1, 2**20 // call.shape[3])))
    at = whole(request, "head", 0, call.shape[1] - 1)
    return {"weights": floats(call.weights(request.get("batch", 0), at, slice(first, last))[0, 0])}


@ANSWERS.add("measures")
def measures(capture: Capture, request: Request) -> dict[str, Any]:
    """Every measure of every head of a group, for a page whose manifest came without."""
    first = find_group(capture, request)[0]
    return {"measures": measures_of(capture, first.tower, first.kind, request.get("batch", 0))}


def find_group(capture: Capture, request: Request) -> list[AttentionCall]:
    """The calls of the group a request names."""
    calls = [c for c in capture.calls if group_key(c.tower, c.kind) == str(request.get("group", ""))]
    if not calls:
        raise OutOfRange(
            f"Group {str(request.get('group'))[:40]!r} was asked for.", "The capture has no such group.", "Choose one listed."
        )
    return calls


@ANSWERS.add("maps")
def maps(capture: Capture, request: Request) -> dict[str, Any]:
    """Every head of a group as a small map of bytes, rest and padding tokens left out."""
    from inspector.views.thumbnails import THUMBNAIL, thumbnails

    calls = find_group(capture, request)
    tables, pooled = thumbnails(capture, calls, request.get("batch", 0), THUMBNAIL)
    return {"rows": tables.shape[2], "cols": tables.shape[3], "pooled": pooled, "maps": square_roots(tables)}
