"""Families of several senses: pictures and sound really stand among the tokens, so that every tower and every bridge runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig

from tests.tiny_configs import tiny_config
from tests.tiny_families import Special
from tests.tiny_models import BATCH, TOKENS, inputs_for, padding

__all__ = ["SPECIAL"]


def parts(top: dict[str, Any] | None = None, **overrides: dict[str, Any]) -> Callable[[type[PreTrainedConfig]], PreTrainedConfig]:
    """A configuration from overrides of its parts (``text``, ``vision`` …), whether the whole model or one part is built."""

    def build(cls: type[PreTrainedConfig]) -> PreTrainedConfig:
        nested = {f"{part}_config": values for part, values in overrides.items()}
        whole = cls().sub_configs.keys() & nested.keys()
        if whole:
            return tiny_config(cls, **(top or {}), **{name: nested[name] for name in whole})
        own = next((values for part, values in overrides.items() if part in cls.__name__.lower()), {})
        return tiny_config(cls, **own)

    return build


def among(tokens: int, marker: str = "image", **given: Any) -> Callable[[nn.Module], dict[str, Any]]:
    """Inputs with ``tokens`` places of a picture among the words, and what the forward knows of ``given``."""

    def feed(model: nn.Module) -> dict[str, Any]:
        names = inspect.signature(model.forward).parameters
        found = inputs_for(model)
        known = {name: value(model) if callable(value) else value for name, value in given.items() if name in names}
        if known and "input_ids" in names:
            ids = torch.randint(5, 90, (BATCH, max(TOKENS, tokens + 3)))
            ids[:, 1 : 1 + tokens] = _marker(model.config, marker)
            found |= {"input_ids": ids, "attention_mask": padding(ids.shape[1])}
            if "mm_token_type_ids" in names:
                found["mm_token_type_ids"] = (ids == _marker(model.config, marker)).int()
        return found | known

    return feed


def _marker(config: Any, of: str) -> int:
    return next(v for n in ("token_id", "token_index") if (v := getattr(config, f"{of}_{n}", None)) is not None)


def _vision(model: nn.Module) -> Any:
    return getattr(model.config, "vision_config", model.config)


def flat_patches(model: nn.Module) -> Tensor:
    """Two pictures of 4 × 4 patches, one patch a row."""
    vision = _vision(model)
    channels = getattr(vision, "in_channels", None) or getattr(vision, "num_channels", None) or 3
    return torch.randn(32, channels * vision.patch_size**2 * getattr(vision, "temporal_patch_size", 1))


_GRID = torch.tensor([[1, 4, 4], [1, 4, 4]])
_ON_GRID = among(4, pixel_values=flat_patches, image_grid_thw=_GRID, grid_thw=_GRID)

SPECIAL: dict[str, Special] = {
    "qwen2_vl": Special(inputs=_ON_GRID),
    "qwen2_5_vl": Special(parts(vision={"window_size": 16, "fullatt_block_indexes": [1]}), _ON_GRID),
    "qwen3_vl": Special(parts(vision={"deepstack_visual_indexes": [0, 1]}), _ON_GRID),
    "qwen3_5": Special(inputs=_ON_GRID),
    "glm4v": Special(inputs=_ON_GRID),
    "glm4v_moe": Special(inputs=_ON_GRID),
    "glm46v": Special(inputs=_ON_GRID),
    "glm_ocr": Special(inputs=_ON_GRID),
    "ernie4_5_vl_moe": Special(inputs=_ON_GRID),
    "exaone4_5": Special(parts(vision={"window_size": 16, "fullatt_block_indexes": [1]}), _ON_GRID),
}
