"""The head view's controls: head chips, special tokens, the threshold, the table of a pair's segments."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import PAIR
from tests.ui.pages import caption, inside, legend, link, number, opened, settle

pytestmark = pytest.mark.browser


# Heads -----------------------------------------------------------------------------------------------------------


def chip(page, head):
    return page.locator(f".chip[data-chip='{head}']")


def test_chips_add_and_remove_heads(page, short_page, shot):
    opened(page, short_page)
    chip(page, 4).click()
    settle(page)
    assert "heads=1,4" in link(page)
    assert chip(page, 4).get_attribute("aria-pressed") == "true"
    assert page.locator(".weight-word").text_content() == "weight, mean of 2"
    assert caption(page).startswith("Head 1: ‘it’ looks mostly at ‘animal’ (0.57)")
    assert len(set(inside(page, "all('.lines .line').map((line) => line.style.stroke)"))) == 2
    shot(page, "head-two")
    chip(page, 1).click()
    settle(page)
    assert "heads=4" in link(page)


def test_a_double_click_or_enter_leaves_that_head_alone(page, short_page):
    opened(page, short_page, "#layer=3&heads=1,4,7")
    chip(page, 7).dblclick()
    settle(page)
    assert "heads=7" in link(page)
    chip(page, 2).focus()
    page.keyboard.press("Space")
    settle(page)
    assert "heads=2,7" in link(page)
    page.keyboard.press("Enter")
    settle(page)
    assert "heads=2&" in link(page) + "&"


def test_a_long_press_leaves_that_head_alone(page, short_page):
    opened(page, short_page, "#layer=3&heads=1,4,7")
    box = chip(page, 4).bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    expect(page.locator(".chip[aria-pressed='true']")).to_have_count(1)
    settle(page)
    assert "heads=4&" in link(page) + "&"
    page.mouse.up()
    settle(page)
    assert "heads=4&" in link(page) + "&"


def test_all_and_none(page, short_page):
    opened(page, short_page)
    chip(page, "all").click()
    settle(page)
    assert page.locator(".chip[aria-pressed='true']").count() == 13
    chip(page, "none").click()
    settle(page)
    assert page.locator(".lines .line").count() == 0
    assert caption(page) == "No head is shown."
    chip(page, 5).click()
    settle(page)
    assert "heads=5" in link(page)
    assert page.locator(".lines .line").count() > 0


# Settings --------------------------------------------------------------------------------------------------------


def test_special_tokens_are_folded_drawn_or_left_out_and_it_says_which(page, short_page, sentence_capture):
    opened(page, short_page)
    weights = sentence_capture.calls[3].weights(0, 1, [10])[0, 0, 0]
    assert page.locator(".rest-number").count() == 23
    page.get_by_label("Draw like any token").check()
    settle(page)
    assert page.locator(".rest-number").count() == 0
    assert float(number(page, 0)) == pytest.approx(float(weights[0]), abs=5.1e-4)
    page.get_by_label("Leave out, rescale to 1").check()
    settle(page)
    assert "not the model’s own numbers" in page.locator(".how").inner_text()
    free = 1 - float(weights[0] + weights[24])
    assert float(number(page, 2)) == pytest.approx(float(weights[2]) / free, abs=5.1e-4)
    assert "special=rescale" in link(page)


def test_the_threshold_hides_links_and_says_how_many_are_left(page, short_page, sentence_capture):
    opened(page, short_page, "#layer=3&heads=1&threshold=0.3")
    words = sentence_capture.calls[3].weights(0, 1)[0, 0, 1:24, 1:24]
    left = int((words >= 0.3).sum())
    share = float(words[words >= 0.3].sum() / words.sum())
    assert page.locator(".lines .line").count() == left
    assert f"{left} links of 0.30 or more drawn; they carry {share:.0%}".replace("%", " %") in legend(page)
    slider = page.get_by_label("Hide links under")
    slider.focus()
    page.keyboard.press("Home")
    settle(page)
    assert "threshold=0" in link(page)
    assert page.locator(".lines .line").count() == 23 * 23


def test_pairs_have_a_table_that_filters_by_segment(page, pair_page, bundled):
    opened(page, pair_page)
    weights = bundled(*PAIR).calls[3].weights(0, 1)[0, 0]
    a, b = slice(1, 10), slice(11, 23)
    cell = page.locator("[data-pair='AB']")
    assert cell.inner_text() == f"{100 * float(weights[a, b].sum(1).mean()):.0f} %"
    cell.click()
    settle(page)
    assert cell.get_attribute("aria-pressed") == "true"
    assert "pairs=AB" in link(page)
    assert page.locator(".lines .line").count() == int((weights[a, b] >= 0.05).sum())
    assert "of the attention from A to B" in legend(page)
    page.locator("[data-pair='BS']").click()
    settle(page)
    assert page.locator(".lines .line").count() == int((weights[b][:, [0, 10, 23]] >= 0.05).sum())
    assert page.locator(".segment-name").all_text_contents() == ["A", "B", "A", "B"]
