"""Are two attention maps the same? One number would hide how: this says how far apart, where, in which unit, and the verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from reference.errors import AttentionInputError

__all__ = ["Comparison", "compare_attention"]

# The largest |a − b| / max(1, |b|) that counts as the same function, by the coarser of the two dtypes: rounding of sums over
# a few hundred terms and of exponentials of scores up to about 50.
_TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1.6e-2}


@dataclass(frozen=True)
class Comparison:
    """How two tensors differ.

    Attributes:
        max_abs: largest |a − b|; infinite when one of them is not a finite number and the other differs.
        max_rel: largest |a − b| / max(|a|, |b|), among the entries that are not rounding noise (see ``max_ulps``).
        max_ulps: largest |a − b| in units in the last place of ``dtype``, at the larger of the two values; entries below
            the machine epsilon times the largest value of all are left out, because they are its rounding noise.
        where: index of ``max_abs``.
        tolerance: the largest |a − b| / max(1, |b|) that passes.
        passed: the verdict.
        dtype: the coarser of the two dtypes, whose rounding is the measure.
        shape: shape of both.
    """

    max_abs: float
    max_rel: float
    max_ulps: float
    where: tuple[int, ...]
    tolerance: float
    passed: bool
    dtype: str
    shape: tuple[int, ...]

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "agree" if self.passed else "DIFFER"
        if not math.prod(self.shape):
            return f"{verdict}: nothing to compare in shape {list(self.shape)}"
        return (
            f"{verdict}: at most {self.max_abs:.1e} apart, at {list(self.where)} of {list(self.shape)} "
            f"(relative {self.max_rel:.1e}, {self.max_ulps:,.0f} ULP of {self.dtype}); tolerance {self.tolerance:.0e}"
        )


def compare_attention(a: Tensor, b: Tensor, *, tolerance: float | None = None) -> Comparison:
    """How far ``a`` is from ``b``, the one taken as right; print it for one readable line.

    Args:
        a, b: tensors of one shape, of any floating dtype and device.
        tolerance: the largest |a − b| / max(1, |b|) that passes; by the coarser dtype unless given (float64 1e-12,
            float32 1e-5, float16 2e-3, bfloat16 1.6e-2).

    Raises:
        AttentionInputError: different shapes.

    >>> print(compare_attention(torch.tensor([0.5, 0.25]), torch.tensor([0.5, 0.2500001])))
    agree: at most 8.9e-08 apart, at [1] of [2] (relative 3.6e-07, 3 ULP of float32); tolerance 1e-05
    >>> bool(compare_attention(torch.tensor([float("nan")]), torch.tensor([float("nan")])))
    False
    """
    if a.shape != b.shape:
        raise AttentionInputError(
            "Two tensors were to be compared.",
            f"Their shapes are {list(a.shape)} and {list(b.shape)}.",
            "Compare tensors of one shape; squeeze or index the axes that differ.",
        )
    coarser = max(a.dtype, b.dtype, key=lambda dtype: torch.finfo(dtype).eps)
    allowed = _TOLERANCE.get(coarser, 3e-2) if tolerance is None else float(tolerance)
    kind, shape = str(coarser).removeprefix("torch."), tuple(a.shape)
    if not a.numel():
        return Comparison(0.0, 0.0, 0.0, (), allowed, True, kind, shape)
    x, y = a.detach().cpu().double(), b.detach().cpu().double()
    error = _distance(x, y)
    where = tuple(int(i) for i in torch.unravel_index(error.argmax(), error.shape)) if error.ndim else ()
    larger = torch.maximum(x.abs(), y.abs())
    counted = error * (larger >= torch.finfo(coarser).eps * larger.nan_to_num(0.0, 0.0, 0.0).max())
    return Comparison(
        max_abs=float(error.max()),
        max_rel=float((counted / larger.clamp_min(torch.finfo(torch.float64).tiny)).nan_to_num(math.inf).max()),
        max_ulps=float((counted / _spacing(larger, coarser)).nan_to_num(math.inf).max()),
        where=where,
        tolerance=allowed,
        passed=bool((error <= allowed * y.abs().nan_to_num(0.0, 0.0, 0.0).clamp_min(1.0)).all()),
        dtype=kind,
        shape=shape,
    )


def _distance(x: Tensor, y: Tensor) -> Tensor:
    """|x − y|; equal infinities are 0 apart, NaN is infinitely far from everything, NaN included."""
    return torch.where(x == y, 0.0, (x - y).abs().nan_to_num(math.inf, math.inf))


def _spacing(value: Tensor, dtype: torch.dtype) -> Tensor:
    """The distance from ``value`` to the next number of ``dtype``: eps · 2^⌊log2 value⌋, no less than the smallest subnormal."""
    info = torch.finfo(dtype)
    exponent = torch.floor(torch.log2(value.clamp_min(info.tiny)))
    return info.eps * torch.exp2(exponent)
