"""Where the tests of ``tests/cuda`` run: on a CUDA device, skipped without one. ``TEST_DEVICE=cpu`` rehearses them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import nn

from tests.tiny_models import Family

__all__ = ["DEVICE", "no_waiting", "on_device", "placed", "tiny"]

DEVICE = os.environ.get("TEST_DEVICE", "cuda")
on_device = pytest.mark.skipif(DEVICE == "cuda" and not torch.cuda.is_available(), reason="no CUDA device")


def placed(thing: Any, device: str = DEVICE) -> Any:
    """Every tensor of a dictionary or sequence on ``device``."""
    if torch.is_tensor(thing):
        return thing.to(device)
    if isinstance(thing, dict):
        return {name: placed(value, device) for name, value in thing.items()}
    return type(thing)(placed(value, device) for value in thing) if isinstance(thing, (list, tuple)) else thing


def tiny(name: str, kernel: str | None = None, dtype: torch.dtype = torch.float32, **config: Any) -> tuple[nn.Module, dict]:
    """A tiny model and its inputs on the device; floating inputs in its dtype."""
    family = Family(name, config=config, kernel=kernel)
    model = family.model(dtype=dtype)
    fed = {n: v.to(dtype) if torch.is_tensor(v) and v.is_floating_point() else v for n, v in family.feed(model).items()}
    return model.to(DEVICE), placed(fed)


@contextmanager
def no_waiting(mode: str = "error") -> Iterator[None]:
    """Inside, whatever makes the processor wait for the CUDA device raises (or warns, with ``mode="warn"``)."""
    if DEVICE != "cuda":
        yield
        return
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode(mode)
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
