"""A real browser for the views, and a page that fails its test when anything leaves the machine or errs on the console."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlparse

import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from inspector.views.assets import script

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
FLAGS += ["--disable-features=IsolateSandboxedIframes"]  # so that requests of BertViz's frame can be answered by a test
LOCAL = {"", "127.0.0.1", "localhost"}
PATIENCE = 30_000  # milliseconds: a busy machine is slow, and only a test that fails waits so long
expect.set_options(timeout=PATIENCE)
PAIR = ("The animal didn't cross the street.", "It was too tired to walk, so the driver waited.")
LONG = "the grey cat slept on the shelf , and the old nurse fed the cat . rain fell on the harbour town " * 4


def launch(play) -> Browser:
    """Debian's chromium where it is installed, else Playwright's own."""
    found = os.environ.get("INSPECTOR_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    return play.chromium.launch(executable_path=found, args=FLAGS, timeout=120_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        try:
            running = launch(play)
        except Error as error:
            if os.environ.get("CI", "").lower() == "true":
                pytest.fail(f"No browser could be started: {error}")
            pytest.skip("No browser: run `make browser`.")
        yield running
        running.close()


@pytest.fixture(scope="module")
def js(browser):
    """Evaluates a JavaScript expression in which A is the workbench's own code and x the argument."""
    context = browser.new_context()
    page = context.new_page()
    page.evaluate(f"() => {{ window.code = {script()}; }}")
    yield lambda expression, x=None: page.evaluate(f"async (x) => {{ const A = window.code; return {expression}; }}", x)
    context.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator:
    """Makes pages; afterwards none of them may have asked another machine for anything or logged an error."""
    opened: list[tuple[Page, list[str]]] = []

    def make(width: int = 1400, height: int = 1000, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, **options)
        page, trouble = context.new_page(), []
        page.on("request", lambda r: None if (urlparse(r.url).hostname or "") in LOCAL else trouble.append(f"request to {r.url}"))
        page.on("pageerror", lambda e: trouble.append(f"page error: {e}"))
        page.on("console", lambda m: trouble.append(f"console: {m.text}") if m.type == "error" else None)
        page.set_default_timeout(PATIENCE)
        opened.append((page, trouble))
        return page

    yield make
    troubles = [entry for _, trouble in opened for entry in trouble]
    for page, _ in opened:
        page.context.close()
    assert not troubles, troubles


@pytest.fixture
def page(new_page) -> Page:
    return new_page()


@pytest.fixture
def shot(tmp_path: Path):
    """Saves a picture: into the folder INSPECTOR_SHOTS names, to be looked at, else into the test's own folder."""
    folder = Path(os.environ.get("INSPECTOR_SHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return lambda page, name: page.screenshot(path=str(folder / f"{name}.png"))


@pytest.fixture(scope="session")
def url(tmp_path_factory) -> Iterator[str]:
    """The address of the real app, which the tests of a worker share."""
    from tests.ui.app_server import serving

    with serving(tmp_path_factory.mktemp("app") / "log.txt") as address:
        yield address


@pytest.fixture(scope="session")
def short_page(sentence_capture, tmp_path_factory) -> str:
    """The address of a page of the example sentence, ‘it’ → ‘animal’ pinned."""
    path = tmp_path_factory.mktemp("pages") / "short.html"
    sentence_capture.to_html("head_view", path, start={"layer": 3, "heads": [1], "query": 10, "key": 2})
    return path.as_uri()


@pytest.fixture(scope="session")
def pair_page(bundled, tmp_path_factory) -> str:
    """The address of a page of two texts, nothing pinned."""
    path = tmp_path_factory.mktemp("pages") / "pair.html"
    bundled(*PAIR).to_html("head_view", path, start={"layer": 3, "heads": [1]})
    return path.as_uri()


@pytest.fixture(scope="session")
def long_page(bundled, tmp_path_factory) -> str:
    """The address of a page of a text too long for one column."""
    path = tmp_path_factory.mktemp("pages") / "long.html"
    bundled(LONG).to_html("head_view", path, start={"layer": 2, "heads": [9]})
    return path.as_uri()
