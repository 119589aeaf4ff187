"""Trains the five date models, each with the same data, seed and schedule: ``python -m zoo.dates.train [names] [--seed 0]``.

Each model is saved in Hub format in ``zoo/dates/<name>/`` together with ``training.json``: the seed, the settings, the loss on
the way, and the share of exact answers on held-out years, held-out writings and both, 2,000 fresh dates each. ``README.md``
beside it is the model card, in the same numbers.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch
from tqdm import tqdm

from zoo.dates.alphabet import InputAlphabet
from zoo.dates.bart import TransformerDates
from zoo.dates.card import card
from zoo.dates.data import KINDS, Example, sample
from zoo.dates.gru import ATTENTIONS, GruDates

HOME = Path(__file__).parent
NAMES = (*ATTENTIONS, "transformer")

EXAMPLES = 200_000
BATCH = 64
STEPS = {"transformer": 7_000}
DEFAULT_STEPS = 3_000
PEAK_RATE = {"transformer": 2e-3}
DEFAULT_PEAK_RATE = 4e-3
EVALUATED = 2_000
SMUDGED = 0.05
"""The share of training texts in which one letter is replaced by one no alphabet has, so that the unknown is nothing new."""
DISTRACTED = 0.3
"""The share of training texts with a nonsense word before or after: place alone must not say what a number means."""


def main(arguments: list[str] | None = None) -> None:
    """Train the models named on the command line, or all five."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; all five unless given")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, help="optimiser steps, in place of the script's own number")
    parser.add_argument("--to", type=Path, default=HOME, help="the folder that the models' folders are written in")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"No date model {unknown[0]!r}. There are: {', '.join(NAMES)}. Choose among these.")
    torch.set_num_threads(1)
    for name in given.names or NAMES:
        train(name, given.seed, given.steps or STEPS.get(name, DEFAULT_STEPS), given.to / name)


def train(name: str, seed: int, steps: int, folder: Path) -> dict:
    """Train one model from nothing, save it, and return the log that was saved with it."""
    torch.manual_seed(seed)
    examples = list(islice(sample("train", seed), EXAMPLES))
    alphabet = InputAlphabet.of(example.text for example in examples)
    model = TransformerDates.new(alphabet) if name == "transformer" else GruDates.new(alphabet, name)
    started = time.process_time()
    losses = _fit(model, examples, steps, PEAK_RATE.get(name, DEFAULT_PEAK_RATE), seed, name)
    seconds = time.process_time() - started
    model.eval()
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    log = {
        "model": name,
        "seed": seed,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "steps": steps,
        "batch": BATCH,
        "smudged": SMUDGED,
        "distracted": DISTRACTED,
        "evaluated": EVALUATED,
        "peak learning rate": PEAK_RATE.get(name, DEFAULT_PEAK_RATE),
        "processor seconds": round(seconds),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "exact answers": {kind: exact(model, kind, EVALUATED, seed=1_000_000 + seed) for kind in KINDS},
        "loss": losses,
    }
    (folder / "training.json").write_text(json.dumps(log, indent=1) + "\n")
    (folder / "README.md").write_text(card(log))
    tqdm.write(f"{name}: {log['exact answers']} after {seconds:.0f} s of one processor")
    return log


def exact(model: GruDates | TransformerDates, kind: str, count: int, seed: int) -> float:
    """The share of dates of one kind whose ISO form comes out exactly."""
    examples = sorted(islice(sample(kind, seed), count), key=lambda example: len(example.text))
    right = 0
    for start in range(0, count, 250):
        part = examples[start : start + 250]
        answers = model.answer([example.text for example in part])
        right += sum(answer == example.iso for answer, example in zip(answers, part, strict=True))
    return right / count


def _fit(model: torch.nn.Module, examples: list[Example], steps: int, peak: float, seed: int, name: str) -> dict[int, float]:
    """Adam under a one-cycle schedule; returns the mean loss of every 250 steps."""
    optimiser = torch.optim.Adam(model.parameters(), lr=peak, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, peak, total_steps=steps, pct_start=0.15)
    losses, recent = {}, []
    progress = tqdm(islice(_batches(examples, seed), steps), total=steps, desc=name, mininterval=2)
    for step, batch in enumerate(progress, 1):
        loss = model.loss([example.text for example in batch], [example.iso for example in batch])
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        recent.append(loss.item())
        if step % 250 == 0 or step == steps:
            losses[step] = round(sum(recent) / len(recent), 5)
            progress.set_postfix(loss=losses[step])
            recent = []
    return losses


def _batches(examples: list[Example], seed: int) -> Iterator[list[Example]]:
    """Batches of texts of about the same length, for ever, in an order the seed decides."""
    draw = random.Random(seed)
    while True:
        pile = [_roughen(example, draw) for example in draw.sample(examples, 50 * BATCH)]
        pile.sort(key=lambda example: len(example.text))
        batches = [pile[start : start + BATCH] for start in range(0, len(pile), BATCH)]
        draw.shuffle(batches)
        yield from batches


def _roughen(example: Example, draw: random.Random) -> Example:
    """The example as it is, or with one letter made unreadable, or with a nonsense word before or after it; the answer stays."""
    letters = [place for place, char in enumerate(example.text) if char.isalpha()]
    chance = draw.random()
    if len(letters) < 4 or chance > SMUDGED + DISTRACTED:
        return example
    if chance < SMUDGED:
        place = draw.choice(letters)
        return replace(example, text=example.text[:place] + "\ufffd" + example.text[place + 1 :])
    word = "".join(example.text[draw.choice(letters)] for _ in range(draw.randint(2, 9)))
    between = draw.choice([" ", " ", ", ", ". "])
    return replace(example, text=draw.choice([word + between + example.text, example.text + between + word]))


if __name__ == "__main__":
    main()
