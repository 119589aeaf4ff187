"""The browser's side as one script and one style sheet, put together from small files; nothing is fetched from anywhere."""

from __future__ import annotations

import functools
import hashlib
import json
from importlib.resources import files
from importlib.resources.abc import Traversable

__all__ = ["DEFINED", "KEPT", "script", "script_digest", "script_file", "script_name"]

DEFINED = "attention-inspector-defined"  # the event that tells waiting outputs so
KEPT = "AttentionInspectors"  # the page's own table of scripts by digest: two releases may draw on one page


@functools.cache
def script() -> str:
    """All JavaScript and CSS as one expression whose value has ``mount(element, {value, get, act, host})``.

    Every file only defines things on ``A``, so their order does not matter. "<" is escaped in the style's string, and the
    scripts hold no closing script tag, so the text may stand inside a script element.
    """
    style = json.dumps(_joined(".css")).replace("<", "\\u003c")
    code = _joined(".js").replace("</script", "<\\/script").replace("<!--", "<\\!--")
    return f'(() => {{\n"use strict";\nconst A = {{views: {{}}, css: {style}}};\n{code}\nreturn A;\n}})()'


@functools.cache
def script_digest() -> str:
    """Names this very script: a page that holds it already needs no second one."""
    return hashlib.sha256(script().encode("utf-8")).hexdigest()[:16]


def script_name() -> str:
    """The script's file name, which changes with what is in it."""
    return f"attention-inspector.{script_digest()}.js"


@functools.cache
def script_file() -> str:
    """The script as a file that any page may load: it puts itself into the page's table, once."""
    kept = f'(globalThis.{KEPT} ??= {{}})["{script_digest()}"] ??= {script()}'
    return f'{kept};\nglobalThis.dispatchEvent(new Event("{DEFINED}"));\n'


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
