"""The web app: layout and events. Everything it shows comes from the ``inspector`` package."""

from __future__ import annotations

import contextlib
import os
import queue
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from inspector.access import Exposure, normalized, offered
from inspector.bodies import Bounded
from inspector.component import EXPORTS, Captures, Workbench, error_value
from inspector.delivery import app_kwargs, script_address
from inspector.errors import InputError, InputTooLong, InspectorError, ModelError
from inspector.examples import EXAMPLES, MODELS, Example, example
from inspector.service import Service, summary_of

HERE = Path(__file__).parent
THEME = gr.themes.Base(
    font=["-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "Liberation Sans", "Arial", "sans-serif"],
    font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
)
TITLE = "Attention Inspector"
# In the page's head as it is written: css_paths would set ".gradio-container .contain" before every selector, also before body
STYLE = f"<style>{(HERE / 'gradio_app.css').read_text('utf-8')}</style>"
# Gradio opens its menu when the keyboard comes by, and again when it leaves. Here an arrow, a letter or the pointer opens it.
MENU = """<script>(() => {
  let tabbed = false;
  addEventListener("keydown", (event) => { tabbed = event.key === "Tab"; }, true);
  addEventListener("pointerdown", () => { tabbed = false; }, true);
  const close = (event) => event.target instanceof Element && event.target.matches("#model input")
    && setTimeout(() => event.target.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true})));
  addEventListener("focusin", (event) => tabbed && close(event));
  addEventListener("focusout", close);
})()</script>"""
TELLING = 0.2  # seconds between two words on how far a run is
LOOKING = 0.05  # seconds between two looks at whether it was cancelled
RUNS = 2  # at the same time
QUEUE = 32  # runs that wait; whoever comes after them is told so at once
UPLOADS = "1kb"  # the app takes no files
ENDING = ("This input was to be inspected.", "The server was told to end before it was done.", "Try again when it is back.")
LINKED = 200_000  # characters of a text that a page may try to pack into a link
_WANTED = ("name", "model", "text", "pair", "example", "cut", "token")
TELL_FORM = """(model, text, pair) => {
  window.dispatchEvent(new CustomEvent("inspector-form", {detail: {model: model || "bundled", text, pair}}));
}"""
BRAND = (
    '<button type="button" class="skip" data-skip>Skip to the picture</button>'
    '<div class="brand"><svg viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">'
    '<path fill="none" stroke="currentColor" stroke-width="2.4" '
    'd="M2 4C13 4 11 20 22 20M2 12C13 12 11 5 22 5M2 20C13 20 11 4 22 11"/></svg><h1>Attention Inspector</h1>'
    "<span>what a Transformer looks at, as it computed it</span></div>"
)


class App:
    """What the events share: the models in memory and the captures people are looking at."""

    def __init__(self) -> None:
        self.service = Service()
        self.exposure = Exposure()
        self.captures = Captures(memory=self.service.access.memory)
        self.running: dict[str | None, threading.Event] = {}
        self.ending = False
        self.bench: Workbench
        self.demo: gr.Blocks

    def public(self, request: gr.Request) -> bool:
        """Whether strangers may reach this server, as far as it and this request show."""
        return self.exposure.public(
            bound=getattr(self.demo, "server_name", None),
            shared=bool(self.demo.share),
            root_path=self.demo.root_path,
            headers=dict(request.headers),
            client=request.client.host if request.client else None,
        )

    def first_value(self) -> dict[str, Any]:
        """The example that is drawn before anyone clicks."""
        first = EXAMPLES[0]
        try:
            found = self.service.inspect("bundled", first.text, first.pair)
            return self._value("bundled", first.text, first.pair, found, pinned=True)
        except InspectorError as error:
            return error_value(error)

    def run(
        self, model: Any, text: str, pair: str, request: gr.Request, truncate: bool = False, begin: bool = False
    ) -> Iterator[Any]:
        """Steps while it works, then the picture or what went wrong; nothing new when it was cancelled."""
        stopped = self.running[request.session_hash] = threading.Event()
        public = self.public(request)
        name = secrets.token_urlsafe(9)
        self.captures.running.add(name)
        try:
            yield from self._working(
                lambda step: self._inspected(model, text, pair, truncate, begin, step, public), stopped, name
            )
        finally:
            self.captures.running.discard(name)
            if self.running.get(request.session_hash) is stopped:
                self.running.pop(request.session_hash, None)

    def run_example(self, model: str, text: str, pair: str, request: gr.Request) -> Iterator[Any]:
        """The same for an example that was chosen: it opens at its own beginning."""
        yield from self.run(model, text, pair, request, begin=True)

    def cancel(self, request: gr.Request) -> None:
        """Ends what this visitor's page is running, at its next step."""
        stopped = self.running.pop(request.session_hash, None)
        if stopped is not None:
            stopped.set()

    def act(self, model: Any, text: str, pair: str, event: gr.EventData, request: gr.Request) -> Iterator[Any]:
        """What the workbench asks for: the text cut to what the model takes, or the text a link names."""
        try:
            wanted = _wanted(getattr(event, "_data", None))
            if wanted["name"] == "open":
                model, text, pair = self._opened(wanted)
        except InspectorError as error:
            yield gr.skip(), gr.skip(), gr.skip(), error_value(error)
            return
        if wanted["name"] == "open" and model not in (name for _, name in offered(MODELS, self.service.access)):
            asked = ModelError(
                f"This link names the model {model[:80]!r}.",
                "A link does not load a model of its own choice.",
                "Press Inspect if you want it.",
            )
            yield model, text, pair, error_value(asked)
            return
        if wanted["name"] not in ("open", "cut"):
            yield (gr.skip(),) * 4
            return
        for value in self.run(model, text, pair, request, truncate=wanted["name"] == "cut" or bool(wanted["cut"])):
            if "manifest" in value:  # says to which question of the page it is the answer
                value = value | {"manifest": value["manifest"] | {"asked": wanted["token"][:40]}}
            yield model, text, pair, value

    def _opened(self, wanted: dict[str, str]) -> tuple[str, str, str]:
        """Model and texts a link names."""
        found = example(wanted["example"])
        text, pair = (found.text, found.pair) if found else (wanted["text"], wanted["pair"])
        return normalized(wanted["model"] or "bundled"), text, pair

    def api(self, model: str, text: str, pair: str = "", request: gr.Request = None) -> tuple[dict[str, Any], dict[str, Any]]:  # type: ignore[assignment]
        """Tokens, layers, heads and every measure of every head as JSON, and the capture as a safetensors file."""
        try:
            capture = self.service.inspect(model, text or "", pair or "", public=self.public(request))
            file = EXPORTS.file(secrets.token_hex(20), "capture.safetensors", capture.save)
            return summary_of(capture), gr.FileData(path=str(file), orig_name=file.name).model_dump()
        except Exception as error:
            raise gr.Error(" ".join(_sentences(error)), print_exception=False) from error

    def _inspected(
        self, model: Any, text: str, pair: str, truncate: bool, begin: bool, step: Any, public: bool
    ) -> dict[str, Any]:
        try:
            found = self.service.inspect(model, text or "", pair or "", truncate=truncate, step=step, public=public)
            return self._value(str(model or "bundled"), text or "", pair or "", found, begin=begin, cut=truncate)
        except InputTooLong as error:
            return error_value(error, {"name": "cut", "label": f"Cut to {error.limit:,} tokens"})
        except Exception as error:  # whatever a model does to its input, the app stays up and says what happened
            return error_value(error)

    def _value(
        self, model: str, text: str, pair: str, capture: Any, pinned: bool = False, begin: bool = False, cut: bool = False
    ) -> dict[str, Any]:
        form = {"model": model, "text": text, "pair": pair}
        known = next((e for e in EXAMPLES if (e.text, e.pair) == (text, pair)), None)
        if known is not None and normalized(model) == "bundled":
            link = {"example": known.name}
            return self.bench.show(capture, start=known.start, link=link, form=form, begin=begin, pinned=pinned)
        texts = {"text": text, "pair": pair} if len(text) + len(pair) <= LINKED else {}
        link = {"model": normalized(model), **texts, "cut": "1" if cut else ""}
        return self.bench.show(capture, link={name: value for name, value in link.items() if value}, form=form)

    def end(self) -> None:
        """Ends every run with a word to whoever waits for it, and waits until they have been told."""
        self.ending = True
        for _ in range(30):
            if not self.captures.running:
                break
            time.sleep(0.1)
        time.sleep(0.5)  # what was said is on its way to the browsers

    def _working(self, work: Any, stopped: threading.Event, run: str) -> Iterator[Any]:
        """Runs ``work`` beside the event, so that its steps are shown while it goes on.

        Once ``stopped`` is set, or this is closed, the event ends at once and the work at its next step.
        """
        told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        last = {"step": "", "at": 0.0}

        def step(name: str, share: float | None = None) -> bool:
            now = time.monotonic()
            if name != last["step"] or now - last["at"] > TELLING:  # a short run would spend its time on saying how far it is
                last.update(step=name, at=now)
                told.put({"busy": {"step": name, "cancel": True, "run": run} | ({} if share is None else {"fraction": share})})
            return not stopped.is_set()

        threading.Thread(target=lambda: told.put(work(step)), daemon=True).start()
        try:
            while not stopped.is_set():
                if self.ending:
                    yield error_value(InspectorError(*ENDING))
                    return
                try:
                    news = told.get(timeout=LOOKING)
                except queue.Empty:
                    continue
                if stopped.is_set():
                    break
                yield news
                if "busy" not in news:
                    return
            yield {"busy": None}
        finally:
            stopped.set()


def _sentences(error: Exception) -> list[str]:
    card = error_value(error)["error"]
    return [card[part] for part in ("asked", "found", "do") if card[part]]


def _wanted(data: Any) -> dict[str, str]:
    """What an event of the workbench carries, which should be texts by name and may be anything."""
    wanted = data if isinstance(data, dict) else {"name": data}
    odd = next((name for name in _WANTED if not isinstance(wanted.get(name), str | None)), None)
    if odd is not None:
        found = f"Its {odd} is a {type(wanted[odd]).__name__}."
        raise InputError("The page asked for something.", found, "Reload the page, or follow another link.")
    return {name: wanted.get(name) or "" for name in _WANTED}


def build_app() -> gr.Blocks:
    """The page and its events."""
    app = App()
    with gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True, delete_cache=(3600, 7200)) as demo:
        gr.HTML(BRAND, elem_id="brand")
        with gr.Row(elem_id="form"):
            model = gr.Dropdown(
                offered(MODELS, app.service.access),
                value="bundled",
                label="Model",
                info=None,
                allow_custom_value=True,
                scale=2,
                elem_id="model",
            )
            text = gr.Textbox(EXAMPLES[0].text, label="Text", lines=1, max_lines=2, scale=7, elem_id="text", max_length=1_200_000)
            pair = gr.Textbox(
                "", label="Second text (optional)", lines=1, max_lines=2, scale=2, elem_id="pair", max_length=1_200_000
            )
            go = gr.Button("Inspect", variant="primary", scale=0, elem_id="inspect")
        with gr.Row(elem_id="examples"):
            gr.HTML("Examples", elem_id="examples-label")
            chips = [(gr.Button(entry.title, size="sm", scale=0, elem_classes="chip"), entry) for entry in EXAMPLES]
        app.bench = Workbench(captures=app.captures, script_address=script_address(), elem_id="workbench")
        app.bench.value = app.first_value()
        _events(app, model, text, pair, go, chips)
        gr.api(app.api, api_name="inspect", concurrency_id="model", concurrency_limit=RUNS)
    app.demo = demo
    demo.visitors = app
    return demo


def _events(app: App, model: Any, text: Any, pair: Any, go: Any, chips: list[tuple[Any, Example]]) -> None:
    heavy: dict[str, Any] = {
        "show_progress": "hidden",
        "concurrency_id": "model",
        "concurrency_limit": RUNS,
        "api_visibility": "private",
        "trigger_mode": "always_last",  # a press while a cancelled run is still ending counts when it has ended
    }
    gr.on([go.click, text.submit, pair.submit], app.run, [model, text, pair], app.bench, **heavy)
    app.bench.act(app.act, [model, text, pair], [model, text, pair, app.bench], **heavy)
    for chip, entry in chips:
        filled = chip.click(
            lambda entry=entry: (entry.text, entry.pair),
            None,
            [text, pair],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )
        filled.then(app.run_example, [model, text, pair], app.bench, **heavy)
    # what the form says now: the picture of something else is dimmed
    gr.on([model.change, text.change, pair.change], None, [model, text, pair], None, js=TELL_FORM, api_visibility="private")
    # Gradio's own cancelling would leave its button deaf until the run has noticed
    app.bench.cancel(app.cancel, None, None, queue=False, show_progress="hidden", api_visibility="private")


def main(demo: gr.Blocks) -> None:
    """Serves the app on 127.0.0.1 (or GRADIO_SERVER_NAME), port 7860 (or GRADIO_SERVER_PORT)."""
    with contextlib.suppress(ValueError):  # outside the main thread signals are somebody else's
        signal.signal(signal.SIGTERM, lambda *_: (demo.visitors.end(), demo.close()))
    sending = app_kwargs()
    demo.queue(max_size=QUEUE).launch(
        server_name=os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"),
        theme=THEME,
        head=STYLE + MENU,
        footer_links=["api"],
        app_kwargs=sending | {"middleware": [Middleware(Bounded), *sending["middleware"]]},
        ssr_mode=False,
        show_error=True,
        max_file_size=UPLOADS,
        _frontend=False,  # else Gradio asks for this page itself, and ends an app whose busy machine takes over three seconds
    )


demo = build_app()

if __name__ == "__main__":
    main(demo)
