"""What a fit has to beat, and what it cannot: uniform, position only, and a dot product of as many dimensions as it has units.

Without the position baseline every positional head would look like a triumph. The low-rank dot product is the honest
rival below the head's own width; from that width on it is the head itself, and says only how well it was trained.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from inspector.analyses.additive_fit.rows import HeadRows
from inspector.analyses.additive_fit.scoring import LogWeights, from_scores
from inspector.analyses.additive_fit.training import Progress, Recipe, train

__all__ = ["LowRank", "low_rank", "position_only", "uniform"]


def uniform(rows: HeadRows) -> Tensor:
    """The same weight for every key a row may see; its KL is ln n − H."""
    return torch.where(rows.allowed, -rows.allowed.sum(-1, keepdim=True).clamp_min(1).log().to(rows.target.dtype), float("-inf"))


def position_only(train_rows: HeadRows) -> LogWeights:
    """The mean weight of each pair of positions over the training texts, whatever stands there.

    A pair that is seen seldom is drawn towards the mean weight of its offset j − i, as if that had been seen once more.
    One text alone says nothing of its positions beyond offsets: then only those are used.
    """
    pair_sums, pair_counts, offset_means = _means(train_rows)

    def log_weights(rows: HeadRows) -> Tensor:
        at = rows.position[..., None].expand_as(rows.allowed)
        keys = torch.arange(rows.allowed.shape[-1], device=at.device).expand_as(at)
        size = offset_means.shape[0] // 2
        prior = offset_means[(keys - at).clamp(-size, size) + size]
        inside = (at < pair_sums.shape[0]) & (keys < pair_sums.shape[1])
        where = (at.clamp(0, pair_sums.shape[0] - 1), keys.clamp(0, pair_sums.shape[1] - 1))
        sums, counts = (torch.where(inside, table[where], 0.0) for table in (pair_sums, pair_counts))
        if len(train_rows) == 1:
            sums, counts = torch.zeros_like(sums), torch.zeros_like(counts)
        weights = ((sums + prior) / (counts + 1)).clamp_min(1e-12) * rows.allowed
        total = weights.sum(-1, keepdim=True).clamp_min(1e-30)
        return torch.where(rows.allowed, (weights / total).log(), float("-inf"))

    return log_weights


class LowRank(nn.Module):
    """A dot product of low rank, e = (W_q q + b_q)·(W_k k + b_k)/√r."""

    def __init__(self, width: int, rank: int, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.W_q, self.W_k = nn.Linear(width, rank), nn.Linear(width, rank)
        self.rank = rank

    def forward(self, query: Tensor, key: Tensor) -> Tensor:
        """Scores [text, query, key]."""
        return self.W_q(query) @ self.W_k(key).transpose(-1, -2) / self.rank**0.5

    def log_weights(self, rows: HeadRows) -> Tensor:
        """Log-weights [text, query, key]."""
        return from_scores(self(rows.query, rows.key), rows)


def low_rank(rows: HeadRows, hidden: int, recipe: Recipe, progress: Progress | None = None) -> LowRank:
    """A dot product of rank min(hidden, width), trained as the fit is, at learning rate 1e-2."""
    model = LowRank(rows.width, min(hidden, rows.width), recipe.seed).to(rows.query.device)
    train(model, list(model.parameters()), rows, recipe, progress)
    return model


def _means(rows: HeadRows) -> tuple[Tensor, Tensor, Tensor]:
    """Sums and counts of the weight of each pair of positions, and the mean weight of each offset."""
    used = rows.allowed & rows.counts[..., None]
    position = torch.where(rows.counts, rows.position, 0)
    keys = rows.allowed.shape[-1]
    size = max(int(position.max()) + 1, keys)
    at = position[..., None].expand_as(used)[used]
    key = torch.arange(keys, device=at.device).expand_as(used)[used]
    weight = rows.target[used]
    sums, counts = weight.new_zeros(size, keys), weight.new_zeros(size, keys)
    sums.index_put_((at, key), weight, accumulate=True)
    counts.index_put_((at, key), torch.ones_like(weight), accumulate=True)
    offsets, seen = weight.new_zeros(2 * size + 1), weight.new_zeros(2 * size + 1)
    offsets.index_put_((key - at + size,), weight, accumulate=True)
    seen.index_put_((key - at + size,), torch.ones_like(weight), accumulate=True)
    return sums, counts, offsets / seen.clamp_min(1)
