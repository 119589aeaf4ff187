"""Any layout of a model's attention brought to [batch, head, query, key], with the way back."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from inspector.captures import Folding

__all__ = ["fold", "heads_of"]

_NAMES = ("num_heads", "num_attention_heads", "n_heads", "n_head", "heads", "nhead", "num_attention_head", "attention_heads")


def heads_of(module: nn.Module) -> int | None:
    """How many heads ``module`` says it has."""
    for name in _NAMES:
        found = getattr(module, name, None)
        if isinstance(found, int) and not isinstance(found, bool) and found > 0:
            return found
    config = getattr(module, "config", None)
    found = getattr(config, "num_attention_heads", None)
    return found if isinstance(found, int) and found > 0 else None


def fold(leading: tuple[int, ...], heads: int | None) -> tuple[Callable[[Tensor], Tensor], Folding | None]:
    """What brings a tensor with these axes before its last two to four axes, and how the model laid them out.

    Four axes stay. Three are [batch·head, …] where the number of heads divides the first, else one head. With five or
    more, windows or blocks join the batch axis.
    """
    if len(leading) == 2:
        return (lambda tensor: tensor), None
    if len(leading) == 1:
        if heads and leading[0] % heads == 0:
            return (lambda t: t.reshape(-1, heads, *t.shape[-2:])), Folding(leading, None)
        return (lambda t: t.unsqueeze(1)), Folding(leading, None)
    axis = next((at for at in range(1, len(leading)) if leading[at] == heads), 1)

    def folded(tensor: Tensor) -> Tensor:
        moved = tensor.movedim(axis, len(leading) - 1)
        return moved.reshape(-1, leading[axis], *tensor.shape[-2:])

    return folded, Folding(leading, axis)
