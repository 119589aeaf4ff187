"""Reads what enters the model: token ids, so that the axes can be named, and the cache each forward pass starts with."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from inspector.hooks.session import Session
from inspector.hooks.steps import Step, ancestors
from inspector.tokens import Tokens, from_encoding, numbered

__all__ = ["watched_inputs"]

_AXES = (
    ("input", "input_ids", "attention_mask", "token_type_ids"),
    ("output", "decoder_input_ids", "decoder_attention_mask", ""),
)


@contextlib.contextmanager
def watched_inputs(session: Session, tokenizer: Any) -> Iterator[None]:
    """The model's inputs are read before each forward pass."""
    reader = _Reader(session, tokenizer)
    handles = [
        session.model.register_forward_pre_hook(reader.start, with_kwargs=True),
        session.model.register_forward_hook(reader.end, always_call=True),
    ]
    inner = getattr(session.model, "base_model", session.model)
    if isinstance(inner, nn.Module) and inner is not session.model:  # it is given the ids of several choices in one batch
        handles.append(inner.register_forward_pre_hook(reader.inner, with_kwargs=True))
    encoder = _encoder(session.model)
    if encoder is not None:  # generation runs it by itself, before the first whole pass
        handles.append(encoder.register_forward_pre_hook(reader.encoder, with_kwargs=True))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        session.steps.end()
        reader.finish()


def _encoder(model: nn.Module) -> nn.Module | None:
    if not getattr(getattr(model, "config", None), "is_encoder_decoder", False) or not hasattr(model, "get_encoder"):
        return None
    with contextlib.suppress(Exception):
        found = model.get_encoder()
        return found if isinstance(found, nn.Module) and found is not model else None
    return None


class _Reader:
    def __init__(self, session: Session, tokenizer: Any) -> None:
        self.session, self.tokenizer = session, tokenizer
        self.grown: dict[str, Step] = {}
        self.later: dict[str, tuple[Any, Any, Any]] = {}

    def start(self, model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """A forward pass of the whole model begins."""
        if not self.session.is_open():
            return
        given = _named(model, args, kwargs)
        ids = {axis: given[name] for axis, name, _, _ in _AXES if _is_ids(given.get(name))}
        mask = given.get("decoder_attention_mask" if "output" in ids else "attention_mask")
        mask = mask if isinstance(mask, Tensor) and mask.ndim == 2 else None
        self.session.steps.begin(given.get("past_key_values"), ids, mask)
        for axis, name, mask_name, segments in _AXES:
            self._read(axis, given.get(name), given.get(mask_name), given.get(segments))

    def inner(self, model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """The model inside the head begins: its ids name the tokens where the head was given others."""
        step = self.session.steps.current
        if self.session.is_open() and step is not None and not step.ids:
            given = _named(model, args, kwargs)
            self._read("input", given.get("input_ids"), given.get("attention_mask"), given.get("token_type_ids"))

    def encoder(self, model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """The encoder runs by itself."""
        if self.session.is_open() and self.session.steps.current is None:
            given = _named(model, args, kwargs)
            self.session.steps.open()
            self._read("input", given.get("input_ids"), given.get("attention_mask"), None)

    def end(self, model: nn.Module, args: tuple, output: Any) -> None:
        """The forward pass is over."""
        if self.session.is_open():
            self.session.steps.end()

    def _read(self, axis: str, ids: Any, mask: Any, segments: Any) -> None:
        name = self.session.steps.axis(axis)
        step = self.session.steps.current
        if not _is_ids(ids):
            return
        self.session.lengths[name] = ids.shape[1]
        if step is not None and axis == step.axis and (step.before is not None or step.repeats):
            self.grown[name] = step
        elif name in self.session.capture.sequences or name in self.later:
            return
        elif ids.device.type == "cpu":
            self.session.capture.sequences[name] = self._sequences(ids, mask, segments)
        else:  # reading them now would have the processor wait for the device before the model has begun
            self.later[name] = (_kept(ids), _kept(mask), _kept(segments))

    def finish(self) -> None:
        """The sequences that wait to be read, and those that generation made longer."""
        for name, given in self.later.items():
            self.session.capture.sequences[name] = self._sequences(*given)
        for name, step in self.grown.items():
            self.session.capture.sequences[name] = self._sequences(_so_far(step), step.mask, None)

    def _sequences(self, ids: Tensor, mask: Any, segments: Any) -> tuple[Tokens, ...]:
        rows = []
        for at, row in enumerate(ids.tolist()):
            if self.tokenizer is None:
                rows.append(numbered(len(row), row))
                continue
            keep = mask[at].tolist() if isinstance(mask, Tensor) and mask.ndim == 2 and mask.shape == ids.shape else None
            types = segments[at].tolist() if isinstance(segments, Tensor) and segments.shape == ids.shape else None
            rows.append(from_encoding(self.tokenizer, row, keep, types))
        return tuple(rows)


def _is_ids(value: Any) -> bool:
    return isinstance(value, Tensor) and value.ndim == 2 and not value.is_floating_point()


def _kept(value: Any) -> Any:
    """A copy, since the caller may write into ``value`` before it is read."""
    return value.detach().clone() if isinstance(value, Tensor) else None


def _so_far(step: Step) -> Tensor:
    """The ids of a generation up to this step, each beam's with those it goes on from."""
    if step.repeats:
        return step.ids[step.axis]
    origin, first, found = ancestors(step), step.chain[0].past, None
    for one in step.chain:
        if one.axis not in one.ids:
            continue
        ids, order = one.ids[one.axis], origin[one.number]
        ids = ids if order is None else ids[order.to(ids.device)]
        found = ids if found is None else torch.cat([found[:, : one.past - first], ids], 1)
    return step.ids[step.axis] if found is None else found


@functools.lru_cache(maxsize=64)
def _signature(cls: type[nn.Module]) -> inspect.Signature | None:
    try:
        return inspect.signature(cls.forward)
    except (TypeError, ValueError):
        return None


def _named(model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a forward by name."""
    signature = _signature(type(model)) if args else None
    if signature is None:
        return kwargs
    with contextlib.suppress(TypeError):
        return {**signature.bind_partial(model, *args).arguments, **kwargs}
    return kwargs
