"""What measuring gives: a number for every head, as an array that also says what its numbers are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inspector.errors import OutOfRange
from inspector.indexing import at_least

__all__ = ["HeadScores"]

_LINES = 12  # layers a printed table shows before it leaves out its middle


@dataclass(frozen=True, eq=False)
class HeadScores:
    """One number for every head of one group of layers, mean over the rows of one text (or of several texts).

    It is an array [layer, head] to whoever takes one: ``scores[1, 0]``, ``np.asarray(scores)``, ``pd.DataFrame(scores)``,
    ``plt.imshow(scores)``. The first axis counts the layers that were captured; ``layers`` names them.

    Attributes:
        values: [layer, head], NaN where the number has no meaning (no token before, heads a layer lacks).
        name, title, text, unit, low, high, source: as the metric says.
        tower, kind: the group of layers.
        layers: the layer index of each row of ``values``.
        rows: "content" (no special tokens, no padding) or "all" (no padding).
        num_rows: the most rows any head's mean was taken over, of all texts together.
    """

    values: Tensor
    name: str
    title: str
    text: str
    unit: str
    low: float
    high: float | None
    source: str
    tower: str
    kind: str
    layers: tuple[int, ...]
    rows: str
    num_rows: int

    def top(self, count: int = 5) -> list[tuple[int, int, float]]:
        """The highest heads as (layer, head, value), highest first; heads without a value are left out.

        ``layer`` is the layer's own number, as ``cap.call`` takes it, also where only some layers were captured.
        """
        at_least(count, 0, "a number of heads")
        flat = self.values.flatten()
        order = flat.nan_to_num(float("-inf")).argsort(descending=True, stable=True)
        width = self.values.shape[1]
        best = [(self.layers[int(at) // width], int(at) % width, float(flat[at])) for at in order[: int(count)]]
        return [entry for entry in best if entry[2] == entry[2]]

    @property
    def shape(self) -> tuple[int, int]:
        """(layers, heads)."""
        return self.values.shape[0], self.values.shape[1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = self.values.detach().cpu().numpy()
        return np.array(found, dtype=dtype, copy=True) if copy or dtype not in (None, found.dtype) else found

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self.values)

    def __getitem__(self, index: Any) -> Any:
        """``values[index]``; a number where one head is left.

        Raises:
            OutOfRange: an index that does not exist.
        """
        try:  # numpy's rules: torch reads an array of fractions as positions
            places = np.arange(self.values.numel()).reshape(self.shape)[index]
        except (IndexError, TypeError, ValueError, RuntimeError) as error:
            layers, heads = self.shape
            raise OutOfRange(
                f"{self.title} at {index!r} was asked for.",
                f"There are {layers} layers × {heads} heads ({error}).",
                f"Use 0 to {layers - 1} and 0 to {heads - 1}.",
            ) from error
        found = self.values.flatten()[torch.as_tensor(np.array(places))]  # a copy: torch takes no steps backwards
        return float(found) if found.ndim == 0 else found

    def __repr__(self) -> str:
        layers, heads = self.shape
        unit = f" in {self.unit}" if self.unit else ""
        head = f"<{self.title}{unit} of {layers} layers × {heads} heads, {self.num_rows} rows ({self.rows})"
        table = [
            f"  layer {layer:>2}  {np.array2string(row, precision=3, max_line_width=110, threshold=16, floatmode='fixed')}"
            for layer, row in zip(self.layers, np.asarray(self), strict=True)
        ]
        if len(table) > _LINES:
            table = [*table[: _LINES // 2], "  …", *table[-_LINES // 2 :]]
        return "\n".join([head, *table]) + ">"
