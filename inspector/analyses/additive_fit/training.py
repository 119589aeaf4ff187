"""Minimising KL(head ‖ additive attention) over random rows of random texts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inspector.analyses.additive_fit.rows import HeadRows
from inspector.analyses.additive_fit.scoring import from_scores, kl_rows

__all__ = ["Progress", "Recipe", "Scores", "progress_of", "train"]

Progress = Callable[[int, int, float], None]
"""Told (step, of how many, loss so far), to draw a bar with."""

Scores = Callable[[Tensor, Tensor], Tensor]
"""Scores [text, query, key] of queries [text, query, width] and keys [text, key, width]."""


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Attributes:
        steps: of Adam (β 0.9, 0.99; gradients clipped to norm 1), under a one-cycle schedule.
        learning_rate: its peak.
        texts, rows: how many texts a step, and rows of each; every key of a row takes part.
        seed: of the choice.
        seconds: stop early after so long; None for no limit.
    """

    steps: int
    learning_rate: float
    texts: int = 4
    rows: int = 32
    seed: int = 0
    seconds: float | None = None


def train(
    scores: Scores, parameters: list[nn.Parameter], rows: HeadRows, recipe: Recipe, progress: Progress | None = None
) -> list[float]:
    """Trains ``parameters`` in place; the loss of each step, in nats."""
    if recipe.steps < 1:
        return []
    generator = torch.Generator().manual_seed(recipe.seed)
    optimiser = torch.optim.Adam(parameters, lr=recipe.learning_rate, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.learning_rate, total_steps=recipe.steps + 1)
    losses: list[float] = []
    until = math.inf if recipe.seconds is None else time.perf_counter() + recipe.seconds
    with torch.enable_grad():
        for step in range(recipe.steps):
            batch = _draw(rows, recipe, generator)
            kl = kl_rows(batch.target, from_scores(scores(batch.query, batch.key), batch))
            loss = (kl * batch.counts).sum() / batch.counts.sum().clamp_min(1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if progress is not None:
                progress(step + 1, recipe.steps, losses[-1])
            if time.perf_counter() > until:
                break
    return losses


def progress_of(progress: Progress | bool | None, total: int) -> Callable[[int], Progress | None]:
    """Progress over several trainings as one: a function that is told how many steps came before."""
    if not progress:
        return lambda before: None
    call = _bar(total) if progress is True else progress
    return lambda before: lambda step, steps, loss: call(before + step, total, loss)


def _bar(total: int) -> Progress:
    """A bar in the terminal, or in a notebook."""
    from tqdm.auto import tqdm

    bar = tqdm(total=total, desc="Fitting additive attention", unit="step")

    def show(step: int, steps: int, loss: float) -> None:
        bar.set_postfix(KL=f"{loss:.4f}", refresh=False)
        bar.update(step - bar.n)
        if step >= steps:
            bar.close()

    return show


def _draw(rows: HeadRows, recipe: Recipe, generator: torch.Generator) -> HeadRows:
    """Random texts, and random scored rows of each."""
    device = rows.query.device
    texts = torch.randperm(len(rows), generator=generator)[: recipe.texts].to(device)
    luck = torch.rand(len(texts), rows.query.shape[1], generator=generator).to(device)
    number = min(recipe.rows, rows.query.shape[1])
    chosen = (luck + rows.counts[texts]).topk(number, -1).indices  # rows that are scored come first
    at = (texts[:, None], chosen)
    return HeadRows(
        query=rows.query[at],
        key=rows.key[texts],
        allowed=rows.allowed[at],
        target=rows.target[at],
        mass=rows.mass[at],
        bias=None if rows.bias is None else rows.bias[at],
        counts=rows.counts[at],
        content=rows.content[texts],
        position=rows.position[at],
        scale=rows.scale,
    )
