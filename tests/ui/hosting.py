"""Opens captures in a real browser: as a standalone page, or with a server that answers as the app's does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from inspector.captures import Capture
from inspector.views import DEMOS
from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.registry import listed
from inspector.views.requests import answer

ADDRESS = "http://127.0.0.1:9/"
FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def open_page(page: Page, file: Path, link: str = "") -> Page:
    """A page that was written by ``to_html``, drawn."""
    page.goto(f"file://{file}#{link}")
    return drawn(page)


def open_served(
    page: Page,
    capture: Capture,
    link: str = "",
    host: str = "page",
    answering: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    measured: bool = True,
    **start: Any,
) -> list[dict[str, Any]]:
    """The workbench of a capture that stays in Python; the list grows with every request it makes and the answer's size.

    ``answering`` answers instead of the views' own answers; with ``measured=False`` the page has to ask for its measures.
    """
    asked: list[dict[str, Any]] = []

    def ask(request: dict[str, Any]) -> dict[str, Any]:
        given = answering(request) if answering else answer(capture, request)
        asked.append({**request, "bytes": len(json.dumps(given))})
        return given

    shown = manifest_of(capture, identity="here", start=start or None, measured=measured) | {"demos": listed(dict(DEMOS.items()))}
    manifest = json.dumps(shown).replace("<", "\\u003c")
    body = (
        '<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1"><body style="margin:0">'
        '<div id="here"></div>'
        f"<script>const A = {script()}; window.mounted = A.mount(document.getElementById('here'), "
        f"{{value: {{manifest: {manifest}}}, get: (r) => window.ask(r), act: () => {{}}, host: '{host}'}});</script>"
    )
    page.expose_function("ask", ask)
    page.route(ADDRESS, lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    page.goto(f"{ADDRESS}#{link}")
    drawn(page)
    return asked


def drawn(page: Page) -> Page:
    """Waits until the picture is finished: the mark is away while a drawing, a frame or an answer is still to come.

    What the keyboard and the mouse do has taken the mark away before they return. A wheel, and the click that follows a tap, may
    come later: wait for what they change.
    """
    page.locator("[data-drawn]").first.wait_for(state="attached")
    return page


def resized(page: Page, width: int, height: int = 900) -> Page:
    """Another window size, drawn again: within two frames the workbench has been told of it."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function("([width, height]) => innerWidth === width && innerHeight === height", arg=[width, height])
    page.evaluate(FRAMES)
    return drawn(page)


def link(page: Page) -> dict[str, str]:
    """The selection written in the address."""
    text = page.evaluate("location.hash.slice(1)")
    return dict(part.split("=", 1) for part in text.split("&") if "=" in part)


def sideways(page: Page) -> int:
    """How many pixels the page could be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
