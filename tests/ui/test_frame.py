"""The app's frame: what stands around every view, at every width."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from inspector.views import DEMOS, VIEWS

pytestmark = pytest.mark.browser
BENCH = ".attention-inspector"


def opened(page: Page, url: str, link: str = "") -> Page:
    page.goto(url + link)
    page.wait_for_selector(f"{BENCH}[data-drawn]")
    return page


def choose(page: Page, name: str) -> None:
    """The tab of that name, drawn."""
    page.locator(f"#tab-{name}").click()
    page.wait_for_selector(f"{BENCH}[data-view={name}][data-drawn]")


def box(page: Page, selector: str) -> dict[str, float]:
    return page.locator(selector).bounding_box()


# Demonstrations --------------------------------------------------------------------------------------------------


def test_demonstrations_stand_apart_with_input_of_their_own_and_nothing_of_the_capture(page: Page, url):
    opened(page, url)
    lists = page.get_by_role("tablist")
    assert [one.get_attribute("aria-label") for one in lists.all()] == ["Inspect", "Learn"]
    assert [t.get_attribute("data-view") for t in lists.nth(1).get_by_role("tab").all()] == list(DEMOS)
    inspecting = page.locator("#form, #examples, .proof, .chosen")
    bar = box(page, ".bar")
    for name in DEMOS:
        choose(page, name)
        assert not any(one.is_visible() for one in inspecting.all())
        expect(page.locator(f".input-{name.replace('_', '-')} .date-field")).to_be_visible()
        assert box(page, ".bar")["y"] == pytest.approx(bar["y"], abs=1)  # the tabs stay under the pointer
        page.keyboard.press("Escape")
        assert "query=10" in page.evaluate("location.hash")
    page.locator("[data-action=download]").click()
    assert page.locator("[data-download=capture]").count() == 0
    page.keyboard.press("Escape")
    choose(page, next(iter(VIEWS)))
    assert all(one.is_visible() for one in inspecting.all())
