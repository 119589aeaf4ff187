"""``fit_additive``: how well can additive attention do the work of one head, with so many hidden units?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from inspector.analyses.additive_fit.baselines import low_rank, position_only, uniform
from inspector.analyses.additive_fit.corpus import Texts
from inspector.analyses.additive_fit.directions import Directions, directions_of, start_from
from inspector.analyses.additive_fit.result import AdditiveFit
from inspector.analyses.additive_fit.rows import HeadRows, Place
from inspector.analyses.additive_fit.scoring import LogWeights, Score, from_scores, score
from inspector.analyses.additive_fit.sources import Sides, read_sides
from inspector.analyses.additive_fit.training import Progress, Recipe, progress_of, train
from inspector.captures import Capture
from inspector.errors import CaptureError
from inspector.models import Inspector
from reference import AdditiveAttention
from reference.blocks import tanh_scores

__all__ = ["PART", "RANK", "WHOLE", "fit_additive", "fit_rows", "is_whole"]

WHOLE = Recipe(200, 3e-6)
"""For units that suffice for the whole head: the beginning is nearly right, and a larger rate undoes it."""

PART = Recipe(3000, 3e-3)
"""For fewer units."""

RANK = Recipe(1500, 1e-2)
"""For the low-rank dot product, and for a fit without bias, which begins at random."""

_EPSILON = {True: 0.02, False: 0.1}


def fit_additive(
    source: Inspector | Sequence[Capture],
    layer: int,
    head: int,
    hidden: int | None = None,
    *,
    texts: Sequence[str] | Texts | None = None,
    kind: str | None = None,
    tower: str | None = None,
    steps: int | None = None,
    learning_rate: float | None = None,
    bias: bool = True,
    baselines: bool = True,
    seed: int = 0,
    progress: Progress | bool | None = None,
) -> AdditiveFit:
    """An additive attention of ``hidden`` units fitted to one head, with its score on texts it has not seen.

    It begins as the head itself, or its strongest directions (``directions.py``), and goes on by gradient descent on
    KL(head ‖ fit), unless that leads away from the head on the training texts: then it stays as it began. Rows of special
    tokens are neither learnt nor scored; special keys are.

    Args:
        source: an inspector, which reads ``texts``; or captures, one text or batch each.
        layer, head, kind, tower: which head.
        hidden: units of the tanh layer; two more than twice the head's width unless given, which is enough to be the head.
        texts: for an inspector: a list of at least two (the last quarter is held out), or ``Texts``; Python's own language
            reference unless given.
        steps, learning_rate: 200 at 3e-6 where the units suffice for the whole head, else 3,000 at 3e-3.
        bias: whether the tanh layer has a bias. The article's formula has none; such a fit begins at random, at 1e-2.
        baselines: also train the low-rank dot product; uniform and position only are always there.
        seed: of batches, of spare units, and of which texts are held out.
        progress: True for a bar in the terminal, or a function of (step, of how many, loss).

    Raises:
        OutOfRange: no such head.
        CaptureError: fewer than two texts, or a head without queries and keys.

    >>> from inspector import Inspector
    >>> inspector = Inspector.from_pretrained("bundled")
    >>> texts = ["The cat sat on the mat.", "A dog ran after the cat.", "The mat was red, the dog was not.", "It rained."]
    >>> fit = fit_additive(inspector, layer=2, head=9, texts=texts, steps=0, baselines=False)
    >>> fit.hidden, fit.held_out.kl < fit.baselines["uniform"].kl
    (66, True)
    """
    place: Place = (layer, head, kind, tower)
    _check(hidden)
    sides, said = read_sides(source, place, texts, seed)
    width = sides[0].width
    hidden = 2 * width + 2 if hidden is None else hidden
    usual = RANK if not bias else WHOLE if is_whole(hidden, width) else PART
    recipe = Recipe(
        usual.steps if steps is None else steps, usual.learning_rate if learning_rate is None else learning_rate, seed=seed
    )
    rival = Recipe(RANK.steps, RANK.learning_rate, seed=seed)
    told = progress_of(progress, recipe.steps + (rival.steps if baselines else 0))
    beside = {"uniform": score(uniform, sides[1]), "position only": score(position_only(sides[0]), sides[1])}
    if baselines:
        rank = low_rank(sides[0], hidden, rival, told(0))
        beside[f"dot product, rank {rank.rank}"] = score(rank.log_weights, sides[1])
    return fit_rows(
        place, sides, hidden, recipe, beside=beside, bias=bias, source=said, progress=told(rival.steps if baselines else 0)
    )


def is_whole(hidden: int, width: int) -> bool:
    """Whether so many units suffice for every direction of a head of this width.

    >>> is_whole(65, 32), is_whole(64, 32)
    (True, False)
    """
    return hidden > 2 * width


def fit_rows(
    place: Place,
    sides: Sides,
    hidden: int,
    recipe: Recipe,
    *,
    beside: dict[str, Score],
    found: Directions | None = None,
    bias: bool = True,
    source: str = "",
    progress: Progress | None = None,
) -> AdditiveFit:
    """A fit to rows that were gathered already: learnt from ``sides[0]``, judged on ``sides[1]`` and, if there, ``sides[2]``."""
    _check(hidden)
    began = time.perf_counter()
    found = directions_of(sides[0]) if found is None else found
    epsilon = _EPSILON[is_whole(hidden, sides[0].width)]
    attention = start_from(found, hidden, epsilon=epsilon, seed=recipe.seed) if bias else _at_random(found, hidden, recipe.seed)
    start = score(_log_weights(attention), sides[1])
    seen = sides[1] is sides[0]
    begun = start if seen else score(_log_weights(attention), sides[0])
    losses, learnt = train_or_keep(attention, sides[0], recipe, begun, progress)
    attention.requires_grad_(False)
    held_out = learnt if seen else score(_log_weights(attention), sides[1])
    layer, head, kind, tower = place
    return AdditiveFit(
        attention=attention,
        layer=layer,
        head=head,
        kind=kind,
        tower=tower,
        hidden=hidden,
        held_out=held_out,
        train=learnt,
        start=start,
        other=score(_log_weights(attention), sides[2]) if len(sides) > 2 else None,
        baselines=beside,
        directions=found,
        steps=len(losses),
        learning_rate=recipe.learning_rate,
        epsilon=epsilon,
        seed=recipe.seed,
        losses=tuple(losses),
        seconds=time.perf_counter() - began,
        source=source,
        seen=seen,
    )


def train_or_keep(
    attention: AdditiveAttention, rows: HeadRows, recipe: Recipe, begun: Score, progress: Progress | None
) -> tuple[list[float], Score]:
    """The losses of a training and the score on ``rows`` it led to; no losses and ``begun``, put back, if that was nearer."""
    before = {name: tensor.clone() for name, tensor in attention.state_dict().items()}
    losses = train(_scores(attention), _trainable(attention), rows, recipe, progress)
    learnt = score(_log_weights(attention), rows) if losses else begun
    if learnt.kl <= begun.kl:
        return losses, learnt
    attention.load_state_dict(before)
    return [], begun


def _check(hidden: int | None) -> None:
    if hidden is not None and hidden < 1:
        raise CaptureError(f"A fit with {hidden} hidden units was asked for.", "It would score nothing.", "Give 1 or more.")


def _at_random(found: Directions, hidden: int, seed: int) -> AdditiveAttention:
    """The article's formula, without bias, as linear layers begin."""
    width = len(found.mean_query)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return AdditiveAttention(width, width, hidden, bias=False).to(found.tilt.device)


def _trainable(attention: AdditiveAttention) -> list[nn.Parameter]:
    """All parameters but the key's bias, which adds nothing to the query's."""
    return [parameter for name, parameter in attention.named_parameters() if name != "W_k.bias"]


def _scores(attention: AdditiveAttention) -> Callable[[Tensor, Tensor], Tensor]:
    """The scores of a module, all hidden activations at once: batches are small."""

    def scores(query: Tensor, key: Tensor) -> Tensor:
        return tanh_scores(attention.W_q(query), attention.W_k(key), attention.v, 2**40)

    return scores


def _log_weights(attention: AdditiveAttention) -> LogWeights:
    return lambda rows: from_scores(tanh_scores(attention.W_q(rows.query), attention.W_k(rows.key), attention.v), rows)
