"""The workbench as a Gradio component: the only file of the package that imports gradio.

A capture stays on the server under a name that cannot be guessed; the browser gets the manifest and asks for what it shows.
"""

from __future__ import annotations

import functools
import json
import secrets
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from inspector.captures import Capture
from inspector.demos import demo_page
from inspector.errors import InspectorError, OutOfRange
from inspector.exports import Exports
from inspector.html import to_html
from inspector.kept import Kept, share_of_memory
from inspector.views import DEMOS, VIEWS
from inspector.views.assets import KEPT, script_digest, script_file
from inspector.views.later import Later
from inspector.views.manifest import manifest_of
from inspector.views.registry import listed
from inspector.views.requests import answer, find_group, whole
from inspector.views.starting import started
from inspector.views.steps import one_forward
from inspector.views.thumbnails import is_short_work

__all__ = ["EXPORTS", "Captures", "Workbench", "error_value"]

KEPT_SHARE, KEPT_BYTES, SECONDS = 0.2, 4 * 2**30, 2 * 3600

# Runs once per mount. The drawn template is static, so that Gradio never expands anything a token says.
_LOAD = """
const host = element.querySelector(".attention-inspector");
const kept = () => (globalThis.__KEPT__ || {})[__DIGEST__];
const file = () => new Promise((loaded, failed) => {
  const tag = Object.assign(document.createElement("script"), {src: __ADDRESS__, onload: loaded, onerror: failed});
  document.head.append(tag);
});
const asked = async () => { if (!kept()) Function(await server.script())(); };
const got = kept() ? Promise.resolve() : __ADDRESS__ ? file().catch(() => {}).then(asked) : asked();
const get = (request) => server.fetch(JSON.stringify({capture: (props.value && props.value.manifest || {}).id, ...request}));
const act = (action) => (action.name === "cancel" ? trigger("cancel") : trigger("act", action));
let bench = null;
watch("value", () => bench && bench.update(props.value));
got.then(() => { bench = kept().mount(host, {value: props.value, get, act, host: "app"}); })
  .catch((error) => { host.textContent = `The picture's script could not be loaded (${error.message}). Reload the page.`; });
const follow = () => {
  if (host.dataset.theme) document.body.classList.toggle("dark", host.dataset.theme === "dark");
  Object.assign(document.body.dataset, {inspectorKind: host.dataset.kind || "", inspectorForm: host.dataset.form || ""});
};
new MutationObserver(follow).observe(host, {attributes: true, attributeFilter: ["data-theme", "data-kind", "data-form"]});
"""


class Captures:
    """Captures by unguessable name, for no one who was not given the name.

    The ones nobody has looked at for longest are forgotten: after a while, or when all together grow too large.
    """

    def __init__(
        self, kept_bytes: int | None = None, seconds: int | float = SECONDS, memory: int | None = None, **options: Any
    ) -> None:
        most = kept_bytes or share_of_memory(KEPT_SHARE, KEPT_BYTES, memory)
        self._kept: Kept[Capture] = Kept(most, lambda capture: capture.nbytes, seconds, **options)
        self._pinned: dict[str, Capture] = {}
        self.running: set[str] = set()  # names of runs that go on, for the pages that wait for them

    def add(self, capture: Capture, *, pinned: bool = False) -> str:
        """Keeps the capture and returns its new name; a pinned one is never forgotten."""
        name = secrets.token_urlsafe(18)
        if pinned:
            self._pinned[name] = capture
        else:
            self._kept.put(name, capture)
        return name

    def get(self, name: object) -> Capture:
        """The capture of that name; looking at it keeps it.

        Raises:
            OutOfRange: it was never there, or was forgotten.
        """
        found = (self._pinned.get(name) or self._kept.get(name)) if isinstance(name, str) else None
        if found is None:
            raise OutOfRange("A view asked for data.", "The server keeps this capture no longer.", "Press Inspect again.")
        return found


class Workbench(gr.HTML):
    """Shows a capture, live. Its value is what ``show`` returns; its ``act`` event carries what a button in it asked for."""

    def __init__(
        self,
        value: dict[str, Any] | None = None,
        captures: Captures | None = None,
        *,
        script_address: str = "",
        **options: Any,
    ) -> None:
        """Args:
        value: what ``show`` returned.
        captures: where captures are kept.
        script_address: where the server has the script as a file (``inspector.delivery``); without, the page asks for it.
        options: what ``gr.HTML`` takes.
        """
        self.captures = captures or Captures()
        super().__init__(
            value,
            html_template='<div class="attention-inspector"></div>',
            js_on_load=_loading(script_address),
            apply_default_css=False,
            server_functions=[self._fetching(), _script_function],
            **options,
        )

    def show(
        self,
        capture: Capture,
        *,
        start: dict[str, Any] | None = None,
        link: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        begin: bool = False,
        pinned: bool = False,
    ) -> dict[str, Any]:
        """The value that draws ``capture``.

        Args:
            capture: what to show.
            start: the selection to begin with; by default the most selective link of the capture, pinned.
            link: what a link needs beside the selection to come back here (model, text, pair, cut, example). The page packs long
                texts into the part after #; without a text or an example it says that a link leaves the text out.
            form: what the form said (model, text, pair). While it says something else, told by a window event ``inspector-form``
                with these three as its detail, the picture is dimmed and says of what it is.
            begin: begin with ``start`` also where the reader was somewhere else before.
            pinned: keep the capture as long as the server runs.
        """
        capture = one_forward(capture)
        identity = self.captures.add(capture, pinned=pinned)
        first, measured = started(capture, start), is_short_work(capture)
        manifest = manifest_of(capture, identity=identity, start=first, measured=measured)
        told = {name: field_key(value) for name, value in (form or {}).items()}
        more = {"link": link or {}, "form": told or None, "begin": begin, "demos": listed(dict(DEMOS.items()))}
        return {"manifest": manifest | more}

    def _fetching(self) -> Any:
        captures, later = self.captures, Later()

        def fetch(request: Any) -> dict[str, Any]:
            return answer_for(captures, request, later)

        return fetch

    def api_info(self) -> dict[str, Any]:
        """The value is an object."""
        return {"type": "object"}

    def __getattr__(self, name: str) -> Any:
        # gr.HTML reads every quoted word of its script as the name of an event; this component has two of its own
        if name in ("act", "cancel"):
            return super().__getattr__(name)
        raise AttributeError(f"'Workbench' object has no attribute {name!r}")


def _loading(address: str) -> str:
    """The page's own few lines: they get the script, from the file where there is one, and draw."""
    words = {"__KEPT__": KEPT, "__DIGEST__": json.dumps(script_digest()), "__ADDRESS__": json.dumps(address)}
    return functools.reduce(lambda text, word: text.replace(*word), words.items(), _LOAD)


def _script_function(_: Any = None) -> str:
    """The script as text, for a server that has no file of it."""
    return script_file()


_script_function.__name__ = "script"  # as the page calls it


def field_key(text: str) -> str:
    """A field's content as the page compares it (whose.js): a long text by its length and its ends."""
    return text if len(text) <= 2000 else f"{len(text)}:{text[:1000]}:{text[-1000:]}"


def answer_for(captures: Captures, request: Any, later: Later | None = None) -> dict[str, Any]:
    """The answer to one request of a browser, which should be an object as JSON and may be anything.

    With ``later``, measures of a long text are ``{"pending": share done}`` until they are there.
    """
    try:
        wanted = json.loads(request) if isinstance(request, str) else None
        if not isinstance(wanted, dict):
            raise OutOfRange("A view asked for data.", "The request is not an object.", "Reload the page.")
        if wanted.get("kind") == "running":
            return {"running": str(wanted.get("run")) in captures.running}
        identity = wanted.pop("capture", None)
        capture = captures.get(identity)
        wanted.pop("limit", None)  # how much is sent at once is the server's to say
        kind = wanted.get("kind")
        pending = _pending(later, capture, wanted) if later is not None else None
        if pending is not None and kind == "measures":
            return pending
        if pending is not None:  # a page carries the measures of all heads
            done = f"Its heads are being measured: {pending['pending']:.0%}."
            raise OutOfRange("A page of this capture was asked for.", done, "Ask again when they are all there.")
        return _export(capture, identity, wanted) if kind == "export" else answer(capture, wanted)
    except Exception as error:  # a stranger's request, a full disk, no memory: the page shows what happened
        return error_value(error)


def _pending(later: Later, capture: Capture, request: dict[str, Any]) -> dict[str, Any] | None:
    """How far a long text's measures are, for a request that needs them; None when they are there. A page that goes says stop."""
    needed = request.get("kind") == "measures" or (request.get("kind"), request.get("what")) == ("export", "html")
    if not needed:
        return None
    batches = max((call.shape[0] for call in capture.calls), default=1)
    batch = whole({"batch": 0} | request, "batch", 0, batches - 1)
    if request.get("kind") == "measures":
        find_group(capture, request)
    if request.get("stop"):
        later.stop(capture, batch)
        return {"pending": 0.0}
    return later.pending(capture, batch)


def _folder() -> Path:
    """Where Gradio serves files from."""
    return Path(get_upload_folder()) / "attention-inspector"


EXPORTS = Exports(_folder)


def _export(capture: Capture, identity: str, request: dict[str, Any]) -> dict[str, Any]:
    """The capture, or a page of one view, as a file Gradio serves; what is asked for again is not written again."""
    what, view, start = request.get("what"), request.get("view"), request.get("start")
    if what not in ("capture", "html"):
        raise OutOfRange(
            f"A download of {str(what)[:40]!r} was asked for.", "There are 'capture' and 'html'.", "Choose one of these."
        )
    if what == "capture":
        path = EXPORTS.file((identity, what), "capture.safetensors", capture.save)
    else:
        batch, name = request.get("batch", 0), view if isinstance(view, str) else ""
        key = (identity, what, json.dumps([view, start, batch], sort_keys=True))
        path = EXPORTS.file(key, "attention.html", lambda path: _write_page(capture, name, start, batch, path))
    return {"url": f"gradio_api/file={path}", "name": path.name, "bytes": path.stat().st_size}


def _write_page(capture: Capture, view: str, start: object, batch: int, path: Path) -> None:
    """A page of that view, of the first three where there is none of that name, or of a demonstration without the capture."""
    if view in DEMOS:
        path.write_text(demo_page(view), encoding="utf-8")
    else:
        names = [view] if view in VIEWS else list(VIEWS)[:3]
        place = {name: part for name, part in start.items() if name != "view"} if isinstance(start, dict) else None
        to_html(capture, names, path, batch=batch, start=place)


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
