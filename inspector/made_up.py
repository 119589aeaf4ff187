"""Weights that were in none of a model's files: Transformers makes them up, and whoever looks at the model has to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

__all__ = ["in_words", "made_up", "note_made_up"]

_ATTRIBUTE = "_weights_made_up"  # on the model itself, so that copies of it have it too


def note_made_up(model: nn.Module, report: Mapping[str, Any]) -> None:
    """Keeps with ``model`` what Transformers' loading report says was missing, or of another shape and therefore left out.

    Tied weights and those that a family leaves out on purpose are in neither list. Whole numbers (positions, counters) follow
    from the configuration.
    """
    left_out = {*report.get("missing_keys", ()), *(entry[0] for entry in report.get("mismatched_keys", ()))}
    there = model.state_dict(keep_vars=True)
    known = [name for name, tensor in there.items() if name in left_out and tensor.is_floating_point()]
    setattr(model, _ATTRIBUTE, (*known, *sorted(left_out - there.keys())))


def made_up(model: nn.Module) -> tuple[str, ...]:
    """The names of those weights, in the order of the model; of a wrapper, those of the models inside it."""
    found = (vars(part).get(_ATTRIBUTE, ()) for part in model.modules())  # asking a module for what it lacks is slow
    return tuple(dict.fromkeys(name for names in found for name in names))


def in_words(model: nn.Module) -> str:
    """What a picture says of them; "" where there are none.

    >>> in_words(nn.Linear(2, 2))
    ''
    """
    names = made_up(model)
    if not names:
        return ""
    if len(names) == 1:
        return f"1 weight was in none of the model’s files and was made up: {names[0]}"
    return f"{len(names):,} weights were in none of the model’s files and were made up, the first of them {names[0]}"
