"""What is known about the rows and columns of one attention call before any weight: positions, special tokens, padding, ids."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.simplify import simplify
from inspector.tokens import Tokens

__all__ = ["Facts", "Item", "facts_of", "item_of", "mask_of"]


@dataclass(frozen=True, eq=False)
class Facts:
    """Rows (queries) and columns (keys) of one call for one batch item, on the CPU.

    Attributes:
        same: both axes are one sequence, so that "the token before" and distances mean something.
        position: [query] place of each query counted in keys.
        real: [query] False for padding.
        content: [query] neither padding nor a special token.
        special: [key] added by the tokenizer ([CLS], <s>), and not padding.
        padding: [key] only fills up a batch.
        segment: [key] 0 for the first text, 1 for the second, −1 for neither.
        query_ids, key_ids: vocabulary ids, −1 where unknown or padding.
    """

    same: bool
    position: Tensor
    real: Tensor
    content: Tensor
    special: Tensor
    padding: Tensor
    segment: Tensor
    query_ids: Tensor
    key_ids: Tensor

    @property
    def first(self) -> int:
        """The first key that is not padding."""
        return int((~self.padding).int().argmax())


@dataclass(frozen=True, eq=False)
class Item:
    """One batch item of one call: what a summary is computed from.

    Attributes:
        call, batch: which.
        facts: its rows and columns.
        mask: its mask in the simplest form.
    """

    call: AttentionCall
    batch: int
    facts: Facts
    mask: Mask

    @property
    def shape(self) -> tuple[int, int, int]:
        """(heads, queries, keys)."""
        return self.call.shape[1:]


def mask_of(call: AttentionCall) -> Mask:
    """The call's mask; weights a model computed itself carry theirs as zeros."""
    return call.evidence.mask if isinstance(call.evidence, Scores) else Mask()


def facts_of(capture: Capture, call: AttentionCall, batch: int) -> Facts:
    """The facts of one call and batch item.

    Queries of a self-attention that has more keys than queries (a cache) are the last of its keys, unless the mask says
    where they stand; what a token is, is then read off the keys.
    """
    _, _, queries, keys = call.shape
    mask = mask_of(call)
    same = call.kind == "self" and keys >= queries
    of_keys = capture.key_tokens(call, batch)
    banded = mask.left is not None or mask.right is not None
    position = torch.arange(queries) + (mask.offset if banded else keys - queries if same else 0)
    inside = bool(same and len(position) and position[0] >= 0 and position[-1] < keys)
    of_queries = capture.query_tokens(call, batch)
    if inside and not _known(of_queries):
        of_queries = _pick(of_keys, position.tolist())
    special, padding = _flags(of_keys)
    query_special, query_padding = _flags(of_queries)
    hidden = _hidden(mask, batch, keys)
    padding = padding | hidden
    if inside and queries == keys:
        query_padding = query_padding | hidden
    return Facts(
        same=inside,
        position=position,
        real=~query_padding,
        content=~(query_padding | query_special),
        special=special & ~padding,
        padding=padding,
        segment=torch.tensor(of_keys.segments, dtype=torch.long),
        query_ids=torch.tensor(of_queries.ids, dtype=torch.long).masked_fill(query_padding, -1),
        key_ids=torch.tensor(of_keys.ids, dtype=torch.long).masked_fill(padding, -1),
    )


def item_of(capture: Capture, call: AttentionCall, batch: int) -> Item:
    """One batch item of one call; weights a model gave are causal when nothing lies above their diagonal."""
    facts, mask, (_, _, queries, keys) = facts_of(capture, call, batch), mask_of(call), call.shape
    if isinstance(call.evidence, Scores):
        return Item(call, batch, facts, simplify(mask, batch, queries, keys, facts.real))
    table = call.evidence.tensors()["table"][batch]
    causal = facts.same and not bool(table.triu(keys - queries + 1).any())
    seen = None if not bool(facts.padding.any()) else ~facts.padding[None]
    return Item(call, batch, facts, Mask(right=0 if causal else None, offset=keys - queries if causal else 0, keys=seen))


def _hidden(mask: Mask, batch: int, keys: int) -> Tensor:
    """[key] True where the mask says that nothing real is there, which a model that was given ids alone says nowhere else."""
    if mask.keys is None:
        return torch.zeros(keys, dtype=torch.bool)
    hidden = ~mask.keys[batch if mask.keys.shape[0] > 1 else 0, :keys].cpu()
    return hidden if not bool(hidden.all()) else torch.zeros_like(hidden)


def _flags(tokens: Tokens) -> tuple[Tensor, Tensor]:
    return torch.tensor(tokens.special, dtype=torch.bool), torch.tensor(tokens.padding, dtype=torch.bool)


def _known(tokens: Tokens) -> bool:
    return any(i >= 0 for i in tokens.ids) or any(tokens.special)


def _pick(tokens: Tokens, at: list[int]) -> Tokens:
    """The tokens at the given places."""
    return Tokens(*(tuple(getattr(tokens, name)[i] for i in at) for name in tokens.__dataclass_fields__))
