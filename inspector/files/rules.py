"""How the fields of a capture file have to fit each other, so that whatever is loaded can be drawn, measured and saved.

Each rule is a sentence and a condition; the first one that is broken is what the error says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import TypeVar

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Given, Scores
from inspector.tokens import Tokens

__all__ = ["check_call", "check_capture", "check_evidence", "check_tokens"]

T = TypeVar("T")
Rules = tuple[tuple[str, Callable[[T], bool]], ...]
Shape = tuple[int, int, int, int]

_FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
_WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
_LARGEST = torch.finfo(torch.float32).max  # scores are computed in this precision
# Rows and columns that a file may stand for, for each of its bytes: a head's query and key take 16 to 512 bytes, and layers
# share keys. What pictures and measures work in grows with them.
_ROWS = 8

_SCORES: Rules[Scores] = (
    ("queries and keys have four axes", lambda s: s.query.ndim == s.key.ndim == 4),
    ("queries and keys are floating point", lambda s: s.query.dtype in _FLOATS and s.key.dtype in _FLOATS),
    ("no axis of the queries and keys is empty", lambda s: min(*s.query.shape, *s.key.shape) > 0),
    ("queries and keys have as many batch items", lambda s: s.query.shape[0] == s.key.shape[0]),
    ("queries and keys are as wide", lambda s: s.query.shape[3] == s.key.shape[3]),
    ("each key head serves as many heads", lambda s: s.query.shape[1] % s.key.shape[1] == 0),
    ("the scale is a number of single precision", lambda s: abs(s.scale) <= _LARGEST),
    ("the soft cap is positive", lambda s: s.softcap is None or 0 < s.softcap <= _LARGEST),
    ("there is a sink for each head", lambda s: s.sinks is None or s.sinks.shape == (s.query.shape[1],)),
    ("sinks are floating point", lambda s: s.sinks is None or s.sinks.dtype in _FLOATS),
)
_GIVEN: Rules[Given] = (
    ("weights have four axes", lambda g: g.table.ndim == 4),
    ("weights are floating point", lambda g: g.table.dtype in _FLOATS),
    ("no axis of the weights is empty", lambda g: min(g.table.shape) > 0),
)
_MASK: Rules[tuple[Mask, Shape]] = (
    ("what is forbidden becomes minus infinity or a number", lambda m: m[0].fill < math.inf),
    ("real keys are marked by true and false", lambda m: m[0].keys is None or m[0].keys.dtype == torch.bool),
    ("real keys are marked for each batch item", lambda m: m[0].keys is None or _of_axis(m[0].keys, m[1][0], m[1][3])),
    ("segments are whole numbers", lambda m: all(t.dtype in _WHOLE for t in m[0].segments or ())),
    ("segments are given for each query", lambda m: m[0].segments is None or _of_axis(m[0].segments[0], m[1][0], m[1][2])),
    ("segments are given for each key", lambda m: m[0].segments is None or _is_axis(m[0].segments[1], m[1][0], m[1][3])),
    ("the table of the mask holds true and false", lambda m: m[0].dense is None or m[0].dense.dtype == torch.bool),
    ("the table of the mask fits", lambda m: m[0].dense is None or _spreads(m[0].dense, m[1])),
    ("the bias is floating point", lambda m: m[0].bias is None or m[0].bias.dtype in _FLOATS),
    ("the bias fits", lambda m: m[0].bias is None or _spreads(m[0].bias, m[1])),
)


def check_evidence(evidence: Scores | Given) -> Scores | Given:
    """The evidence itself, when its tensors and its mask fit.

    Raises:
        ValueError: the rule that is broken.
    """
    if isinstance(evidence, Given):
        _hold(_GIVEN, evidence)
    else:
        _hold(_SCORES, evidence)
        _hold(_MASK, (evidence.mask, evidence.shape))
    return evidence


def check_call(call: AttentionCall) -> AttentionCall:
    """The call itself, when its layout is one of its weights.

    Raises:
        ValueError: it is not.
    """
    _hold((("the layout fits the weights", lambda c: c.layout is None or c.layout.fits(c.shape)),), call)
    return call


def check_tokens(tokens: Tokens) -> Tokens:
    """The tokens themselves, when every column has one entry for each.

    Raises:
        ValueError: they are of unequal length.
    """
    _hold((("every column of tokens is as long", lambda t: {len(getattr(t, f.name)) for f in fields(t)} == {len(t)}),), tokens)
    return tokens


def check_capture(capture: Capture, size: int) -> Capture:
    """The capture itself, when it does not stand for more rows and columns than ``size`` bytes of file can.

    Raises:
        ValueError: it does.
    """
    rows = sum(batch * heads * (queries + keys) for batch, heads, queries, keys in (call.shape for call in capture.calls))
    _hold((("calls hold queries and keys of their own", lambda n: n <= _ROWS * size),), rows)
    return capture


def _hold(rules: Iterable[tuple[str, Callable[[T], bool]]], thing: T) -> None:
    for sentence, holds in rules:
        if not holds(thing):
            raise ValueError(f"not so: {sentence}")


def _of_axis(table: Tensor, batch: int, length: int) -> bool:
    """[batch or 1, length or more]."""
    return table.ndim == 2 and table.shape[0] in (1, batch) and table.shape[1] >= length


def _is_axis(table: Tensor, batch: int, length: int) -> bool:
    return _of_axis(table, batch, length) and table.shape[1] == length


def _spreads(table: Tensor, shape: Shape) -> bool:
    """Whether a table can be spread over [batch, head, query, key]; it may have more rows and columns than are used."""
    if table.ndim > 4:
        return False
    sizes = (*(1,) * (4 - table.ndim), *table.shape)
    exact = all(own in (1, size) for own, size in zip(sizes[:2], shape[:2], strict=True))
    return exact and all(own == 1 or own >= size for own, size in zip(sizes[2:], shape[2:], strict=True))
