"""The proof of a call: what its weights make of the values, against what the model's own kernel made of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["SAVED", "UNCHECKED", "Compared", "Proof", "compare_now", "of_file", "tolerance_of"]

# The largest |weights·value − output| / max|output| that counts as the same function. Float32 rounding stays below
# 4e-6 over 1,680 model classes, and below 3e-5 in SAM 3's memory attention, whose scores reach 380; the half precisions
# round the kernel's own weights and output to 2^-8 and 2^-11.
_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4, torch.float16: 4e-3, torch.bfloat16: 3e-2}
_TINY = torch.finfo(torch.float32).tiny


def tolerance_of(dtype: torch.dtype) -> float:
    """The residual above which a call of this dtype has failed its proof."""
    return _TOLERANCE.get(dtype, 3e-2)


class Compared:
    """Rows of an output computed again and the model's own, compared when the error is first asked for.

    The comparison is a handful of small operations; between the kernels of a running model each of them costs many times
    what it costs afterwards, all calls at once.
    """

    def __init__(self, again: Tensor, theirs: Tensor) -> None:
        self._pair: tuple[Tensor, Tensor] | None = (again, theirs)
        self._error: Tensor | None = None

    @property
    def kind(self) -> tuple[torch.Size, torch.dtype, torch.device] | None:
        """What may be compared in one go; None when it has been."""
        pair = self._pair
        return None if pair is None else (pair[0].shape, pair[0].dtype, pair[0].device)

    @property
    def error(self) -> Tensor:
        """max |again − theirs| / max |theirs|, a tensor of no axes on the device of the two."""
        pair = self._pair
        if pair is not None:
            self._is(_errors(pair[0][None], pair[1][None])[0])
        assert self._error is not None
        return self._error

    @staticmethod
    def settle(waiting: list[Compared]) -> None:
        """Compares all of one kind, with one wait for the device; the rows are let go."""
        pairs = [(one, pair) for one in waiting if (pair := one._pair) is not None]  # another thread may be reading them now
        if pairs:
            again, theirs = (torch.stack([pair[side] for _, pair in pairs]) for side in (0, 1))
            for (one, _), error in zip(pairs, _errors(again, theirs).tolist(), strict=True):
                one._is(torch.tensor(error, dtype=torch.float64))

    def _is(self, error: Tensor) -> None:
        """The error is there before the rows are let go: who finds no rows finds it, and computed twice it is the same."""
        self._error = error
        self._pair = None


@torch.no_grad()
def _errors(again: Tensor, theirs: Tensor) -> Tensor:
    """[call], of [call, …]: NaN where there is one. A norm of infinite order takes ten times as long as the largest magnitude."""
    errors, largest = (again - theirs).abs().flatten(1).amax(1), theirs.abs().flatten(1).amax(1)
    return errors / largest.clamp_min(_TINY)


@dataclass(frozen=True, eq=False)
class Proof:
    """weights @ value against the output of the model's own kernel; the number stays on its device until it is read.

    Attributes:
        found: the error, or what it follows from; None when it could not be checked.
        tolerance: the largest error that passes.
        rows: how many rows a head were checked.
        note: why it could not be checked, or "".
        from_file: the error is what a file says, and nobody has checked it since.
    """

    found: Tensor | Compared | None
    tolerance: float = 1e-4
    rows: int = 0
    note: str = ""
    from_file: bool = False

    @property
    def error(self) -> Tensor | None:
        """The residual as a tensor of no axes, on the device of the call."""
        return self.found.error if isinstance(self.found, Compared) else self.found

    @property
    def residual(self) -> float | None:
        """max |weights·value − output| / max |output| over the rows checked; None when it could not be checked."""
        error = self.error
        return None if error is None else float(error)

    @property
    def passed(self) -> bool | None:
        """True or False; None when it could not be checked (``note`` says why), or passed only by the word of a file."""
        residual = self.residual
        if residual is None:
            return None
        within = math.isfinite(residual) and residual <= self.tolerance
        return None if within and self.from_file else within


def compare_now(proofs: Iterable[Proof]) -> None:
    """Makes every comparison that waits, those of one shape together."""
    groups: dict[object, list[Compared]] = {}
    for proof in proofs:
        if isinstance(proof.found, Compared) and proof.found.kind is not None:
            groups.setdefault(proof.found.kind, []).append(proof.found)
    for waiting in groups.values():
        Compared.settle(waiting)


# Values and outputs are not saved: what a file says of its proof can only be checked by running the model again.
SAVED = "checked when it was saved, by the file’s word; it holds no values to check the weights with again"


def of_file(residual: float | None, rows: int, note: str, dtype: torch.dtype) -> Proof:
    """The proof that a file tells of. Its limit is ours, by the dtype of what is kept: a file that names one is not asked."""
    error = None if residual is None else torch.tensor(residual, dtype=torch.float64)
    said = note or ("" if residual is None else SAVED)
    return Proof(error, tolerance_of(dtype), rows, said, from_file=residual is not None)


UNCHECKED = Proof(None, note="the model returned weights but no value and output to check them with")
