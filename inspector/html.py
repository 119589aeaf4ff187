"""A capture as one self-contained HTML page: the same workbench as in the app, with its answers inside. No CDN, no network."""

from __future__ import annotations

import html
import os
from collections.abc import Iterable, Mapping
from typing import Any, SupportsIndex

from inspector.captures import Capture, method
from inspector.errors import CaptureFileError, OutOfRange, TooLarge
from inspector.mounting import mounted
from inspector.views import DEMOS, VIEWS, View
from inspector.views.asked import check_batch, check_path, check_start, view_names
from inspector.views.manifest import manifest_of
from inspector.views.registry import listed
from inspector.views.requests import answer, packed_size, request_name
from inspector.views.starting import started
from inspector.views.steps import one_forward
from inspector.views.still import still

__all__ = ["answers_of", "document", "page", "to_html"]

# Bytes of data in one page: a browser keeps it as one text, which none of them can beyond 512 MB.
_LARGEST = 400 * 2**20
_HINT = "Where a page takes HTML but runs none of its scripts, cap.to_html(…, frame=True) gives it a frame of its own."
_BATCH = 32 * 2**20  # of the other items of a batch
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


@method
def to_html(
    self: Capture,
    view: str | Iterable[str] = "head_view",
    path: str | os.PathLike[str] | None = None,
    *,
    batch: SupportsIndex = 0,
    step: SupportsIndex | None = None,
    start: Mapping[str, Any] | None = None,
    title: str | None = None,
    frame: bool = False,
) -> str:
    """The page that draws this capture in any browser, offline; also written to ``path`` when given.

    Args:
        view: a view's name, or several; the first is shown first.
        path: where to write it; it ends in .html or .htm.
        batch: which batch item.
        step: which forward pass, where the capture holds several; the last by default.
        start: the selection to begin with, such as ``{"layer": 3, "heads": [1], "query": 10}``, and view, group, key; by
            default the most selective link of the capture, pinned.
        title: the page's title.
        frame: give the page inside an ``<iframe>``, for a place that takes HTML and runs no scripts in it: ``gr.HTML`` in a
            Gradio app, a Markdown cell. A file is written without the frame.

    Raises:
        RegistryError: no such view.
        OutOfRange: no such batch item, forward pass or start, or no view at all.
        CaptureFileError: ``path`` cannot be written, or is not one of a page.
        TooLarge: the page would hold more than a browser opens.
    """
    names, file, shown = view_names(view), check_path(path), one_forward(self, step)
    asked: dict[str, Any] = {"batch": check_batch(shown, batch), "start": check_start(shown, names, start)}
    text = page(shown, names, **asked, title=title, host="notebook" if frame and file is None else "page")
    if file is not None:
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CaptureFileError(
                f"A page was to be written to {str(file)!r}.", f"{error}.", "Give a place that can be written."
            ) from error
    return _framed(text) if frame else text


def _framed(text: str) -> str:
    """A page in a frame that can reach nothing around it."""
    return (
        f'<iframe title="Attention Inspector" sandbox="allow-scripts allow-downloads" srcdoc="{html.escape(text)}" '
        'style="display:block;width:100%;height:860px;border:0"></iframe>'
    )


def page(
    capture: Capture,
    names: list[str],
    *,
    batch: int = 0,
    start: dict[str, Any] | None = None,
    title: str | None = None,
    host: str = "page",
) -> str:
    """The page's text; the host "notebook" keeps its hands off the address."""
    data = embedded(capture, names, batch=batch, start=start)
    return document(data, title or f"Attention of {data['manifest']['title']}", still(capture, data["manifest"], _HINT), host)


def document(data: dict[str, Any], title: str, picture: str = "", host: str = "page") -> str:
    """The text of a page that draws a manifest and answers without a server; ``picture`` stands where scripts do not run."""
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{html.escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'</head>\n<body style="margin:0">\n{mounted(data, host, picture)}\n</body>\n</html>\n'
    )


def embedded(capture: Capture, names: list[str], *, batch: int = 0, start: dict[str, Any] | None = None) -> dict[str, Any]:
    """The manifest and every answer the views need, by request."""
    manifest = manifest_of(capture, batch=batch, start=started(capture, start, batch))
    chosen = {name: _view(name) for name in names}
    manifest["views"] = listed(chosen)
    answers = answers_of(capture, manifest, chosen, batch)
    manifest["carried"] = _others(capture, manifest, chosen, answers)
    return {"manifest": manifest, "answers": answers}


def _others(capture: Capture, first: dict[str, Any], chosen: dict[str, type[View]], answers: dict[str, Any]) -> list[int]:
    """Adds the other items of a batch to a page, each with its manifest, until they would be too much; which ones it carries."""
    carried, size = [first["batch"]], 0
    for item in sorted(set(range(first["batches"])) - {first["batch"]}, key=lambda item: abs(item - first["batch"])):
        told = answer(capture, {"kind": "manifest", "batch": item, "limit": 2**31})
        more = answers_of(capture, told["manifest"] | {"start": first["start"]}, chosen, item)
        size += sum(map(packed_size, more.values()))
        if size > _BATCH:
            break
        answers |= more | {request_name({"kind": "manifest", "batch": item}): told}
        carried.append(item)
    if len(carried) > 1:
        answers[request_name({"kind": "manifest", "batch": first["batch"]})] = {"manifest": first}
    return sorted(carried)


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
            key = request_name(request | ({"batch": batch} if batch else {}))
            if key not in answers:
                answers[key] = answer(capture, {**request, "batch": batch, "limit": 2**31})
                size += packed_size(answers[key])
            if size > _LARGEST:
                raise TooLarge(
                    f"A page with {', '.join(chosen)} was asked for.",
                    f"{len(answers)} of its answers alone are over {_LARGEST / 2**20:,.0f} MB, and no browser opens that.",
                    "Capture some layers (capture(model, layers=[0, 1])), ask for model_view alone, or open it in the app.",
                )
    return answers
