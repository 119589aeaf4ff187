"""The definitions, written out over whole float64 maps: what every summary is held against."""

from __future__ import annotations

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.tokens import Tokens

NAN = float("nan")


def tokens_of(ids, special=(), padding=(), segments=None) -> Tokens:
    n = len(ids)
    names = tuple(str(i) for i in ids)
    flags = tuple(i in special for i in range(n))
    pads = tuple(i in padding for i in range(n))
    segments = segments or tuple(-1 if s or p else 0 for s, p in zip(flags, pads, strict=True))
    return Tokens(names, names, tuple(ids), flags, (False,) * n, tuple(segments), pads)


def capture_of(query, key, scale=0.37, mask=None, softcap=None, sinks=None, tokens=None, kind="self") -> Capture:
    evidence = Scores(query, key, scale, mask or Mask(), softcap, sinks)
    axes = ("input", "input") if kind == "self" else ("target", "input")
    call = AttentionCall("layer.0", evidence, kind=kind, axes=axes)
    batch = query.shape[0]
    sequences = {"input": tuple(tokens if isinstance(tokens, list) else [tokens] * batch)} if tokens else {}
    return Capture(calls=[call], sequences=sequences)


def band(queries, keys, left=None, right=None, offset=0) -> Tensor:
    here, there = torch.arange(queries)[:, None] + offset, torch.arange(keys)[None]
    allowed = torch.ones(queries, keys, dtype=torch.bool)
    if right is not None:
        allowed &= there <= here + right
    if left is not None:
        allowed &= there >= here - left
    return allowed


def dense_weights(query, key, scale, allowed, bias=None, softcap=None, sinks=None):
    """([head, query, key] weights, [head, query] sink share, largest |score|) in float64; q is [head, n, d]."""
    group = query.shape[0] // key.shape[0]
    scores = query.double() @ key.double().repeat_interleave(group, 0).transpose(-1, -2) * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias.double()
    allowed = allowed.expand_as(scores)
    largest = float(scores[allowed].abs().max()) if allowed.any() else 0.0
    scores = scores.masked_fill(~allowed, float("-inf"))
    sink = torch.full((*scores.shape[:2], 1), float("-inf"), dtype=torch.float64)
    if sinks is not None:
        sink = sinks.double()[:, None, None].expand(-1, scores.shape[1], 1)
    both = torch.softmax(torch.cat([scores, sink], -1), -1).nan_to_num(0.0)
    return both[..., :-1], both[..., -1], largest


def dense_numbers(weights, sink, allowed, tokens: Tokens, causal, window=4, pool=64) -> dict[str, Tensor]:
    """Every number of a self-attention summary from its float64 map, position i being key i. Rows that do not exist are NaN."""
    heads, n, _ = weights.shape
    allowed = allowed.expand(heads, n, n)
    special, padding = torch.tensor(tokens.special), torch.tensor(tokens.padding)
    content, real = ~special & ~padding, ~padding & allowed.any(-1)
    ids, i = torch.tensor(tokens.ids).masked_fill(padding, -1), torch.arange(n)
    gap = i[:, None] - i[None]
    known = (ids >= 0)[:, None]
    same = (ids[:, None] == ids[None]) & (gap != 0) & known
    after = (ids[:, None] == torch.roll(ids, 1)[None]) & (i[None] > 0) & (gap > 0) & known
    out = {
        "entropy": torch.special.entr(weights).sum(-1) + torch.special.entr(sink),
        "distance": (weights * gap.abs()).sum(-1),
        "local": (weights * (gap.abs() <= window)).sum(-1),
        "maximum": weights.amax(-1),
        "duplicate": _over(weights, same & allowed),
        "induction": _over(weights, after & allowed),
        "special": weights[..., special & ~padding].sum(-1),
        "first": weights[..., int((~padding).int().argmax())],
        "sink": sink,
    }
    for name, offset in (("previous", -1), ("itself", 0), ("following", 1)):
        out[name] = torch.full((heads, n), NAN, dtype=torch.float64)
        for row in range(n):
            if 0 <= row + offset < n:
                there = allowed[:, row, row + offset]
                out[name][there, row] = weights[there, row, row + offset]
    out = {name: values.masked_fill(~real, NAN) for name, values in out.items()}
    rows = content & ~padding
    out["received"] = weights[:, rows].sum(1)
    out["seen"] = allowed[:, rows].sum(1).double()
    kept = (~special & ~padding).nonzero().flatten()
    kept = kept if len(kept) else (~padding).nonzero().flatten()
    out["pooled"] = _pooled(weights[:, kept][:, :, kept], pool)
    return out


def _over(weights, pattern):
    return (weights * pattern).sum(-1).masked_fill(~pattern.any(-1), NAN)


def _pooled(weights, size):
    n = weights.shape[-1]
    blocks = min(n, size)
    place = torch.arange(n) * blocks // n
    into = torch.nn.functional.one_hot(place, blocks).double()
    into = into / into.sum(0)
    return into.T @ weights @ into


def bound(largest: float) -> float:
    """The accuracy every number is held to."""
    return 1e-5 + 4e-7 * largest
