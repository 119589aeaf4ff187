"""What ``output_attentions=True`` returns, and whether a capture holds the same tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from inspector import Capture
from inspector.captures import AttentionCall

__all__ = ["hf_attentions", "nearest", "same_calls", "same_output", "state_of", "unmatched"]


def hf_attentions(output: Any, prefix: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every attention tensor [batch, head, query, key] of a model output, nested outputs included, with its field name."""
    if not hasattr(output, "items"):
        return
    for name, value in output.items():
        here = f"{prefix}{name}"
        if "attentions" in name:
            yield from _tensors(here, value)
        elif hasattr(value, "items"):
            yield from hf_attentions(value, f"{here}.")


def _tensors(name: str, value: Any) -> Iterator[tuple[str, Tensor]]:
    if torch.is_tensor(value):
        if value.ndim >= 3 and value.is_floating_point():
            yield name, value
    elif isinstance(value, (tuple, list)):
        for at, item in enumerate(value):
            yield from _tensors(f"{name}[{at}]", item)


def unmatched(capture: Capture, wanted: list[tuple[str, Tensor]], tolerance: float = 1e-5) -> dict[str, str]:
    """The reference tensors for which no call of the capture has the same weights, each with the nearest error.

    Rows with no allowed key are zero under one kernel and uniform under another: rows the capture reports as all
    zero are left out.
    """
    found = {}
    for name, table in wanted:
        error = nearest(capture, table)
        if error is None or error > tolerance:
            found[name] = f"{list(table.shape)}: nearest {'no such shape' if error is None else error}"
    return found


def nearest(capture: Capture, table: Tensor, change: Callable[[Tensor], Tensor] = lambda weights: weights) -> float | None:
    """The smallest error of any call against ``table``, after ``change`` of its weights; None where no call has that shape."""
    errors = [_error(change(ours), table) for call in capture.calls if (ours := _laid_out(call, table)) is not None]
    return min(errors, default=None)


def _laid_out(call: AttentionCall, table: Tensor) -> Tensor | None:
    """The weights of ``call`` in the axes of ``table``; None where they are of another shape."""
    if call.layout is None and call.shape[2:] != tuple(table.shape[-2:]):
        return None
    ours = call.weights()
    if ours.shape != table.shape and call.layout is not None:
        ours = call.layout.unfold(ours)
    if ours.shape != table.shape and ours.shape[2:] == table.shape[-2:] and ours.numel() == table.numel():
        ours = ours.reshape(table.shape)  # batch and heads in one axis
    if table.ndim == 3 and ours[:, 0].shape == table.shape:
        ours = ours.mean(1)  # torch.nn.MultiheadAttention returns the mean over heads unless asked for each
    if ours.shape != table.shape:
        return None
    if table.ndim == 4 and table.shape[1] > 1 and bool((table == table[:, :1]).all()):
        ours = ours.mean(1, keepdim=True).expand_as(table)  # and WavLM returns that mean as every head
    return ours


def _error(ours: Tensor, table: Tensor) -> float:
    empty = ours.sum(-1, keepdim=True) == 0
    return float((ours - table.float()).masked_fill(empty, 0.0).abs().amax())


def same_output(first: Any, second: Any) -> bool:
    """Whether two outputs are equal bit for bit, NaN equal to NaN."""
    if torch.is_tensor(first):
        if not torch.is_tensor(second) or first.shape != second.shape or first.dtype != second.dtype:
            return False
        return (
            torch.equal(torch.nan_to_num(first), torch.nan_to_num(second))
            if first.is_floating_point()
            else torch.equal(first, second)
        )
    if hasattr(first, "items"):
        return list(first.keys()) == list(second.keys()) and all(same_output(first[k], second[k]) for k in first)
    if isinstance(first, (tuple, list)):
        return len(first) == len(second) and all(same_output(a, b) for a, b in zip(first, second, strict=True))
    if hasattr(first, "layers") and hasattr(first, "get_seq_length"):  # a cache
        return True
    return True


def same_calls(first: Capture, second: Capture) -> bool:
    """Whether two captures hold the same calls of the same modules, every kept tensor equal bit for bit."""
    if [(c.name, c.kind, c.layer_index) for c in first.calls] != [(c.name, c.kind, c.layer_index) for c in second.calls]:
        return False
    return all(
        same_output(one.evidence.tensors(), two.evidence.tensors()) for one, two in zip(first.calls, second.calls, strict=True)
    )


def state_of(model: torch.nn.Module) -> list[tuple]:
    """Everything a capture could leave behind on a model: hooks, wrapped methods, training flags, modes."""
    from torch.overrides import _get_current_function_mode_stack
    from transformers.modeling_utils import AttentionInterface

    state: list[tuple] = [
        (
            name,
            tuple(module._forward_hooks),
            tuple(module._forward_pre_hooks),
            tuple(module._forward_hooks_always_called),
            tuple(module._forward_hooks_with_kwargs),
            tuple(module._forward_pre_hooks_with_kwargs),
            "forward" in vars(module),
            module.training,
        )
        for name, module in model.named_modules()
    ]
    state.append(("mode", len(_get_current_function_mode_stack())))
    state.append(("library", AttentionInterface.get_interface, "__getitem__" in vars(AttentionInterface)))
    state.append(("grad", torch.is_grad_enabled()))
    return state
