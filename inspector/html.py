"""A capture as one self-contained HTML page: the same workbench as in the app, with its answers inside. No CDN, no network."""

from __future__ import annotations

import html
import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from inspector.captures import Capture, method
from inspector.errors import CaptureFileError, OutOfRange, TooLarge
from inspector.views import DEMOS, VIEWS, View
from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.registry import listed
from inspector.views.requests import answer
from inspector.views.starting import started
from inspector.views.steps import one_forward

__all__ = ["answers_of", "document", "page", "to_html"]

# Bytes of data in one page: a browser keeps it as one text, which none of them can beyond 512 MB.
_LARGEST = 400 * 2**20
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


@method
def to_html(
    self: Capture,
    view: str | Iterable[str] = "head_view",
    path: str | os.PathLike[str] | None = None,
    *,
    batch: int = 0,
    step: int | None = None,
    start: dict[str, Any] | None = None,
    title: str | None = None,
) -> str:
    """The page that draws this capture in any browser, offline; also written to ``path`` when given.

    Args:
        view: a view's name, or several; the first is shown first.
        path: where to write it.
        batch: which batch item.
        step: which forward pass, where the capture holds several; the last by default.
        start: the selection to begin with, such as ``{"layer": 3, "heads": [1], "query": 10}``; by default the most
            selective link of the capture, pinned.
        title: the page's title.

    Raises:
        RegistryError: no such view.
        OutOfRange: no such batch item or forward pass, or no view at all.
        CaptureFileError: ``path`` cannot be written.
        TooLarge: the page would hold more than a browser opens.
    """
    names = [view] if isinstance(view, str) else list(view)
    if not names:
        raise OutOfRange("A page was asked for.", "It names no view.", f"Give one or several of {', '.join(VIEWS)}.")
    text = page(one_forward(self, step), names, batch=batch, start=start, title=title)
    if path is not None:
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CaptureFileError(
                f"A page was to be written to {os.fspath(path)!r}.", f"{error}.", "Give a place that can be written."
            ) from error
    return text


def page(
    capture: Capture, names: list[str], *, batch: int = 0, start: dict[str, Any] | None = None, title: str | None = None
) -> str:
    """The page's text."""
    data = embedded(capture, names, batch=batch, start=start)
    return document(data, title or f"Attention of {data['manifest']['title']}")


def document(data: dict[str, Any], title: str) -> str:
    """The text of a page that draws a manifest and answers without a server."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'</head>\n<body style="margin:0">\n{_mount(data, "page")}\n</body>\n</html>\n'
    )


def embedded(capture: Capture, names: list[str], *, batch: int = 0, start: dict[str, Any] | None = None) -> dict[str, Any]:
    """The manifest and every answer the views need, by request."""
    manifest = manifest_of(capture, batch=batch, start=started(capture, start, batch))
    chosen = {name: _view(name) for name in names}
    manifest["views"] = listed(chosen)
    return {"manifest": manifest, "answers": answers_of(capture, manifest, chosen, batch)}


def _view(name: str) -> type[View]:
    """The view of that name; a demonstration is none, whatever model was captured."""
    if name not in DEMOS:
        return VIEWS[name]
    found = f"{DEMOS[name].title} is a demonstration with models of its own and shows nothing of a capture."
    raise OutOfRange(
        f"A page of a capture with {name!r} was asked for.", found, f"Open the app, or take one of {', '.join(VIEWS)}."
    )


def answers_of(capture: Capture, manifest: dict[str, Any], chosen: dict[str, type[View]], batch: int = 0) -> dict[str, Any]:
    """Every answer that some views need, by request."""
    answers: dict[str, Any] = {}
    size = 0
    for view in chosen.values():
        for request in view().embeds(manifest):
            key = json.dumps(request, sort_keys=True, separators=(",", ":"), ensure_ascii=False)  # as JSON.stringify names it
            if key not in answers:
                answers[key] = answer(capture, {**request, "batch": batch, "limit": 2**31})
                size += _bytes(answers[key])
            if size > _LARGEST:
                raise TooLarge(
                    f"A page with {', '.join(chosen)} was asked for.",
                    f"{len(answers)} of its answers alone are over {_LARGEST / 2**20:,.0f} MB, and no browser opens that.",
                    "Capture some layers (capture(model, layers=[0, 1])), ask for model_view alone, or open it in the app.",
                )
    return answers


def _bytes(answer: Any) -> int:
    """About what an answer takes in a page: its packed numbers are nearly all of it."""
    if isinstance(answer, dict):
        return sum(map(_bytes, answer.values()))
    return len(answer) if isinstance(answer, str) else 0


def _mount(data: dict[str, Any], host: str) -> str:
    """An element, its data as inert JSON, and the script that draws it there. Ids are new each time: a notebook holds many."""
    here = f"inspector-{uuid.uuid4().hex[:12]}"
    boot = _BOOT.replace("__ID__", json.dumps(here)).replace("__HOST__", json.dumps(host))
    return (
        f'<div id="{here}" class="attention-inspector"></div>\n'
        f'<script type="application/json" id="{here}-data">{_inert(json.dumps(data))}</script>\n'
        f"<script>{boot.replace('__SCRIPT__', script())}</script>"
    )


_BOOT = """(() => {
  const A = __SCRIPT__;
  const data = JSON.parse(document.getElementById(__ID__ + "-data").textContent);
  const named = (request) => JSON.stringify(Object.fromEntries(Object.entries(request)
    .filter(([, value]) => value !== undefined).sort(([a], [b]) => (a < b ? -1 : 1))));
  const absent = {error: {asked: "This view asked for more data.", found: "The page does not carry it.",
    do: "Open the capture in the app, or export this view too."}};
  const get = async (request) => data.answers[named(request)] ?? absent;
  A.mount(document.getElementById(__ID__), {value: {manifest: data.manifest}, get, act: () => {}, host: __HOST__});
})();"""


def _inert(text: str) -> str:
    """JSON that cannot end the script element it stands in."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@method
def _repr_html_(self: Capture) -> str:
    """The views for a notebook cell, drawn in a shadow root: no frame, and no style or script shared with other cells.

    Of a capture too large for a page, the small maps of all heads.
    """
    shown = one_forward(self)
    try:
        data = embedded(shown, ["head_view", "model_view", "heat_map"])
    except TooLarge:
        data = embedded(shown, ["model_view"])
    return _mount(data, "notebook")
