"""All heads at once in a real browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.ui.hosting import drawn, link, open_page, resized, sideways

START = "view=all-heads&layer=3&heads=1"


@pytest.fixture(scope="module")
def file(sentence_capture, tmp_path_factory):
    path = tmp_path_factory.mktemp("heads") / "page.html"
    sentence_capture.to_html(["head_view", "model_view"], path)
    return path


def at(page: Page, layer: int, head: int) -> tuple[float, float]:
    """The middle of a head's map on the screen."""
    surface = page.locator(".heads-surface")
    box, places = surface.bounding_box(), dict(p.split(":") for p in surface.get_attribute("data-places").split())
    x, y = map(float, places[f"{layer}.{head}"].split(","))
    return box["x"] + x, box["y"] + y


def test_all_72_heads_are_drawn_with_a_finding_and_the_chosen_one_is_ringed(page: Page, file, sentence_capture, shot) -> None:
    open_page(page, file, START)
    expect(page.locator(".caption")).to_contain_text("of 72 heads spend more than half their attention on [CLS] and [SEP].")
    assert page.locator("[data-view]").first.get_attribute("data-view") == "model_view"
    expect(page.locator("#heads-cell")).to_contain_text("Layer 3, head 1")
    shot(page, "all-heads")


def test_the_pointer_names_a_head_and_a_click_opens_it_everywhere(page: Page, file) -> None:
    open_page(page, file, START)
    page.mouse.move(*at(page, 0, 2))
    expect(page.locator(".heads-said")).to_contain_text("Layer 0, head 2")
    expect(page.locator(".heads-said")).to_contain_text("one back")
    page.mouse.click(*at(page, 0, 2))
    drawn(page)
    assert (link(page)["layer"], link(page)["heads"]) == ("0", "2")
    page.get_by_role("tab", name="One head").click()
    drawn(page)
    expect(page.locator(".stepper-name").last).to_have_text("Head 2")


def test_the_keyboard_walks_chooses_and_opens(page: Page, file) -> None:
    open_page(page, file, START)
    page.locator(".heads-surface").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#heads-cell")).to_contain_text("Layer 2, head 2")
    page.keyboard.press("Enter")
    drawn(page)
    assert (link(page)["layer"], link(page)["heads"]) == ("2", "2")
    page.keyboard.press("Enter")
    drawn(page)
    assert link(page)["view"] == "one-head"


def test_a_measure_ranks_the_heads_and_lists_its_highest_and_lowest(page: Page, file, sentence_capture, shot) -> None:
    open_page(page, file, START)
    page.get_by_label("Measure under each head").select_option("previous_token")
    drawn(page)
    assert link(page)["measure"] == "previous_token"
    expect(page.locator(".caption")).to_contain_text("Layer 0, head 2 is highest in ‘previous token’")
    lines = page.locator(".heads-lists .bar-line")
    expect(lines).to_have_count(12)
    expect(lines.first).to_contain_text("L0 H2")
    lines.nth(1).click()
    drawn(page)
    assert (link(page)["layer"], link(page)["heads"]) == ("2", "11")
    page.get_by_role("button", name="ranked").click()
    drawn(page)
    assert link(page)["order"] == "ranked"
    assert page.locator(".heads-surface").get_attribute("data-places").startswith("0.2:")
    shot(page, "all-heads-ranked")


def test_lines_are_a_choice(page: Page, file) -> None:
    open_page(page, file, START)
    page.get_by_role("button", name="lines").click()
    drawn(page)
    assert link(page)["as"] == "lines"
    expect(page.get_by_role("button", name="lines")).to_have_attribute("aria-pressed", "true")


def test_no_width_scrolls_sideways(page: Page, file, shot) -> None:
    open_page(page, file, f"{START}&theme=dark")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        shot(page, f"all-heads-{width}")


def test_drawing_and_table_hold_every_head(page: Page, file) -> None:
    open_page(page, file, START)
    page.locator("[data-action=download]").click()
    with page.expect_download() as got:
        page.locator("[data-download=svg]").click()
    text = got.value.path().read_text("utf-8")
    assert text.count("<image") == 72
    page.locator("[data-action=table]").click()
    expect(page.locator(".numbers tbody tr")).to_have_count(72)
