"""What a page was asked for, checked before it is made: a name of a view, a file to write, a selection to begin with."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from inspector.captures import AttentionCall, Capture
from inspector.errors import CaptureFileError, OutOfRange
from inspector.indexing import positions, spans, whole
from inspector.views.manifest import group_key
from inspector.views.registry import VIEWS

__all__ = ["check_batch", "check_path", "check_start", "view_names"]

_ENDINGS = (".html", ".htm")
_KEYS = ("view", "group", "layer", "head", "heads", "query", "key")


def view_names(view: Any) -> list[str]:
    """The views of a page, as a list.

    Raises:
        OutOfRange: none is named, a path stands where a view belongs, or it is no name.
    """
    names = [view] if isinstance(view, str) or not isinstance(view, Iterable) else list(view)
    use = f"Give one or several of {', '.join(VIEWS)}"
    if not names:
        raise OutOfRange("A page was asked for.", "It names no view.", f"{use}.")
    for name in names:
        if not isinstance(name, str):
            raise OutOfRange(f"A page with {name!r} was asked for.", "A view is asked for by its name.", f"{use}.")
        if name.lower().endswith(_ENDINGS):
            raise OutOfRange(f"A page with {name!r} was asked for.", "That is a path and no view.", f"{use}, and path={name!r}.")
    return names


def check_path(path: Any) -> Path | None:
    """Where the page goes; a browser opens it by its ending.

    Raises:
        CaptureFileError: the path ends in something else, or is none.
    """
    if path is None:
        return None
    asked = f"A page was to be written to {path!r}."
    if not isinstance(path, str | os.PathLike):
        raise CaptureFileError(asked, f"A {type(path).__name__} is no path.", "Give a path that ends in .html.")
    if Path(path).suffix.lower() not in _ENDINGS:
        do = "Give a path that ends in .html; pictures are saved from the opened page."
        raise CaptureFileError(f"A page was to be written to {os.fspath(path)!r}.", "A page is HTML.", do)
    return Path(path)


def check_batch(capture: Capture, batch: Any) -> int:
    """A batch item of the capture as a plain number; negative counts from the end.

    Raises:
        OutOfRange: no such item.
    """
    count = max((call.shape[0] for call in capture.calls), default=1)
    return positions([batch], count, "batch item", capture.info.get("name", "the capture"))[0]


def check_start(capture: Capture, names: list[str], start: Any) -> dict[str, Any] | None:
    """The selection a page begins with, in plain numbers.

    Args:
        capture: what the page shows.
        names: its views.
        start: some of view, group, layer, heads (or head), query and key; None stands for "nothing chosen".

    Raises:
        OutOfRange: a part that a selection does not have, or that is not there.
    """
    if start is None:
        return None
    if not isinstance(start, Mapping):
        raise _refused(f"A {type(start).__name__}", "A start is a dictionary.", "Give such as {'layer': 3, 'heads': [1]}.")
    for name in start:
        if name not in _KEYS:
            raise _refused(f"{name!r}", "A selection has no such part.", f"Use some of {', '.join(_KEYS)}.")
    given = {name: value for name, value in start.items() if value is not None}
    found: dict[str, Any] = {}
    if "view" in given:
        found["view"] = _one_of(given["view"], names, "View")
    keys = [group_key(*group) for group in capture.towers]
    group = _one_of(given["group"], keys, "Group") if "group" in given else keys[0]
    calls = capture.group(*capture.towers[keys.index(group)])
    call = _layer(given["layer"], calls) if "layer" in given else calls[0]
    found |= {"group": group} if "group" in given else {}
    found |= {"layer": call.layer_index} if "layer" in given else {}
    return found | _places(given, call)


def _places(given: Mapping[str, Any], call: AttentionCall) -> dict[str, Any]:
    """Heads, query and key among those of one call."""
    _, heads, queries, keys = call.shape
    found: dict[str, Any] = {}
    if "head" in given or "heads" in given:
        found["heads"] = positions(given.get("heads", given.get("head")), heads, "head", call.name)
    for name, count in (("query", queries), ("key", keys)):
        if name in given:
            found[name] = positions([given[name]], count, name, call.name)[0]
    return found


def _layer(layer: Any, calls: list[AttentionCall]) -> AttentionCall:
    number, there = whole(layer), [call.layer_index for call in calls]
    if number not in there:
        raise _refused(f"Layer {layer!r}", f"The capture holds layers {spans(there)}.", "Choose one of these.")
    return next(call for call in calls if call.layer_index == number)


def _one_of(value: Any, known: list[str], what: str) -> str:
    if value not in known:
        raise _refused(f"{what} {value!r}", f"There are {', '.join(known)}.", "Choose one of these.")
    return str(value)


def _refused(what: str, found: str, do: str) -> OutOfRange:
    return OutOfRange(f"{what} was given as the start of a page.", found, do)
