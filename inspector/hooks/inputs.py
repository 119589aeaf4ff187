"""Reads what enters the model: token ids, so that the axes can be named, and the cache each forward pass starts with.

A pass is a forward of the outermost Transformers model, whoever calls it: a wrapper around it (PEFT, sentence-transformers, a
module of one's own) may call its ``forward`` directly, hand it vectors instead of ids, or put virtual tokens before them.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from inspector.hooks.forwards import unwatch, watch
from inspector.hooks.labelling import Labels
from inspector.hooks.session import Session, watching
from inspector.hooks.steps import Step, ancestors

__all__ = ["watched_inputs"]

_AXES = (
    ("input", "input_ids", "inputs_embeds", "attention_mask", "token_type_ids"),
    ("output", "decoder_input_ids", "decoder_inputs_embeds", "decoder_attention_mask", ""),
)


@contextlib.contextmanager
def watched_inputs(session: Session, tokenizer: Any) -> Iterator[None]:
    """The model's inputs are read before each forward pass."""
    readers = [_Reader(session, root, tokenizer) for root in _roots(session)]
    owners, handles = [], []
    try:
        for reader in readers:
            session.readers |= dict.fromkeys(reader.parts, reader)
            owners += [watch(part, _readers) for part in reader.parts]
            handles += [table.register_forward_hook(reader.embedded) for table in reader.tables]
        yield
    finally:
        for owner in owners:
            unwatch(owner)
        for handle in handles:
            handle.remove()
        session.steps.end()
        for reader in readers:
            reader.finish()


def _roots(session: Session) -> list[nn.Module]:
    """The outermost Transformers models; the model itself where there is none."""
    found: list[tuple[str, nn.Module]] = []
    for name, module in session.names.modules:
        if isinstance(module, PreTrainedModel) and not any(not outer or name.startswith(f"{outer}.") for outer, _ in found):
            found.append((name, module))
    return [module for _, module in found] or [session.model]


def _readers(module: nn.Module) -> tuple[_Reader, ...]:
    """Who reads the inputs of ``module`` in the running context."""
    return tuple(session.readers[module] for session in watching() if module in session.readers)


class _Reader:
    """Reads what one model of a session is given.

    Attributes:
        parts: the model and those inside it that are given ids, by what they are.
        tables: its input embeddings, which a caller may use himself and hand on what they give.
    """

    def __init__(self, session: Session, root: nn.Module, tokenizer: Any) -> None:
        self.session, self.root = session, root
        self.labels = Labels(tokenizer, getattr(root, "config", None), _virtual(session))
        self.parts = _parts(root)
        self.tables = _tables(session, root)
        self._local = threading.local()
        self._grown: dict[str, Step] = {}
        self._later: dict[str, tuple[Any, Any, Any]] = {}
        self._first: dict[str, int] = {}
        self._cached: dict[str, Step] = {}

    def start(self, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> Any:
        """A forward pass of the model, or of a part that is given ids, begins."""
        try:
            given, part = _named(module, args, kwargs), self.parts[module]
            if part == "whole" and self.session.steps.current is None:
                self._begin(given)
                return part
            self._inside(part, given)
        except Exception as error:  # a tap may fail; the model may not
            self.session.failed(module, error)
        return None

    def end(self, module: nn.Module, begun: Any) -> None:
        """The forward pass is over."""
        self.session.steps.end()

    def embedded(self, table: nn.Module, args: tuple, output: Any) -> None:
        """Somebody embeds ids outside a pass: the vectors may enter the model in their place."""
        if not self.session.is_open() or self.session.steps.current is not None:
            return
        if args and _is_ids(args[0]) and isinstance(output, Tensor):
            self._vectors[:] = [*self._vectors[-1:], (_kept(args[0]), output.detach())]

    def finish(self) -> None:
        """The sequences that wait to be read, and those that generation made longer."""
        sequences = self.session.capture.sequences
        for name, given in self._later.items():
            sequences[name] = self.labels.rows(name, *given)
        for name, step in self._grown.items():
            sequences[name] = self.labels.rows(name, _so_far(step), step.mask, None, self._first[name])
        for name, step in self._cached.items():
            if name in sequences:
                sequences[f"{name} with cache"] = self.labels.cached(step.past, step.mask, sequences[name])

    @property
    def _vectors(self) -> list[tuple[Tensor, Tensor]]:
        """Ids of this thread and what they were embedded as, until a pass begins."""
        if not hasattr(self._local, "vectors"):
            self._local.vectors = []
        return self._local.vectors

    def _begin(self, given: dict[str, Any]) -> None:
        found = {axis: ids for axis, name, vectors, *_ in _AXES if (ids := self._ids(given, name, vectors)) is not None}
        self._vectors.clear()
        mask = given.get("decoder_attention_mask" if "output" in found else "attention_mask")
        mask = mask if isinstance(mask, Tensor) and mask.ndim == 2 else None
        self.session.steps.begin(given.get("past_key_values"), found, mask)
        for axis, _, _, mask_name, segments in _AXES:
            if axis in found:
                self._read(axis, found[axis], given.get(mask_name), given.get(segments))

    def _inside(self, part: str, given: dict[str, Any]) -> None:
        """A part begins: its ids name the tokens where the whole model was given others, or none."""
        step = self.session.steps.current
        if step is None:
            if part != "encoder":
                return
            self.session.steps.open()  # generation runs it by itself, before the first whole pass
        wanted = {"encoder": _AXES[:1], "decoder": (("output", *_AXES[0][1:]),), "base": _AXES}.get(part, ())
        for axis, name, vectors, mask_name, segments in wanted:
            ids = self._ids(given, name, vectors) if step is None or axis not in step.ids else None
            if ids is not None:
                if step is not None:
                    step.ids[axis] = ids
                self._read(axis, ids, given.get(mask_name), given.get(segments))

    def _ids(self, given: dict[str, Any], name: str, vectors: str) -> Tensor | None:
        """The ids that enter: given as such, or those whose vectors do, −1 where a vector stands before them."""
        known = given.get(name)
        if isinstance(known, Tensor) and _is_ids(known):
            return known
        entering: Any = given.get(vectors)
        for ids, embedded in self._vectors if isinstance(entering, Tensor) and entering.ndim == 3 else ():
            more = entering.shape[1] - embedded.shape[1]
            if more >= 0 and entering.shape[0] == embedded.shape[0] and torch.equal(entering[:, more:], embedded):
                return torch.cat([ids.new_full((len(ids), more), -1), ids], 1)
        return None

    def _read(self, axis: str, ids: Tensor, mask: Any, segments: Any) -> None:
        name, step = self.session.steps.axis(axis), self.session.steps.current
        self.session.lengths[name] = ids.shape[1]
        if ids.is_meta:  # nothing can be read there
            return
        self._first.setdefault(name, ids.shape[1])
        if step is not None and axis == step.axis and (step.before is not None or step.repeats):
            self._grown[name] = step
            return
        if step is not None and axis == step.axis and step.past > 0:
            self._cached.setdefault(name, step)
        if name in self.session.capture.sequences or name in self._later:
            return
        if ids.device.type == "cpu":
            self.session.capture.sequences[name] = self.labels.rows(name, ids, mask, segments)
        else:  # reading them now would have the processor wait for the device before the model has begun
            self._later[name] = (_kept(ids), _kept(mask), _kept(segments))


def _virtual(session: Session) -> int:
    """How many keys prompt learning (PEFT) puts before every text."""
    wrappers = (module for _, module in session.names.modules if hasattr(type(module), "active_peft_config"))
    return next((getattr(wrapper.active_peft_config, "num_virtual_tokens", None) or 0 for wrapper in wrappers), 0)


def _parts(root: nn.Module) -> dict[nn.Module, str]:
    """The model and those inside it that are given ids."""
    encodes = getattr(getattr(root, "config", None), "is_encoder_decoder", False)
    found: dict[nn.Module, str] = {root: "whole"}
    for part, module in (
        ("encoder", _asked(root, "get_encoder") if encodes else None),
        ("decoder", _asked(root, "get_decoder") if encodes else None),
        ("base", getattr(root, "base_model", None)),  # it is given the ids of several choices in one batch
    ):
        if isinstance(module, nn.Module):
            found.setdefault(module, part)
    return found


def _tables(session: Session, root: nn.Module) -> list[nn.Module]:
    """The input embeddings, and what else holds a vector for each token of the vocabulary."""
    table = _asked(root, "get_input_embeddings")
    size = getattr(table, "num_embeddings", None)
    found: list[nn.Module] = [table] if isinstance(table, nn.Module) else []
    found += [m for _, m in session.names.modules if isinstance(m, nn.Embedding) and m.num_embeddings == size and m is not table]
    return found


def _asked(model: nn.Module, name: str) -> Any:
    with contextlib.suppress(Exception):
        return getattr(model, name)()
    return None


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
    return step.ids[step.axis] if found is None else found[:, : found.shape[1] - step.undone]


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
