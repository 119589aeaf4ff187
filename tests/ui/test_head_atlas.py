"""The head atlas in a real browser: grid, scatter and table are the same heads."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from inspector.metrics import measure
from tests.ui.hosting import drawn, link, open_page, resized, sideways

START = "view=head-atlas&layer=3&heads=1"


@pytest.fixture(scope="module")
def file(sentence_capture, tmp_path_factory):
    path = tmp_path_factory.mktemp("atlas") / "page.html"
    sentence_capture.to_html(["head_view", "head_atlas"], path)
    return path


def names(page: Page, count: int) -> list[str]:
    return page.locator(".atlas-table tbody th").all_inner_texts()[:count]


def test_the_table_is_sorted_by_the_measure_and_sorts_by_any(page: Page, file, sentence_capture, shot) -> None:
    open_page(page, file, f"{START}&measure=previous_token")
    values = measure(sentence_capture, "previous_token").values
    best = [f"L{i // 12} H{i % 12}" for i in values.flatten().argsort(descending=True).tolist()]
    assert names(page, 5) == best[:5]
    page.locator("[data-sort=previous_token]").click()
    shown = [float(text) for text in page.locator(".atlas-table td.is-measure").all_inner_texts()]
    assert shown == sorted(shown)
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Previous token")
    page.locator("[data-sort=entropy]").click()
    drawn(page)
    assert link(page)["measure"] == "entropy"
    page.locator("[data-sort=head]").click()
    assert names(page, 3) == ["L0 H0", "L0 H1", "L0 H2"]
    shot(page, "head-atlas")


def test_a_row_of_the_table_chooses_the_head_everywhere(page: Page, file) -> None:
    open_page(page, file, START)
    page.locator(".atlas-table tbody tr").nth(2).click()
    drawn(page)
    chosen = f"L{link(page)['layer']} H{link(page)['heads']}"
    assert chosen == names(page, 3)[2]
    expect(page.locator(".atlas-table tr.on th")).to_have_text(chosen)
    expect(page.locator("#atlas-cell")).to_contain_text(f"Layer {link(page)['layer']}, head {link(page)['heads']}")


def test_the_keyboard_walks_the_grid_chooses_and_opens(page: Page, file) -> None:
    open_page(page, file, START)
    page.locator(".atlas-surface[role=grid]").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".atlas-table tr.over th")).to_have_text("L2 H0")
    page.keyboard.press("Enter")
    drawn(page)
    assert (link(page)["layer"], link(page)["heads"]) == ("2", "0")
    page.keyboard.press("Enter")
    drawn(page)
    assert link(page)["view"] == "one-head"


def test_two_measures_are_set_against_each_other(page: Page, file) -> None:
    open_page(page, file, START)
    page.get_by_label("Coloured by", exact=True).select_option("distance")
    page.get_by_label("Against", exact=True).select_option("confidence")
    drawn(page)
    assert (link(page)["measure"], link(page)["against"]) == ("distance", "confidence")
    expect(page.locator(".atlas-dots")).to_have_attribute("aria-label", "Distance against Sharpness, one dot a head")
    expect(page.locator(".caption")).to_contain_text("‘Distance’ is highest in layer")


def test_no_width_scrolls_sideways(page: Page, file, shot) -> None:
    open_page(page, file, f"{START}&theme=dark")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        shot(page, f"head-atlas-{width}")
