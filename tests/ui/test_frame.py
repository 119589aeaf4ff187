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


# Widths ----------------------------------------------------------------------------------------------------------

TABS = [*VIEWS, *DEMOS]

# Where the picture on the screen begins and ends, the end of what stands beside it, and how far the page scrolls.
_PLACES = """() => {
  const root = document.querySelector(".attention-inspector").shadowRoot, page = document.documentElement;
  const view = [...root.querySelectorAll(".view")].find((one) => !one.hidden);
  const ends = [".picture", ".panel", ".rail"].map((part) => view.querySelector(part).getBoundingClientRect().bottom + scrollY);
  return {begins: view.querySelector(".picture").getBoundingClientRect().top + scrollY, ends: Math.max(...ends),
    sideways: page.scrollWidth - page.clientWidth, down: page.scrollHeight - page.clientHeight};
}"""


# Buttons, fields and menus lower than that; a navigator's cells and the words of a picture have keys and steppers beside them.
_SMALL = """(least) => {
  const root = document.querySelector(".attention-inspector").shadowRoot, controls = "button, select, input[type=text], summary";
  const all = [...document.querySelectorAll("#form .block, button"), ...root.querySelectorAll(controls)];
  return all.filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.matches(".nav-cell, .skip, [disabled]"))
    .filter((one) => one.getBoundingClientRect().height < least - 0.5)
    .map((one) => `${one.className || one.id} ${one.textContent.slice(0, 20)} ${one.getBoundingClientRect().height}`);
}"""


@pytest.mark.parametrize("width", [390, 360])
def test_on_a_phone_every_picture_begins_above_the_middle_and_nothing_scrolls_sideways(new_page, url, width):
    page = opened(new_page(width, 844, has_touch=True, is_mobile=True), url)
    for name in TABS:
        choose(page, name)
        places = page.evaluate(_PLACES)
        assert places["begins"] < 422, name
        assert places["sideways"] == 0, name


def test_every_tab_fits_a_screen_of_1400_by_1000(page, url):
    opened(page, url)
    for name in TABS:
        choose(page, name)
        places = page.evaluate(_PLACES)
        assert places["ends"] <= 1000, name
        assert places["down"] == 0, name


def test_the_actions_stay_in_the_header_when_the_form_grows(page, url):
    opened(page, url)
    before, top = box(page, ".actions"), box(page, BENCH)["y"]
    page.locator("#text textarea").fill("A sentence that goes on. " * 12)
    page.wait_for_function(f"() => document.querySelector('{BENCH}').getBoundingClientRect().top > {top + 5}")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert box(page, ".actions")["y"] == pytest.approx(before["y"], abs=1)


def test_at_1024_pixels_no_tab_is_cut_and_the_model_has_room_for_its_name(new_page, url):
    page = opened(new_page(1024, 768), url)
    cut = "all => all.some((one) => one.scrollWidth > one.clientWidth)"
    assert not page.locator(".tabs").evaluate_all(cut)
    name, caret = box(page, "#model input"), box(page, "#model .icon-wrap")
    words = page.locator("#model input").evaluate(
        """(field) => { const pen = document.createElement("canvas").getContext("2d"), style = getComputedStyle(field);
        pen.font = style.font; return pen.measureText(field.value).width + parseFloat(style.paddingLeft); }"""
    )
    assert name["x"] + words < caret["x"]


def test_twice_the_size_shows_the_picture(new_page, url):
    page = opened(new_page(700, 500, device_scale_factor=2), url)  # what a window of 1400 × 1000 is at 200 %
    for name in TABS:
        choose(page, name)
        assert page.evaluate(_PLACES)["begins"] < 400, name


def test_on_a_phone_the_form_is_one_line_that_unfolds_and_folds_again_after_a_run(new_page, url):
    page = opened(new_page(390, 844, has_touch=True, is_mobile=True), url)
    line, form = page.locator(".form-line"), page.locator("#form")
    expect(form).to_be_hidden()
    expect(line).to_contain_text("all-MiniLM-L6-v2")
    line.tap()
    expect(form).to_be_visible()
    expect(line).to_have_attribute("aria-expanded", "true")
    page.locator("#text textarea").fill("A cat sat.")
    page.locator("#inspect").tap()
    expect(form).to_be_hidden()
    expect(line).to_contain_text("cat sat")


def test_targets_of_a_finger_are_40_pixels_and_of_a_mouse_24(new_page, url):
    for width, least, touch in ((390, 40, True), (1400, 24, False)):
        page = opened(new_page(width, 1000, has_touch=touch, is_mobile=touch), url)
        small = {}
        for name in TABS:
            choose(page, name)
            small[name] = page.evaluate(_SMALL, least)
        assert not any(small.values()), small
