"""What a model's ``forward`` takes: the names of its inputs, the one it cannot run without, and where they have to be."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

__all__ = [
    "accepted",
    "field_of",
    "is_encoder_decoder",
    "main_input",
    "moved",
    "name_of",
    "named_inputs",
    "source_of",
    "takes_text",
    "text_config",
]


def named_inputs(model: nn.Module) -> set[str]:
    """The arguments ``forward`` names."""
    try:
        return set(inspect.signature(model.forward).parameters)
    except (TypeError, ValueError):
        return set()


def accepted(model: nn.Module) -> set[str] | None:
    """The arguments ``forward`` takes; None when it takes anything."""
    named = named_inputs(model)
    return None if not named or ({"args", "kwargs"} & named and "input_ids" not in named) else named


def main_input(model: nn.Module) -> str:
    """The input without which the model does not run."""
    return str(getattr(model, "main_input_name", "") or "input_ids")


def takes_text(model: nn.Module) -> bool:
    """Whether token ids alone can be given to it."""
    return "input_ids" in named_inputs(model) or (accepted(model) is None and main_input(model) == "input_ids")


def moved(value: Tensor, model: nn.Module) -> Tensor:
    """``value`` on the model's device; as it is where weights are fetched when they are needed, which moves inputs as well."""
    device = getattr(model, "device", None) or next(model.parameters(), torch.empty(0)).device
    return value if device.type == "meta" else value.to(device)


def is_encoder_decoder(model: nn.Module) -> bool:
    """Whether its configuration says so."""
    return bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))


def text_config(model: nn.Module) -> Any:
    """The part of its configuration that speaks of text; all of it where several parts do, None where there is none."""
    config: Any = getattr(model, "config", None)
    try:
        return config.get_text_config() if hasattr(config, "get_text_config") else config
    except ValueError:  # Musicgen has a text encoder and a decoder, and does not choose
        return config


def field_of(config: Any, name: str) -> Any:
    """A field of a configuration, None where it has none; the largest where every layer has its own (Gemma 4)."""
    try:
        return getattr(config, name, None)
    except RuntimeError:  # the library refuses to name one of them
        own = [getattr(layer, name, None) for layer in getattr(config, "per_layer_config", ())]
        return max((value for value in own if isinstance(value, int | float)), default=None)


def source_of(model: nn.Module) -> str:
    """The Hub id or folder it came from; "" when it was built in memory."""
    return str(getattr(getattr(model, "config", None), "_name_or_path", "") or "")


def name_of(model: nn.Module) -> str:
    """What a person calls it."""
    path = source_of(model)
    return (Path(path).name if Path(path).is_dir() else path) or type(model).__name__
