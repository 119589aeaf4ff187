"""What single families of Transformers need beyond the general rules to be built tiny and to be run: one line a family.

Each module here has ``SPECIAL``: family folder or class name → ``Special``; a class name wins over its family.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel

__all__ = ["BATCH", "Special", "floats", "special_of"]

BATCH = 2


@dataclass(frozen=True)
class Special:
    """How one family differs.

    Attributes:
        config: overrides of the shrunken configuration, or a function from the configuration class to a configuration.
        inputs: inputs that differ from what the forward signature suggests (None drops one; a function without arguments is
            called), or a function from the model to all of them.
    """

    config: dict[str, Any] | Callable[[type[PreTrainedConfig]], PreTrainedConfig] = field(default_factory=dict)
    inputs: dict[str, Any] | Callable[[nn.Module], dict[str, Any]] = field(default_factory=dict)


def floats(*shape: int) -> Callable[[], Tensor]:
    """Random numbers [2, *shape], drawn when a model is fed."""
    return lambda: torch.randn(BATCH, *shape)


def special_of(cls: type[PreTrainedModel]) -> Special:
    """What a model class needs; nothing for most."""
    family = cls.__module__.split(".")[-2]
    for module in pkgutil.iter_modules(__path__):
        known = importlib.import_module(f"{__name__}.{module.name}").SPECIAL
        if cls.__name__ in known:
            return known[cls.__name__]
    for module in pkgutil.iter_modules(__path__):
        known = importlib.import_module(f"{__name__}.{module.name}").SPECIAL
        if family in known:
            return known[family]
    return Special()
