"""What a fit says: the additive attention itself, how near it is on texts it has not seen, and beside what that stands."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from inspector.analyses.additive_fit.directions import Directions
from inspector.analyses.additive_fit.rows import HeadRows, gather
from inspector.analyses.additive_fit.scoring import Score, from_scores
from inspector.captures import Capture
from inspector.shapes import HeadMap
from reference import AdditiveAttention, additive_scores

__all__ = ["AdditiveFit"]


@dataclass(frozen=True, eq=False)
class AdditiveFit:
    """An additive attention that stands in for a head.

    Attributes:
        attention: ``reference.AdditiveAttention`` on the head's queries and keys (after rotary embedding and norms).
        layer, head, kind, tower: which head.
        hidden: units of its tanh layer.
        held_out: its score on the texts it was judged on.
        train: its score on the texts it learnt from.
        start: its score on the held-out texts before any training.
        other: its score on texts of another domain; None without any.
        baselines: scores on the held-out texts: "uniform", "position only", "dot product, rank r".
        directions: the head's own directions, the strongest first.
        steps, learning_rate, epsilon, seed: how it was made; 0 steps where training did not help and the beginning was kept.
        losses: KL of each training batch, in nats.
        seconds: how long it took.
        source: what the texts were.
        seen: the held-out texts are the ones it learnt from (a fit to the text on the screen).
    """

    attention: AdditiveAttention
    layer: int
    head: int
    kind: str | None
    tower: str | None
    hidden: int
    held_out: Score
    train: Score
    start: Score
    other: Score | None
    baselines: dict[str, Score]
    directions: Directions
    steps: int
    learning_rate: float
    epsilon: float
    seed: int
    losses: tuple[float, ...] = field(repr=False, default=())
    seconds: float = 0.0
    source: str = ""
    seen: bool = False

    @property
    def explained(self) -> float:
        """1 − KL / KL of position only: the share that content explains beyond position; 1 is all, below 0 is worse."""
        positional = self.baselines["position only"].kl
        return 1 - self.held_out.kl / positional if positional > 0 else 0.0

    @property
    def missed(self) -> list[tuple[int, float]]:
        """Directions the units do not suffice for, as (rank from 0, share of the squared strength), the strongest first."""
        strength = self.directions.strength.square()
        shares = (strength / strength.sum().clamp_min(1e-30)).tolist()
        return [(r, share) for r, share in enumerate(shares) if r >= (self.hidden - 1) // 2]

    def weights(self, capture: Capture, batch: int = 0) -> HeadMap:
        """The fit's weights in place of the head's on one batch item of a capture, [query, key], in [0, 1]."""
        place = (self.layer, self.head, self.kind, self.tower)
        longest = capture.call(self.layer, self.kind, self.tower).shape[2]
        rows = gather([capture], place, most_rows=longest, items=[batch])
        return weights_of(self.attention, rows)[0]

    def __str__(self) -> str:
        on = "the texts it was fitted to" if self.seen else "held-out texts"
        lines = [
            f"Additive attention with {self.hidden} units in place of layer {self.layer} head {self.head}, on {on}:",
            f"  fit            {self.held_out}",
            f"  before training {self.start}",
            *(f"  {name:<14} {score}" for name, score in self.baselines.items()),
            f"  explained beyond position: {_share(self.explained)}",
            f"  {self.steps} steps at {self.learning_rate:g}, seed {self.seed}",
        ]
        lines += [] if self.other is None else [f"  other domain   {self.other}"]
        lines += [f"  texts: {self.source}"] if self.source else []
        return "\n".join(lines)


def _share(explained: float) -> str:
    """A percentage, or that there is nothing to explain.

    >>> _share(0.25), _share(-3.0)
    ('25.0%', 'nothing, position alone is nearer')
    """
    return f"{explained:.1%}" if explained > 0 else "nothing, position alone is nearer"


@torch.no_grad()
def weights_of(attention: AdditiveAttention, rows: HeadRows) -> torch.Tensor:
    """The weights [text, query, key] of an additive attention under the head's mask, bias and sink mass."""
    scores = additive_scores(
        rows.query,
        rows.key,
        W_q=attention.W_q.weight,
        W_k=attention.W_k.weight,
        v=attention.v,
        b_q=attention.W_q.bias,
        b_k=attention.W_k.bias,
    )
    return from_scores(scores, rows).exp().nan_to_num(0.0) * rows.allowed * rows.mass[..., None]
