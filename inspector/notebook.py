"""A capture as the last line of a notebook's cell: light, live where scripts run, a picture where they do not."""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from collections.abc import Iterator
from typing import Any

from inspector.captures import Capture, method
from inspector.metrics import list_metrics
from inspector.mounting import packed
from inspector.views import VIEWS
from inspector.views.manifest import manifest_of
from inspector.views.registry import Request, listed
from inspector.views.requests import answer, packed_size, request_name
from inspector.views.starting import started
from inspector.views.steps import one_forward
from inspector.views.still import still

__all__ = ["cell"]

# Bytes of numbers in one output: with the script and the rest of it a notebook grows by at most 1.5 MB for a page of text.
_ROOM = 900_000
_ONE_HEAD = 16 * 2**20  # a head that takes more is left out too
_VIEWS = ("head_view", "model_view", "heat_map")
_HINT = "Run the cell in a trusted notebook, or open the file that cap.to_html([…], 'page.html') writes."
_FRAMED = {"COLAB_RELEASE_TAG", "DATABRICKS_RUNTIME_VERSION", "VSCODE_PID"}  # hosts that may give every output a page of its own
_ran: dict[str, int] = {}  # when each cell that drew something ran last


@method
def _repr_html_(self: Capture) -> str:
    """The views for a notebook cell, drawn in a shadow root: no frame, and no style shared with other cells."""
    return cell(self, with_script=_needs_script())


def cell(capture: Capture, *, with_script: bool = True) -> str:
    """The output's HTML.

    Small maps stand for all heads of a long text; of single heads come the one it begins with and those that lead a measure,
    as many as there is room for. ``with_script=False`` draws with the script of another output of the same page.
    """
    shown = one_forward(capture)
    manifest = manifest_of(shown, start=started(shown, None))
    answers: dict[str, Any] = {}
    for group in manifest["groups"]:
        request = {"kind": "maps", "group": group["key"]}
        answers[request_name(request)] = answer(shown, request)
    carried: list[Request] = []
    every, room = 0, _ROOM
    for request in _heads(manifest):
        every += 1
        if room > 0:
            found = answer(shown, {**request, "limit": 2**31})
            room -= packed_size(found)
            if room > 0 or (not carried and packed_size(found) < _ONE_HEAD):
                answers[request_name(request)] = found
                carried.append(request)
    names = _VIEWS if carried else ("model_view",)
    manifest["views"] = listed({name: VIEWS[name] for name in names})
    manifest["carried"] = _others(shown, manifest, answers, room)
    data = {"manifest": manifest, "answers": answers, "absent": _absent(carried, every)}
    return packed(data, "notebook", still(shown, manifest, _HINT), with_script=with_script)


def _others(shown: Capture, first: dict[str, Any], answers: dict[str, Any], room: int) -> list[int]:
    """Adds the other items of a batch, whole, as long as there is room; which ones the cell carries."""
    carried = [first["batch"]]
    for item in sorted(set(range(first["batches"])) - {first["batch"]}, key=lambda item: abs(item - first["batch"])):
        found: dict[str, Any] = {}
        for request in _whole(first):
            name = request_name(request | ({"batch": item} if item or request["kind"] == "manifest" else {}))
            found[name] = answer(shown, {**request, "batch": item, "limit": 2**31})
            room -= packed_size(found[name])
            if room < 0:
                break
        if room < 0:
            break
        answers |= found
        carried.append(item)
    if len(carried) > 1:
        answers[request_name({"kind": "manifest", "batch": first["batch"]})] = {"manifest": first}
    return sorted(carried)


def _whole(manifest: dict[str, Any]) -> Iterator[Request]:
    """All that the views of one item ask for."""
    yield {"kind": "manifest"}
    yield from ({"kind": "maps", "group": one["key"]} for one in manifest["groups"])
    yield from _heads(manifest)


def _heads(manifest: dict[str, Any]) -> Iterator[Request]:
    """Every head once: the one the page begins with, then those that lead a measure, then the others in order."""
    start, groups = manifest["start"], manifest["groups"]
    first = [(start.get("group", groups[0]["key"]), start.get("layer"), head) for head in start.get("heads", [])]
    leading = [place for group in groups for place in _leading(group)]
    every = [(one["key"], at["index"], head) for one in groups for at in one["layers"] for head in range(at["heads"])]
    for group, layer, head in dict.fromkeys([*first, *leading, *every]):
        yield {"kind": "head", "group": group, "layer": layer, "head": head}


def _leading(group: dict[str, Any]) -> Iterator[tuple[str, int, int]]:
    """The highest head of every measure, then the second highest of every measure."""
    ranked = []
    for name in list_metrics():
        values = {(at, head): value for at, row in enumerate(group["measures"][name]) for head, value in enumerate(row)}
        known = {place: value for place, value in values.items() if value is not None}
        ranked.append(sorted(known, key=known.__getitem__, reverse=True)[:2])
    for places in itertools.zip_longest(*ranked):
        yield from ((group["key"], group["layers"][at]["index"], head) for at, head in filter(None, places))


def _absent(carried: list[Request], every: int) -> dict[str, str]:
    """What is said of a head that is not here."""
    names = ", ".join(f"{one['layer']}·{one['head']}" for one in carried[:24]) + (", …" if len(carried) > 24 else "")
    here = f"{len(carried)} of {every} heads in full (layer·head: {names})" if carried else f"none of {every} heads in full"
    return {
        "asked": "A head was chosen.",
        "found": f"To stay small, this cell carries {here} and all of them as small maps.",
        "do": "cap.to_html(['head_view', 'heat_map'], 'page.html') writes a page with every head.",
    }


def _needs_script() -> bool:
    """Whether the page may not have the script yet: the first cell that draws brings it, and so does any cell that runs again.

    The first cell may be deleted, or run again; then its output, and with it the script, is gone from the saved notebook.
    """
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or "google.colab" in sys.modules or not _FRAMED.isdisjoint(os.environ):
        return True
    name, count = _cell_name(shell), int(shell.execution_count)
    needed = not _ran or (name in _ran and _ran[name] != count)
    _ran[name] = count
    return needed


def _cell_name(shell: Any) -> str:
    """What the frontend calls the running cell; where it does not say, its code."""
    message = shell.get_parent() if hasattr(shell, "get_parent") else {}
    known = (message.get("metadata") or {}).get("cellId")
    code = (shell.user_ns.get("In") or [""])[-1]
    return str(known) if known else hashlib.sha256(str(code).encode("utf-8")).hexdigest()
