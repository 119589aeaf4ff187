"""How single families lay out their own weights; not with their adapters, so that a saved capture opens without a model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from inspector.captures import LAYOUTS

__all__ = ["Bands", "ChosenRows", "Prompted", "Transposed"]

Shape = tuple[int, int, int, int]
_WINDOW = 2**15  # neighbours on one side; models have up to 4,096, and short texts fewer tokens than that


@LAYOUTS.add("Bands")
@dataclass(frozen=True, eq=False)
class Bands:
    """The model's own layout: [batch, head, query, global keys + 2·window + 1], window columns counted from the query.

    Attributes:
        window: neighbours on each side.
        global_keys: [batch, key] bool; None without global tokens.
    """

    window: int
    global_keys: Tensor | None

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch, head, query, key] as the model returns it."""
        num_queries, num_keys = weights.shape[-2:]
        rows = torch.arange(num_queries, device=weights.device)[:, None]
        columns = rows + torch.arange(-self.window, self.window + 1, device=weights.device)
        inside = (columns >= 0) & (columns < num_keys)
        local = weights if self.global_keys is None else weights.masked_fill(self.global_keys[:, None, None, :], 0.0)
        index = columns.clamp(0, num_keys - 1).expand(*weights.shape[:2], -1, -1)
        band = local.gather(-1, index) * inside
        return band if self.global_keys is None else torch.cat([self._columns(weights), band], -1)

    def fits(self, shape: Shape) -> bool:
        """Whether the window is one, and global keys are marked for each batch item."""
        marks = self.global_keys
        marked = marks is None or (marks.dtype == torch.bool and marks.shape == (shape[0], shape[3]))
        return marked and 0 <= self.window <= _WINDOW and shape[2] == shape[3]

    def _columns(self, weights: Tensor) -> Tensor:
        """The weights on the global keys of each batch item, first ones first."""
        keys = self.global_keys
        assert keys is not None
        most = int(keys.sum(-1).max())
        found = weights.new_zeros(*weights.shape[:3], most)
        for item, of_item in enumerate(keys):
            at = of_item.nonzero().flatten()
            found[item, :, :, : len(at)] = weights[item][:, :, at]
        return found


@LAYOUTS.add("Transposed")
@dataclass(frozen=True)
class Transposed:
    """The model's own layout of the global rows: [batch, head, key, global query], with the keys the model appended."""

    num_keys: int

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch, head, query, key] as the model returns it."""
        return nn.functional.pad(weights, (0, self.num_keys - weights.shape[-1])).transpose(-1, -2)

    def fits(self, shape: Shape) -> bool:
        """Whether the model appended no more than a window of keys."""
        return shape[3] <= self.num_keys <= shape[3] + 2 * _WINDOW


@LAYOUTS.add("ChosenRows")
@dataclass(frozen=True, eq=False)
class ChosenRows:
    """The model's own layout: the rows of some queries only.

    Attributes:
        rows: [batch, head, chosen], the queries in the order in which the model has them.
    """

    rows: Tensor

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch, head, chosen, key] as the model returns it."""
        return weights.gather(2, self.rows[..., None].expand(-1, -1, -1, weights.shape[-1]))

    def fits(self, shape: Shape) -> bool:
        """Whether the rows are there, and each head has as many."""
        rows = self.rows
        same = rows.dtype == torch.int64 and rows.ndim == 3 and rows.shape[:2] == shape[:2] and rows.shape[2] > 0
        return same and rows.shape[2] <= shape[2] and int(rows.min()) >= 0 and int(rows.max()) < shape[2]


@LAYOUTS.add("Prompted")
@dataclass(frozen=True)
class Prompted:
    """The model's own layout: the rows and columns after the prompt.

    Attributes:
        length: tokens of the prompt.
    """

    length: int

    def unfold(self, weights: Tensor) -> Tensor:
        """[batch, head, query, key] as the model returns it."""
        return weights[..., self.length :, self.length :]

    def fits(self, shape: Shape) -> bool:
        """Whether something stands after the prompt."""
        return 0 <= self.length < min(shape[2:])
