"""Forward hooks that open and close the scopes of taps 2 and 4, in the thread that runs the forward.

The operator mode is pushed once, by the outermost scope, and popped with it; a scope left open by Ctrl-C is closed when
the capture ends.
"""

from __future__ import annotations

import contextlib
import functools
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import _get_current_function_mode, _len_torch_function_stack

from inspector.hooks import adapters, byhand
from inspector.hooks.copying import mark
from inspector.hooks.multihead import rebound
from inspector.hooks.operators import Followed, OperatorMode, Scope
from inspector.hooks.reach import may_write_attention, reported_by
from inspector.hooks.reported import close_report, open_report
from inspector.hooks.session import Session, quiet
from inspector.hooks.unshown import reason_for

__all__ = ["hooked"]

_SOFTMAX_MODULE = re.compile(r"softmax$", re.IGNORECASE)


@dataclass(eq=False)
class _Thread:
    """What one thread has open."""

    scopes: list[Scope] = field(default_factory=list)
    mode: OperatorMode | None = None


@dataclass(eq=False)
class _Hooks:
    session: Session
    local: threading.local = field(default_factory=threading.local)
    handles: list[Any] = field(default_factory=list)
    known: set[nn.Module] = field(default_factory=set)
    swapping: list[nn.Module] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)

    @property
    def thread(self) -> _Thread:
        """The calling thread's own stack."""
        if not hasattr(self.local, "own"):
            self.local.own = _Thread()
        return self.local.own

    def enter(self, silent: bool, module: nn.Module, args: tuple) -> None:
        """A module that may write attention starts."""
        if not self.session.is_open():
            return
        thread = self.thread
        reason = reason_for(type(module))
        if reason is not None and not any(reason_for(type(scope.module)) == reason for scope in thread.scopes):
            self.session.miss(module, reason)  # once for a mixer, not again for the parts of it
        thread.scopes.append(Scope(module, silent=silent))
        if thread.mode is None:
            thread.mode = OperatorMode(self.session, thread.scopes, byhand.on_sdpa, byhand.on_product, byhand.on_multihead)
            thread.mode.__enter__()

    def leave(self, module: nn.Module, args: tuple, output: Any) -> None:
        """It is over; what it followed and did not use goes on in the module around it."""
        thread = self.thread
        if not thread.scopes or thread.scopes[-1].module is not module:
            return
        scope = thread.scopes.pop()
        unused = {key: what for key, what in scope.followed.items() if not what.done}
        if thread.scopes:
            thread.scopes[-1].followed.update(unused)
            thread.scopes[-1].log_sums.update(scope.log_sums)
        else:
            self.close()

    def softmax(self, module: nn.Module, args: tuple, output: Any) -> None:
        """A softmax that is a module of its own (I-BERT's integer softmax)."""
        first = output[0] if isinstance(output, tuple) else output
        if (
            self.session.is_open()
            and self.thread.scopes
            and isinstance(first, Tensor)
            and first.ndim >= 3
            and first.is_floating_point()
        ):
            scope = self.thread.scopes[-1]
            if scope.find([first]) is None:
                scope.follow(first, Followed(first, -1, scope.module))

    def close(self) -> None:
        """Pops this thread's mode, wherever the block was left."""
        thread = self.thread
        thread.scopes.clear()
        if thread.mode is not None:
            while _len_torch_function_stack() and isinstance(top := _get_current_function_mode(), OperatorMode):
                top.__exit__(None, None, None)
                if top is thread.mode:
                    break
            thread.mode = None


@contextlib.contextmanager
def hooked(session: Session) -> Iterator[None]:
    """Taps 2 and 4 are set on the modules that need them."""
    hooks = _Hooks(session)
    handles = hooks.handles
    try:
        modules = [module for _, module in session.names.modules]
        for module in modules:
            _watch(session, hooks, module)
        for module, index in reported_by(modules).items():
            if session.wants(module):
                handles.append(module.register_forward_pre_hook(functools.partial(open_report, session), prepend=True))
                handles.append(module.register_forward_hook(functools.partial(close_report, session, index), always_call=True))
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module in hooks.swapping:
            del module.set_attention_type
        for undo in hooks.undo:
            undo()
        hooks.close()


def _watch(session: Session, hooks: _Hooks, module: nn.Module) -> None:
    """Sets what ``module`` needs, once; BigBird puts new modules in while it runs, which are watched as they come."""
    need = _need(type(module))
    if not need.anything or module in hooks.known:
        return
    hooks.known.add(module)
    if need.is_multihead and "_old_forward" in vars(module):
        hooks.undo.append(rebound(module))
    hooks.handles += _hook(session, hooks, module, need)
    if need.exchanges_parts and "set_attention_type" not in vars(module):
        original: Callable = module.set_attention_type  # type: ignore[assignment]

        @functools.wraps(original)
        def set_attention_type(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            session.names.renew()
            for inner in module.modules():
                _watch(session, hooks, inner)
            return result

        module.set_attention_type = mark(set_attention_type)  # type: ignore[assignment]
        hooks.swapping.append(module)


@dataclass(frozen=True)
class _Need:
    """What the modules of one class ask for."""

    adapter: adapters.Adapter | None
    is_softmax: bool
    is_silent: bool
    may_write: bool
    is_multihead: bool
    exchanges_parts: bool

    @functools.cached_property
    def anything(self) -> bool:
        """Most classes ask for nothing."""
        return any((self.is_softmax, self.is_silent, self.may_write, self.is_multihead, self.exchanges_parts))


@functools.cache
def _need(cls: type[nn.Module]) -> _Need:
    adapter = adapters.find(cls)
    spoken_for = adapter is not None and not getattr(adapter, "listens", False)
    return _Need(
        adapter,
        is_softmax=bool(_SOFTMAX_MODULE.search(cls.__name__)),
        is_silent=spoken_for or reason_for(cls) is not None,
        may_write=may_write_attention(cls),
        is_multihead=issubclass(cls, nn.MultiheadAttention),
        exchanges_parts=hasattr(cls, "set_attention_type"),
    )


def _hook(session: Session, hooks: _Hooks, module: nn.Module, need: _Need) -> list[Any]:
    if need.is_softmax:
        return [module.register_forward_hook(hooks.softmax)]
    if not need.is_silent and not need.may_write:
        return []
    if not session.wants_within(module):
        return []
    handles = [
        module.register_forward_pre_hook(functools.partial(hooks.enter, need.is_silent), prepend=True),
        module.register_forward_hook(hooks.leave, always_call=True),
    ]
    if need.adapter is not None:
        tell = functools.partial(_adapt, session, need.adapter)
        handles.append(module.register_forward_pre_hook(functools.partial(open_report, session), prepend=True))
        handles.append(module.register_forward_hook(tell, with_kwargs=True, always_call=True))
    return handles


@torch.no_grad()
def _adapt(
    session: Session, adapter: adapters.Adapter, module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any
) -> None:
    seen = session.release(module)
    if not session.is_open() or seen is None or output is None:
        return
    with quiet():
        try:
            adapter(session, module, args, kwargs, output, seen)
        except Exception as error:  # a tap may fail; the model may not
            session.failed(module, error)
