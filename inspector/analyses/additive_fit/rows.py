"""What a fit learns from: one head's queries and keys on several texts, and the weights it made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.analyses.reading import read_head
from inspector.captures import AttentionCall, Capture
from inspector.errors import CaptureError

__all__ = ["HeadRows", "Place", "gather"]

Place = tuple[int, int, str | None, str | None]
"""Layer, head, kind, tower."""


@dataclass(frozen=True, eq=False)
class HeadRows:
    """Rows of one head on several texts, padded to one size.

    Attributes:
        query: [text, query, width], the rows learnt from.
        key: [text, key, width].
        allowed: [text, query, key] bool, the keys a row may see; padding never.
        target: [text, query, key], the head's weights, each row rescaled to sum 1.
        mass: [text, query], what a row summed to before: 1, or less where a learned sink takes a share. A fit is of how the
            head divides what its sink leaves; the sink's share stays the head's own.
        bias: added to the scores on both sides, [text, query, key]; None without one.
        counts: [text, query] bool, rows that are scored: no special token, no padding, at least two keys to choose from.
        content: [text, key] bool, keys that are neither special nor padding.
        position: [text, query], where each row stands in its text, counted in keys.
        scale: the head's factor on q·k.
    """

    query: Tensor
    key: Tensor
    allowed: Tensor
    target: Tensor
    mass: Tensor
    bias: Tensor | None
    counts: Tensor
    content: Tensor
    position: Tensor
    scale: float

    def __len__(self) -> int:
        return len(self.query)

    @property
    def width(self) -> int:
        """Width of the head's queries and keys."""
        return self.query.shape[-1]

    def __getitem__(self, texts: slice | list[int]) -> HeadRows:
        """Some of the texts."""
        tensors = ("query", "key", "allowed", "target", "mass", "counts", "content", "position")
        chosen = {name: getattr(self, name)[texts] for name in tensors}
        bias = None if self.bias is None else self.bias[texts]
        return HeadRows(**chosen, bias=bias, scale=self.scale)


def gather(
    captures: Sequence[Capture], place: Place, *, most_rows: int = 256, items: Sequence[int] | None = None, seed: int = 0
) -> HeadRows:
    """The rows of one head in several captures.

    Args:
        captures: what the model paid attention to, one or more texts each.
        place: layer, head, kind and tower.
        items: which items of their batches; all unless given.
        most_rows: a longer text gives so many of its rows, drawn with ``seed``.

    Raises:
        OutOfRange, CaptureError: as ``read_head``; also when no row has two keys to choose from.
    """
    layer, head, kind, tower = place
    generator = torch.Generator().manual_seed(seed)
    texts = []
    for capture in captures:
        call = capture.call(layer, kind, tower)
        texts += [
            _text(capture, call, head, item, most_rows, generator) for item in (range(call.shape[0]) if items is None else items)
        ]
    rows = max((len(text["position"]) for text in texts), default=0)
    keys = max((len(text["content"]) for text in texts), default=0)
    stacked = (
        {name: torch.stack([_padded(t[name], rows, keys, _AXES[name]) for t in texts]) for name in texts[0]} if texts else {}
    )
    if not texts or not bool(stacked["counts"].any()):
        raise CaptureError(
            f"Layer {layer} head {head} was to be fitted.",
            "None of its rows has two keys to choose from.",
            "Give a text of at least three words.",
        )
    first = read_head(captures[0].call(layer, kind, tower), head)
    bias = stacked.pop("bias")
    return HeadRows(**stacked, bias=bias if first.bias is not None else None, scale=first.scale)


_AXES = {
    "query": "r",
    "key": "k",
    "allowed": "rk",
    "target": "rk",
    "mass": "r",
    "bias": "rk",
    "counts": "r",
    "content": "k",
    "position": "r",
}


def _text(
    capture: Capture, call: AttentionCall, head: int, item: int, most_rows: int, generator: torch.Generator
) -> dict[str, Tensor]:
    reading = read_head(call, head, item)
    queries, keys = call.shape[2:]
    device = reading.query.device
    rows = torch.arange(queries)
    if queries > most_rows:
        rows = torch.randperm(queries, generator=generator)[:most_rows].sort().values
    of_query, of_key = capture.query_tokens(call, item), capture.key_tokens(call, item)
    allowed = torch.ones(1, 1, dtype=torch.bool, device=device) if reading.allowed is None else reading.allowed
    allowed = allowed.expand(queries, keys)[rows] & ~torch.tensor(of_key.padding, dtype=torch.bool, device=device)
    target = call.weights(batch=item, heads=head, queries=rows)[0, 0].to(device) * allowed
    mass = target.sum(-1)
    counts = torch.tensor(of_query.content, dtype=torch.bool, device=device)[rows] & (allowed.sum(-1) >= 2)
    bias = torch.zeros(len(rows), keys) if reading.bias is None else reading.bias.float().expand(queries, keys)[rows]
    return {
        "query": reading.query.float()[rows],
        "key": reading.key.float(),
        "allowed": allowed,
        "target": target / mass.clamp_min(1e-30)[:, None],
        "mass": mass,
        "bias": bias.to(device),
        "counts": counts & (mass > 0),
        "content": torch.tensor(of_key.content, dtype=torch.bool, device=device),
        "position": (rows + reading.offset).to(device),
    }


def _padded(tensor: Tensor, rows: int, keys: int, axes: str) -> Tensor:
    """``tensor`` with its row and key axes filled up with zeros."""
    sizes = [rows if axis == "r" else keys for axis in axes]
    whole = tensor.new_zeros(*sizes, *tensor.shape[len(sizes) :])
    whole[tuple(slice(n) for n in tensor.shape[: len(sizes)])] = tensor
    return whole
