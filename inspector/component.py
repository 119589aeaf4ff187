"""The workbench as a Gradio component: the only file of the package that imports gradio.

A capture stays on the server under a name that cannot be guessed; the browser gets the manifest and asks for what it shows.
"""

from __future__ import annotations

import secrets
import shutil
import threading
from pathlib import Path
from typing import Any

import gradio as gr
from cachetools import TTLCache
from gradio.utils import get_upload_folder

from inspector.captures import Capture
from inspector.errors import InspectorError, OutOfRange
from inspector.html import to_html
from inspector.views import VIEWS
from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer

__all__ = ["Captures", "Workbench", "error_value"]

KEPT, SECONDS = 64, 2 * 3600

# Runs once per mount. The drawn template is static, so that Gradio never expands anything a token says.
_LOAD = """
const A = __SCRIPT__;
const host = element.querySelector(".attention-inspector");
const get = (request) => server.fetch(JSON.stringify({...request, capture: (props.value && props.value.manifest || {}).id}));
const act = (action) => (action.name === "cancel" ? trigger("cancel") : trigger("act", action));
const bench = A.mount(host, {value: props.value, get, act, host: "app"});
watch("value", () => bench.update(props.value));
const follow = () => host.dataset.theme && document.body.classList.toggle("dark", host.dataset.theme === "dark");
new MutationObserver(follow).observe(host, {attributes: true, attributeFilter: ["data-theme"]});
"""


class Captures:
    """Captures by unguessable name, shared by no one who was not given the name; old ones are forgotten."""

    def __init__(self, kept: int = KEPT, seconds: float = SECONDS) -> None:
        self._kept: TTLCache[str, Capture] = TTLCache(kept, seconds)
        self._lock = threading.Lock()

    def add(self, capture: Capture) -> str:
        """Keeps the capture and returns its new name."""
        name = secrets.token_urlsafe(18)
        with self._lock:
            self._kept[name] = capture
        return name

    def get(self, name: object) -> Capture:
        """The capture of that name.

        Raises:
            OutOfRange: it was never there, or was forgotten.
        """
        with self._lock:
            found = self._kept.get(name) if isinstance(name, str) else None
        if found is None:
            raise OutOfRange("A view asked for data.", "The server keeps this capture no longer.", "Press Inspect again.")
        return found


class Workbench(gr.HTML):
    """Shows a capture, live. Its value is what ``show`` returns; its ``act`` event carries what a button in it asked for."""

    def __init__(self, value: dict[str, Any] | None = None, captures: Captures | None = None, **options: Any) -> None:
        self.captures = captures or Captures()
        super().__init__(
            value,
            html_template='<div class="attention-inspector"></div>',
            js_on_load=_LOAD.replace("__SCRIPT__", script()),
            apply_default_css=False,
            server_functions=[self._fetching()],
            **options,
        )

    def show(
        self, capture: Capture, *, start: dict[str, Any] | None = None, link: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """The value that draws ``capture``.

        Args:
            capture: what to show.
            start: the selection to begin with.
            link: what a link needs beside the selection to come back here (model, text, pair, example).
        """
        manifest = manifest_of(capture, identity=self.captures.add(capture), start=start)
        return {"manifest": manifest | {"link": link or {}}}

    def _fetching(self) -> Any:
        captures = self.captures

        def fetch(request: str) -> dict[str, Any]:
            return answer_for(captures, request)

        return fetch

    def api_info(self) -> dict[str, Any]:
        """The value is an object."""
        return {"type": "object"}

    def __getattr__(self, name: str) -> Any:
        # gr.HTML reads every quoted word of its script as the name of an event; this component has two of its own
        if name in ("act", "cancel"):
            return super().__getattr__(name)
        raise AttributeError(f"'Workbench' object has no attribute {name!r}")


def answer_for(captures: Captures, request: str) -> dict[str, Any]:
    """The answer to one request of a browser, which is JSON and may be anything."""
    import json

    try:
        wanted = json.loads(request)
        if not isinstance(wanted, dict):
            raise OutOfRange("A view asked for data.", "The request is not an object.", "Reload the page.")
        capture = captures.get(wanted.pop("capture", None))
        return _export(capture, wanted) if wanted.get("kind") == "export" else answer(capture, wanted)
    except (InspectorError, ValueError, RecursionError) as error:
        return error_value(error)


def _export(capture: Capture, request: dict[str, Any]) -> dict[str, Any]:
    """Writes the capture, or a page of one view, where Gradio serves files from, and says where."""
    what, view = request.get("what"), request.get("view")
    folder = Path(get_upload_folder()) / secrets.token_hex(20)
    folder.mkdir(parents=True)
    try:
        if what == "capture":
            path = folder / "capture.safetensors"
            capture.save(path)
        elif what == "html":
            names = [str(view)] if view in VIEWS else list(VIEWS)[:3]
            path = folder / "attention.html"
            to_html(capture, names, path, start=request.get("start") if isinstance(request.get("start"), dict) else None)
        else:
            raise OutOfRange(
                f"A download of {str(what)[:40]!r} was asked for.", "There are 'capture' and 'html'.", "Choose one of these."
            )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return {"url": f"gradio_api/file={path}", "name": path.name, "bytes": path.stat().st_size}


def error_value(error: Exception, action: dict[str, Any] | None = None) -> dict[str, Any]:
    """What the workbench shows of an error: three sentences, and a button where one helps."""
    if isinstance(error, InspectorError):
        card: dict[str, Any] = {"asked": error.asked, "found": error.found, "do": error.do}
    else:
        card = {
            "asked": "This input was to be inspected.",
            "found": f"{type(error).__name__}: {str(error)[:300]}",
            "do": "Try another, or report it.",
        }
    return {"error": card | ({"action": action} if action else {})}
