"""Finds and loads the date models that ship with the package."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from pathlib import Path

from zoo.dates.attentions import ATTENTIONS
from zoo.dates.bart import TransformerDates
from zoo.dates.gru import GruDates
from zoo.errors import ZooError

__all__ = ["load", "models", "path"]

HOME = Path(__file__).parent
TRANSFORMER = "transformer"


def models() -> tuple[str, ...]:
    """The names of the five models, the recurrent ones first."""
    return (*ATTENTIONS, TRANSFORMER)


def path(name: str) -> Path:
    """The folder of one model, in Hub format: the Transformer's can be given to ``from_pretrained``."""
    if name not in models():
        close = get_close_matches(name, models(), n=1)
        do = f"Did you mean {close[0]!r}?" if close else "Choose one of these."
        raise ZooError(f"No date model {name!r}.", f"There are: {', '.join(models())}.", do)
    folder = HOME / name
    if not (folder / "model.safetensors").is_file():
        raise ZooError(
            f"The date model {name!r} was asked for.",
            "Its weights are not in the package.",
            f"Train it with `python -m zoo.dates.train {name}`.",
        )
    return folder


@cache
def load(name: str) -> GruDates | TransformerDates:
    """One model, ready to answer; loaded once and shared, so only to be read.

    Raises:
        ZooError: no model of that name, or its weights are missing.
    """
    return TransformerDates.load(path(name)) if name == TRANSFORMER else GruDates.load(path(name))
