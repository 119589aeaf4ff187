"""How near a fitted attention is to the head, row by row, and what is reported of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from inspector.analyses.additive_fit.rows import HeadRows

__all__ = ["LogWeights", "Score", "from_scores", "kl_rows", "score"]

LogWeights = Callable[[HeadRows], Tensor]
"""Something that gives log-weights [text, query, key] for some texts."""


@dataclass(frozen=True)
class Score:
    """How far an attention is from the head's weights, on some texts.

    Attributes:
        kl: mean Kullback–Leibler divergence KL(head ‖ fit) of a row in nats: the mean over texts of their mean.
        error: its standard error over texts; 0 for one text.
        median, p95: of the rows.
        top1: share of rows whose strongest key is the head's, [0, 1].
        content_kl: the mean KL over content keys only, both sides rescaled to 1.
        rows, texts: how many were scored.
    """

    kl: float
    error: float
    median: float
    p95: float
    top1: float
    content_kl: float
    rows: int
    texts: int

    def __str__(self) -> str:
        return (
            f"KL {self.kl:.4f} ± {self.error:.4f} nats (median {self.median:.4f}, 95 % of rows under {self.p95:.4f}; content "
            f"keys {self.content_kl:.4f}), same strongest key in {self.top1:.1%} of {self.rows:,} rows of {self.texts} texts"
        )


def from_scores(scores: Tensor, rows: HeadRows) -> Tensor:
    """Log-weights of ``scores`` [text, query, key] under the head's own bias and mask."""
    if rows.bias is not None:
        scores = scores + rows.bias
    scores = scores.masked_fill(~rows.allowed, float("-inf"))
    empty = ~rows.allowed.any(-1, keepdim=True)
    return torch.log_softmax(scores.masked_fill(empty, 0.0), -1).masked_fill(~rows.allowed, float("-inf"))


def kl_rows(target: Tensor, log_weights: Tensor) -> Tensor:
    """KL(target ‖ weights) of each row, [text, query], in nats."""
    return (torch.xlogy(target, target) - target * log_weights.masked_fill(target == 0, 0.0)).sum(-1)


@torch.no_grad()
def score(attention: LogWeights, rows: HeadRows, texts_at_once: int = 8) -> Score:
    """The score of an attention on all texts of ``rows``."""
    parts = [_part(attention, rows[slice(i, i + texts_at_once)]) for i in range(0, len(rows), texts_at_once)]
    kl, content, hits = (torch.cat([part[n] for part in parts]) for n in range(3))
    counts = rows.counts
    every, agree = kl[counts], hits[counts]
    number = counts.sum(1)
    per_text = ((kl * counts).sum(1) / number.clamp_min(1))[number > 0]
    some = counts & content.isfinite()
    return Score(
        kl=float(per_text.mean()),
        error=float(per_text.std() / len(per_text) ** 0.5) if len(per_text) > 1 else 0.0,
        median=float(every.median()),
        p95=float(every.quantile(0.95)) if len(every) < 2**24 else float(every.kthvalue(int(0.95 * len(every))).values),
        top1=float(agree.float().mean()),
        content_kl=float(content[some].mean()) if bool(some.any()) else 0.0,
        rows=int(counts.sum()),
        texts=len(per_text),
    )


def _part(attention: LogWeights, rows: HeadRows) -> tuple[Tensor, Tensor, Tensor]:
    """KL, content KL and agreement of the strongest key, [text, query] each."""
    log_weights = attention(rows).double()
    target = rows.target.double()
    kl = kl_rows(target, log_weights).clamp_min(0.0)
    hits = log_weights.argmax(-1) == target.argmax(-1)
    seen = rows.content[:, None] & rows.allowed
    mass = (target * seen).sum(-1, keepdim=True)
    of_content = torch.where(mass > 0, target * seen / mass.clamp_min(1e-30), 0.0)
    renormalised = torch.log_softmax(log_weights.masked_fill(~seen, float("-inf")), -1)
    content = kl_rows(of_content, renormalised)
    return kl, torch.where((mass[..., 0] > 1e-6) & (seen.sum(-1) > 1), content, torch.nan), hits
