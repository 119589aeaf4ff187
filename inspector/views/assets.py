"""The browser's side as one script and one style sheet, put together from small files; nothing is fetched from anywhere."""

from __future__ import annotations

import functools
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["script", "style"]


@functools.cache
def script() -> str:
    """All JavaScript in one function scope that leaves ``mount(element, options)`` as its value.

    Every file only defines things on ``A``, so their order does not matter.
    """
    return '(() => {\n"use strict";\nconst A = {views: {}};\n' + _joined(".js") + "\nreturn A;\n})()"


@functools.cache
def style() -> str:
    """All CSS."""
    return _joined(".css")


def _joined(ending: str) -> str:
    return "\n".join(
        f"/* {path.name} */\n{path.read_text('utf-8')}"
        for path in _walk(files("inspector.views").joinpath("web"))
        if path.name.endswith(ending)
    )


def _walk(folder: Traversable) -> list[Traversable]:
    """Files below a folder: the core first, then views, each by name."""
    entries = sorted(folder.iterdir(), key=lambda entry: (not entry.is_dir(), entry.name))
    return [path for entry in entries for path in (_walk(entry) if entry.is_dir() else [entry])]
