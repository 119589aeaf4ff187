"""What a picture becomes: patches in rows and columns behind the tokens that a model puts before them (CLS, registers).

Read where it happens, at the convolution that cuts the picture up: there the size that really entered is known. The names
hold for calls of exactly that many positions; any other (windows, merged or masked patches) keeps its numbers.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor, nn

from inspector.hooks.session import Session
from inspector.tokens import Tokens, joined, named

__all__ = ["patch_tokens", "watched_patches"]

_CUTS = (nn.Conv2d, nn.Conv3d)
_AXES = ("row", "column")
# A parameter beside the convolution → what its tokens are called, and whether they are several.
_BEFORE = (
    (("cls_token", "class_embedding", "class_token"), "CLS"),
    (("distillation_token",), "distillation"),
    (("register_tokens",), "register"),
)
_AFTER = ((("detection_tokens",), "detection"),)


@contextlib.contextmanager
def watched_patches(session: Session) -> Iterator[None]:
    """Pictures that are cut into patches name the axes of what looks at them."""
    modules = dict(session.names.modules)
    cuts = [(name, module) for name, module in modules.items() if isinstance(module, _CUTS) and "patch" in name]
    handles = [
        module.register_forward_pre_hook(functools.partial(_cut, session, session.names.axis(name), around(name, modules)))
        for name, module in cuts
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def around(name: str, modules: dict[str, nn.Module]) -> list[nn.Module]:
    """The modules that a path lies in, innermost first, as far as an embedding goes."""
    parts = name.split(".")
    return [
        modules[path] for end in range(len(parts) - 1, max(-1, len(parts) - 4), -1) if (path := ".".join(parts[:end])) in modules
    ]


def _cut(session: Session, axis: str, outer: Sequence[nn.Module], cut: Any, args: tuple) -> None:
    if not args or not isinstance(args[0], Tensor) or not session.is_open():
        return
    try:
        name = session.steps.axis(axis)
        if name not in session.capture.sequences and args[0].ndim == len(cut.kernel_size) + 2:
            found = patch_tokens(cut, outer, args[0].shape)
            if found is not None:
                session.capture.sequences[name] = (found,) * args[0].shape[0]
    except Exception as error:  # a tap may fail; the model may not
        session.failed(cut, error)


def patch_tokens(cut: Any, outer: Sequence[nn.Module], shape: Sequence[int]) -> Tokens | None:
    """The positions of one picture [batch, channel, …, height, width]; None where it is a single patch, cut beforehand."""
    edges = (0,) * len(cut.kernel_size) if isinstance(cut.padding, str) else cut.padding  # "valid"
    sizes = [
        (size + 2 * edge - kernel) // stride + 1
        for size, kernel, stride, edge in zip(shape[2:], cut.kernel_size, cut.stride, edges, strict=True)
    ]
    labels = _places(sizes)
    if len(labels) < 2:
        return None
    before = named([label for names, word in _BEFORE for label in _learned(outer, names, word)], special=True)
    after = named([label for names, word in _AFTER for label in _learned(outer, names, word)])
    return joined(joined(before, named(labels)), after)


def _places(sizes: Sequence[int]) -> list[str]:
    """The patches in reading order; only a film says which frame.

    >>> _places([1, 2])
    ['row 1, column 1', 'row 1, column 2']
    """
    words = ("frame", *_AXES)[-len(sizes) :]
    return [
        ", ".join(f"{word} {at + 1}" for word, at in zip(words, place, strict=True))
        for place in itertools.product(*map(range, sizes))
    ]


def _learned(outer: Sequence[nn.Module], names: Sequence[str], word: str) -> list[str]:
    """The tokens a model has learned under one of these names, in the innermost module that has them."""
    for module in outer:
        for name in names:
            found = module._parameters.get(name)
            if found is not None:
                count = found.shape[-2] if found.ndim > 1 else 1
                return [word] if count == 1 and word in ("CLS", "distillation") else [f"{word} {at + 1}" for at in range(count)]
    return []
