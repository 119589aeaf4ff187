"""Numbers on their way to a browser: typed arrays as base64, which arrive a hundred times faster than nested lists."""

from __future__ import annotations

import base64
from typing import Any

import torch
from torch import Tensor

__all__ = ["exact", "floats", "integers", "pack", "square_roots"]

_NAMES = {torch.float32: "f32", torch.uint8: "u8", torch.uint16: "u16", torch.int32: "i32"}


def pack(tensor: Tensor) -> dict[str, Any]:
    """``{dtype, shape, data}`` with the numbers little endian in base64.

    >>> pack(torch.tensor([[1, 2]], dtype=torch.uint8))
    {'dtype': 'u8', 'shape': [1, 2], 'data': 'AQI='}
    """
    here = tensor.detach().to("cpu").contiguous()
    raw = here.numpy().astype(here.numpy().dtype.newbyteorder("<"), copy=False).tobytes()
    return {"dtype": _NAMES[here.dtype], "shape": list(here.shape), "data": base64.b64encode(raw).decode("ascii")}


def floats(tensor: Tensor) -> dict[str, Any]:
    """As float32: what a printed number is read from."""
    return pack(tensor.float())


def exact(tensor: Tensor) -> dict[str, Any]:
    """The numbers as the model had them: half precision in two bytes, everything else as float32."""
    if tensor.dtype == torch.float16:
        return pack(tensor.contiguous().view(torch.uint16)) | {"dtype": "f16"}
    if tensor.dtype == torch.bfloat16:
        return pack(tensor.contiguous().view(torch.uint16)) | {"dtype": "bf16"}
    return floats(tensor)


def integers(tensor: Tensor) -> dict[str, Any]:
    """As int32."""
    return pack(tensor.to(torch.int32))


def square_roots(weights: Tensor) -> dict[str, Any]:
    """round(255·√weight) as bytes: for pictures only; the error of a weight is at most √weight/255."""
    return pack((weights.float().clamp(0, 1).sqrt() * 255).round().nan_to_num(0).to(torch.uint8))
