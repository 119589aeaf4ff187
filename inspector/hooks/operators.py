"""Tap 2: attention written by hand, seen operator by operator.

A softmax whose result reaches a product with values is attention; one that does not (a router, a gate, a feature map) is
not. The result is followed through casts, dropout and views by the identity of its storage.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from inspector.hooks.session import Session, quiet, watching

__all__ = ["Followed", "OperatorMode", "Scope"]

T = Tensor
_SDPA = {F.scaled_dot_product_attention, torch._C._nn.scaled_dot_product_attention}
_SOFTMAX = {torch.softmax, F.softmax, T.softmax, torch._softmax}
_LOG_SUM_EXP = {torch.logsumexp, T.logsumexp}
_MINUS = {torch.sub, T.sub, T.__sub__}
_EXP = {torch.exp, T.exp}
_PRODUCT = {torch.matmul, torch.bmm, T.matmul, T.__matmul__, T.bmm, torch.einsum, torch.functional.einsum, torch.baddbmm}
_PRODUCT |= {T.__rmatmul__, T.mm, torch.mm}
_PASSED_ON = {
    *(torch.dropout, F.dropout, torch.mul, torch.clone, torch.nan_to_num, torch.masked_fill, torch.where, torch.reshape),
    *(torch.transpose, torch.permute, torch.flatten, torch.split, torch.repeat_interleave, F.pad, torch.unsqueeze, torch.squeeze),
    *(T.to, T.type_as, T.type, T.half, T.float, T.bfloat16, T.double, T.mul, T.__mul__, T.__rmul__, T.contiguous, T.clone),
    *(T.nan_to_num, T.masked_fill, T.reshape, T.__getitem__, T.view, T.transpose, T.permute, T.unsqueeze, T.squeeze, T.flatten),
    *(T.movedim, T.expand, T.chunk, T.split, T.unflatten, T.repeat, T.swapaxes, torch.chunk, T.masked_fill_, T.mul_),
}


@dataclass(eq=False)
class Followed:
    """A softmax result on its way to the values.

    Attributes:
        weights: the result itself.
        axis: the axis it sums to 1 over.
        module: where it was computed.
        holds: every tensor known to carry it; holding them keeps their storages from being taken by others.
    """

    weights: Tensor
    axis: int
    module: nn.Module
    done: bool = False
    holds: list[Tensor] = field(default_factory=list)


@dataclass(eq=False)
class Scope:
    """One forward of a module that may write attention by hand."""

    module: nn.Module
    followed: dict[int, Followed] = field(default_factory=dict)
    log_sums: dict[int, Tensor] = field(default_factory=dict)
    silent: bool = False

    def follow(self, tensor: Tensor, what: Followed) -> None:
        """From now on ``tensor`` stands for ``what``."""
        key = _storage(tensor)
        if key is not None:
            self.followed[key] = what
            what.holds.append(tensor)

    def find(self, args: Sequence[Any]) -> tuple[Tensor, Followed] | None:
        """The first argument that carries a softmax result not yet used."""
        for tensor in _tensors(args):
            what = self.followed.get(_storage(tensor) or 0)
            if what is not None and not what.done:
                return tensor, what
        return None


class OperatorMode(TorchFunctionMode):
    """Sees every operator while a scope is open.

    Args:
        session: where calls go.
        scopes: the open scopes, innermost last.
        on_sdpa, on_product, on_multihead: what to do when attention has been seen.
    """

    def __init__(
        self, session: Session, scopes: list[Scope], on_sdpa: Callable, on_product: Callable, on_multihead: Callable
    ) -> None:
        super().__init__()
        self.session, self.scopes = session, scopes
        self._on_sdpa, self._on_product, self._on_multihead = on_sdpa, on_product, on_multihead

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        kwargs = kwargs or {}
        if not self.scopes or self.scopes[-1].silent or self.session not in watching():
            return func(*args, **kwargs)
        scope = self.scopes[-1]
        if func in _SDPA:
            return self._then(self._on_sdpa, scope, func, args, kwargs)
        if func is F.multi_head_attention_forward:
            return self._then(self._on_multihead, scope, func, args, kwargs)
        if func in _SOFTMAX:
            return self._softmax(scope, func, args, kwargs)
        if func in _LOG_SUM_EXP:
            return self._log_sum(scope, func(*args, **kwargs))
        if scope.log_sums and (func in _MINUS or func in _EXP):
            return self._exponential(scope, func, args, kwargs)
        if not scope.followed:
            return func(*args, **kwargs)
        return self._use(scope, func, args, kwargs)

    def _then(self, tell: Callable, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        self._tell(tell, scope, func, args, kwargs, result)
        return result

    def _tell(self, tell: Callable, scope: Scope, *what: Any) -> None:
        with quiet():
            try:
                tell(self.session, scope, *what)
            except Exception as error:  # a tap may fail; the model may not
                self.session.failed(scope.module, error)

    def _softmax(self, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        result = func(*args, **kwargs)
        if isinstance(result, Tensor) and result.ndim >= 3 and result.is_floating_point():
            axis = kwargs.get("dim", args[1] if len(args) > 1 else -1)
            scope.follow(result, Followed(result, -1 if axis is None else int(axis), scope.module))
        return result

    @staticmethod
    def _log_sum(scope: Scope, result: Any) -> Any:
        key = _storage(result)
        if key is not None:
            scope.log_sums[key] = result
        return result

    def _exponential(self, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        """exp(scores − logsumexp(scores)) is a softmax as well."""
        result = func(*args, **kwargs)
        if isinstance(result, Tensor) and any(_storage(t) in scope.log_sums for t in _tensors(args)):
            if func in _MINUS:
                return self._log_sum(scope, result)
            if result.ndim >= 3 and result.shape[-1] > 1:
                scope.follow(result, Followed(result, -1, scope.module))
        return result

    def _use(self, scope: Scope, func: Callable, args: tuple, kwargs: dict[str, Any]) -> Any:
        product = func in _PRODUCT
        found = scope.find(args) if product or func in _PASSED_ON else None
        result = func(*args, **kwargs)
        if found is None:
            return result
        tensor, what = found
        if product:
            what.done = True
            self._tell(self._on_product, scope, func, args, result, tensor, what)
            what.holds.clear()
            return result
        for carried in _tensors([result]):
            scope.follow(carried, what)
        return result


def _tensors(args: Sequence[Any]) -> Iterator[Tensor]:
    for arg in args:
        if isinstance(arg, Tensor):
            yield arg
        elif isinstance(arg, (list, tuple)):
            yield from (inner for inner in arg if isinstance(inner, Tensor))


def _storage(tensor: Any) -> int | None:
    try:
        return tensor.untyped_storage()._cdata
    except (AttributeError, RuntimeError, NotImplementedError):  # subclasses without one storage
        return None
