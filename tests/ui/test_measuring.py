"""A long text in the browser: its picture comes first, measures and small maps of all heads when they are computed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from playwright.sync_api import Page, expect

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.views.requests import answer
from tests.ui.hosting import drawn, open_served

MEASURED = "[data-measured=yes]"


class Slow:
    """Answers as the app does, with the measures ready when ``finish`` is called."""

    def __init__(self, capture: Capture) -> None:
        self.capture, self.ready, self.share, self.stopped = capture, threading.Event(), 0.0, 0

    def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["kind"] == "measures" and request.get("stop"):
            self.stopped += 1
            return {"pending": 0.0}
        if request["kind"] == "measures" and not self.ready.is_set():
            return {"pending": self.share}
        return answer(self.capture, request)


@pytest.fixture
def slow() -> Slow:
    calls = [
        AttentionCall(f"layer.{i}", Scores(torch.randn(1, 3, 61, 8), torch.randn(1, 3, 61, 8), 0.5, Mask(right=0)), layer_index=i)
        for i in range(2)
    ]
    return Slow(Capture(calls=calls))


def opened(page: Page, slow: Slow, link: str = "") -> list[dict[str, Any]]:
    return open_served(page, slow.capture, link, answering=slow, measured=False)


def test_the_picture_comes_first_and_the_measures_fill_in(page: Page, slow: Slow, shot) -> None:
    slow.share = 0.42
    opened(page, slow, "view=heat-map&layer=1&heads=2")
    expect(page.locator(".measuring")).to_have_text("Measuring all 6 heads: 42 % Stop")
    expect(page.locator(".nav-cell.none")).to_have_count(6)
    expect(page.locator(".navigator select")).to_be_hidden()
    before = page.locator(".heat-surface").bounding_box()
    shot(page, "measuring")
    slow.ready.set()
    page.locator(MEASURED).wait_for()
    drawn(page)
    expect(page.locator(".measuring")).to_be_hidden()
    expect(page.locator(".nav-cell.none")).to_have_count(0)
    expect(page.locator(".head-panel")).to_contain_text("among all 6 heads")
    assert page.locator(".heat-surface").bounding_box() == before


@pytest.mark.parametrize(("view", "marked"), [("all-heads", ".heads-surface"), ("head-atlas", ".atlas-surface")])
def test_views_of_all_heads_say_what_they_wait_for_and_the_other_views_stay_open(
    page: Page, slow: Slow, shot, view, marked
) -> None:
    asked = opened(page, slow, f"view={view}")
    expect(page.locator(".caption")).to_have_text("Measuring all 6 heads.")
    assert not [request for request in asked if request["kind"] == "maps"]
    shot(page, f"measuring-{view}")
    for action in ("table", "find"):
        page.locator(f"[data-action={action}]").click()
        page.keyboard.press("Escape")
    page.get_by_role("tab", name="One head").click()
    drawn(page)
    expect(page.locator(".view-head-view")).to_be_visible()
    page.locator(f"[id='tab-{view.replace('all-heads', 'model_view').replace('head-atlas', 'head_atlas')}']").click()
    expect(page.locator(".caption")).to_have_text("Measuring all 6 heads.")
    slow.ready.set()
    page.locator(MEASURED).wait_for()
    expect(page.locator(marked).first).to_be_visible()
    expect(page.locator(".caption")).not_to_contain_text("Measuring")


def test_measuring_can_be_stopped_and_begun_again(page: Page, slow: Slow) -> None:
    opened(page, slow, "view=all-heads")
    page.locator(".measuring").get_by_role("button", name="Stop").click()
    expect(page.locator(".caption")).to_have_text("6 heads are not measured.")
    expect(page.locator(".measuring")).to_contain_text("Measures are not all there.")
    for _ in range(600):  # the server is told, so that it works for nobody no longer
        if slow.stopped:
            break
        page.wait_for_timeout(50)
    assert slow.stopped == 1
    slow.ready.set()
    page.locator(".measuring").get_by_role("button", name="Measure all heads").click()
    page.locator(MEASURED).wait_for()
    expect(page.locator(".heads-surface")).to_be_visible()


def test_what_cannot_be_measured_is_said_and_the_picture_stays(page: Page, slow: Slow) -> None:
    def broken(request: dict[str, Any]) -> dict[str, Any]:
        if request["kind"] == "measures":
            return {
                "error": {"asked": "The heads were to be measured.", "found": "Out of memory.", "do": "Look at single heads."}
            }
        return answer(slow.capture, request)

    open_served(page, slow.capture, "view=heat-map", answering=broken, measured=False)
    expect(page.locator(".problem")).to_contain_text("The heads were to be measured.Out of memory.Look at single heads.")
    expect(page.locator(".measuring")).to_contain_text("Measures are not all there.")
    expect(page.locator(".heat-surface")).to_be_visible()
