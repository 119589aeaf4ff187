"""What the small modules share: one calling convention, that of the article.

``module(keys, query, value=None, mask=None) -> (context, weights)``, with one query a batch item or many:

=================  ============================  ====================================
input              one query                     many queries
=================  ============================  ====================================
keys               [batch, keys, key_size]       [batch, keys, key_size]
query              [batch, query_size]           [batch, queries, query_size]
value (else keys)  [batch, keys, value_size]     [batch, keys, value_size]
mask (True: seen)  [batch, keys]                 broadcastable to the weights
context            [batch, value_size]           [batch, queries, value_size]
weights            [batch, keys]                 [batch, queries, keys]
=================  ============================  ====================================

A padding mask for many queries is [batch, 1, keys] (``reference.padding_mask``): a mask of two axes would be read as
[queries, keys], as broadcasting has it.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from reference.errors import AttentionInputError

__all__ = ["AttentionModule", "row_mask"]


class AttentionModule(nn.Module):
    """Turns the article's call into that of the pure functions.

    A subclass writes ``attention(query, key, value, mask)`` and ``pair_scores(query, key)`` with many queries in mind.
    """

    def attention(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, **options: Any) -> tuple[Tensor, Tensor]:
        """Context and weights of [batch, queries, query_size] on [batch, keys, key_size]."""
        raise NotImplementedError

    def pair_scores(self, query: Tensor, key: Tensor) -> Tensor:
        """The scores e, [batch, queries, keys], before mask and softmax."""
        raise NotImplementedError

    def forward(
        self, keys: Tensor, query: Tensor, value: Tensor | None = None, mask: Tensor | None = None, **options: Any
    ) -> tuple[Tensor, Tensor]:
        """Context and weights, with the axes of the table above."""
        one = self._is_one(keys, query)
        value = keys if value is None else value
        if not one:
            return self.attention(query, keys, value, mask, **options)
        context, weights = self.attention(query.unsqueeze(1), keys, value, row_mask(mask), **options)
        return context.squeeze(1), weights.squeeze(-2)

    def scores(self, keys: Tensor, query: Tensor) -> Tensor:
        """The scores e before mask and softmax: [batch, keys] for one query a batch item, [batch, queries, keys] for many."""
        if self._is_one(keys, query):
            return self.pair_scores(query.unsqueeze(1), keys).squeeze(1)
        return self.pair_scores(query, keys)

    def _is_one(self, keys: Tensor, query: Tensor) -> bool:
        """Whether there is one query a batch item."""
        if keys.ndim != 3 or query.ndim not in (2, 3):
            raise AttentionInputError(
                f"{type(self).__name__} was called with keys {list(keys.shape)} and query {list(query.shape)}.",
                "Keys have the axes [batch, keys, key_size]; the query [batch, query_size] or [batch, queries, query_size].",
                "Keys come first; add the missing axis with unsqueeze, or drop the extra one.",
            )
        return query.ndim == 2


def row_mask(mask: Tensor | None) -> Tensor | None:
    """A mask for one query a batch item, [batch, keys], with the axis of that query: [batch, 1, keys]."""
    return mask.unsqueeze(1) if mask is not None and mask.ndim == 2 else mask
