"""What a visitor's browser fetches before it shows anything: how much, how often, and what it keeps."""

from __future__ import annotations

import gzip
import re
from urllib.parse import urlparse

import httpx
import pytest

from inspector.views.assets import script_name

pytestmark = pytest.mark.browser
DRAWN = ".attention-inspector[data-drawn]"


def traffic(page) -> dict[str, dict]:
    """What the page's browser fetches from now on, by request: address, bytes on the wire, answer's headers."""
    found: dict[str, dict] = {}
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.on("Network.requestWillBeSent", lambda e: found.setdefault(e["requestId"], {}).update(url=e["request"]["url"]))
    wire.on("Network.responseReceived", lambda e: found.setdefault(e["requestId"], {}).update(answer=e["response"]))
    wire.on("Network.loadingFinished", lambda e: found.setdefault(e["requestId"], {}).update(bytes=e["encodedDataLength"]))
    return found


def asked(found: dict[str, dict]) -> list[dict]:
    """Those that went to the server: a picture written into a style sheet is no request."""
    return [one for one in found.values() if one["url"].startswith("http")]


def ours(found: dict[str, dict]) -> list[dict]:
    return [one for one in asked(found) if urlparse(one["url"]).path.endswith(script_name())]


def test_the_first_picture_is_light(page, url):
    found = traffic(page)
    page.goto(url)
    page.wait_for_selector(DRAWN)
    assert sum(one.get("bytes", 0) for one in asked(found)) <= 450_000


def test_the_script_is_one_compressed_file_that_is_fetched_once(page, url):
    found = traffic(page)
    page.goto(url)
    page.wait_for_selector(DRAWN)
    (first,) = ours(found)
    headers = {name.lower(): value for name, value in first["answer"]["headers"].items()}
    assert headers["content-encoding"] == "gzip"
    assert "immutable" in headers["cache-control"]
    found.clear()
    page.goto("about:blank")
    page.goto(url)
    page.wait_for_selector(DRAWN)
    assert all(one["answer"].get("fromDiskCache") or one.get("bytes", 0) == 0 for one in ours(found))


def test_the_page_and_the_answers_travel_compressed_and_say_the_same_as_they_are(url):
    def raw(address: str, coding: str):
        with httpx.stream("GET", address, headers={"Accept-Encoding": coding}, timeout=60) as answer:
            return answer.headers.get("content-encoding"), b"".join(answer.iter_raw())

    for address in (url, url + "config", f"{url}inspector/{script_name()}"):
        plain, packed = raw(address, "identity"), raw(address, "gzip")
        assert (plain[0], packed[0]) == (None, "gzip")
        assert len(packed[1]) < len(plain[1]) / 3
        words = re.compile(rb"[0-9a-f-]{8,}|[0-9]+")  # Gradio numbers what it makes anew for every visitor
        assert words.sub(b"", gzip.decompress(packed[1])) == words.sub(b"", plain[1])
    assert httpx.get(f"{url}inspector/attention-inspector.0000.js", timeout=60).status_code == 404


def test_the_configuration_holds_no_script(url):
    config = httpx.get(url + "config", timeout=60).json()
    bench = next(c for c in config["components"] if c["props"].get("elem_id") == "workbench")
    assert len(bench["props"]["js_on_load"]) < 4000
