"""Where a page begins when nobody says: an example at its own link, any other text at its most selective one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from inspector.bundled import TITLE
from inspector.captures import AttentionCall, Capture
from inspector.examples import EXAMPLES
from inspector.tokens import Tokens
from inspector.views.manifest import axis_rest, group_key
from inspector.views.rows import row_of

__all__ = ["first_start", "started"]

_BUDGET = 1_000_000  # weights that are looked at: a first picture waits for them
_FAR = 3  # nearer links are mostly those of heads that look one or two places back, whatever stands there
_MOST = 0.5  # a row whose largest weight is below counts for less
_PLACES = {"group", "layer", "head", "heads", "query", "key"}


def started(capture: Capture, start: dict[str, Any] | None, batch: int = 0) -> dict[str, Any]:
    """The start that was asked for; the place is found where it names none."""
    asked = dict(start or {})
    return asked if _PLACES & asked.keys() else first_start(capture, batch) | asked


def first_start(capture: Capture, batch: int = 0) -> dict[str, Any]:
    """``{group, layer, heads, query}`` of the link that tells most, within the first group; without a link, its first head.

    The link is the largest weight of its row, between two different words at least three tokens apart, and of all such links
    the one that holds most times what the average row gives its key. Long texts are looked at in evenly spread rows.
    """
    tower, kind = capture.towers[0]
    calls = capture.group(tower, kind)
    known = _example(capture, calls[0], row_of(capture, calls[0], batch))
    if known:
        return known
    here = {"group": group_key(tower, kind), "layer": calls[0].layer_index, "heads": [0]}
    rows = max(1, _BUDGET // max(1, sum(call.shape[1] * call.shape[3] for call in calls)))
    best = 0.0
    for call in calls:
        found = _selective(capture, call, row_of(capture, call, batch), rows)
        if found is not None and found[0] > best:
            best, head, query = found
            here |= {"layer": call.layer_index, "heads": [head], "query": query}
    return here


def _example(capture: Capture, call: AttentionCall, batch: int) -> dict[str, Any] | None:
    """The start of the app's example of this very text, which the bundled model was given."""
    if capture.info.get("name") != TITLE or call.axes != ("input", "input"):
        return None
    tokens = capture.query_tokens(call, batch)
    text = "".join(label for label, content in zip(tokens.labels, tokens.content, strict=True) if content)
    for example in EXAMPLES:
        if text == "".join((example.text + example.pair).lower().split()):
            return dict(example.start)
    return None


def _selective(capture: Capture, call: AttentionCall, batch: int, limit: int) -> tuple[float, int, int] | None:
    """(how selective, head, query) of a layer's best link."""
    pair = capture.query_tokens(call, batch), capture.key_tokens(call, batch)
    words = [_words(capture, call, tokens, name, batch) for tokens, name in zip(pair, call.axes, strict=True)]
    if min(map(len, words)) == 0:
        return None
    spread = torch.linspace(0, len(words[0]) - 1, min(limit, len(words[0]))).round().long()
    queries, keys = words[0][spread], words[1]
    weights = call.weights(batch, None, queries)[0].cpu()[..., keys].nan_to_num(0).clamp(0, 1)
    means = weights.sum(1, keepdim=True) / (weights > 0).sum(1, keepdim=True).clamp_min(1)
    largest, at = weights.max(-1)
    times = largest / means.expand_as(weights).gather(-1, at[..., None])[..., 0].clamp_min(1e-12)
    told = times * (largest / _MOST).clamp(max=1) ** 2 * (largest > 0)
    if call.axes[0] == call.axes[1]:
        told = told * _apart(pair[0], pair[1], queries, keys[at])
    value, place = told.flatten().max(0)
    head, row = divmod(int(place), len(queries))
    return (float(value), head, int(queries[row])) if value > 0 else None


def _words(capture: Capture, call: AttentionCall, tokens: Tokens, name: str, batch: int) -> Tensor:
    """Positions of words: content that is written in letters or digits, where any is; no special, padding or rest tokens."""
    rest = set(axis_rest(capture, call, tokens, name, batch)["rest"])
    content = [at for at, yes in enumerate(tokens.content) if yes and at not in rest]
    return torch.tensor([at for at in content if tokens.labels[at].isalnum()] or content, dtype=torch.long)


def _apart(query_tokens: Tokens, key_tokens: Tokens, queries: Tensor, keys: Tensor) -> Tensor:
    """[head, row]: 1 for a link between different words that are not neighbours, a little for any other but to itself."""
    names = {label.lower(): at for at, label in enumerate((*query_tokens.labels, *key_tokens.labels))}
    left, right = (torch.tensor([names[label.lower()] for label in tokens.labels]) for tokens in (query_tokens, key_tokens))
    away = (queries - keys).abs()
    return torch.where((away >= _FAR) & (left[queries] != right[keys]), 1.0, 1e-3 * (away > 0))
