"""A head beside the article's own attention, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from inspector.views.reference_view import _fitted
from tests.ui.hosting import drawn, link, open_page, open_served, resized, sideways

PINNED = "view=reference&layer=3&heads=1&query=10&key=2"


@pytest.fixture(scope="module")
def found(sentence_capture):
    return sentence_capture.compare(layer=3, head=1)


def value(page: Page, name: str) -> str:
    return page.locator(f"[data-figure={name}] .ref-value").inner_text()


def test_five_aligned_maps_say_how_far_the_head_is_from_the_reference(page: Page, sentence_capture, found, shot) -> None:
    asked = open_served(page, sentence_capture, f"{PINNED}&hidden=2")
    assert [a["kind"] for a in asked if a["kind"] == "compare"] == ["compare"]
    expect(page.locator(".caption")).to_contain_text("This head is scaled dot-product attention, up to float32 rounding")
    for name in ("model", "reference", "difference", "additive", "missed"):
        expect(page.locator(f"[data-figure={name}]")).to_be_visible()
    expect(page.locator("[data-figure=near]")).to_be_hidden()
    assert value(page, "model") == f"{found.weights[10, 2]:.4f}"
    assert value(page, "reference") == f"{found.reference[10, 2]:.4f}"
    assert float(value(page, "additive")) + float(value(page, "missed").replace("−", "-")) == pytest.approx(
        float(found.weights[10, 2]), abs=6e-4
    )
    expect(page.locator(".ref-verdict").first).to_contain_text("of this head’s structure is expressed by an additive score")
    shot(page, "reference")


def test_one_cross_hair_moves_through_all_maps_by_pointer_and_keyboard(page: Page, sentence_capture, found) -> None:
    open_served(page, sentence_capture, f"{PINNED}&hidden=2")
    box = page.locator("[data-map=reference]").bounding_box()
    cell = (box["width"] - 8) / 25
    page.mouse.move(box["x"] + 4 + 5.5 * cell, box["y"] + 4 + 7.5 * cell)
    expect(page.locator("[data-figure=model] .ref-value")).to_have_text(f"{found.weights[7, 5]:.4f}")
    expect(page.locator("[data-figure=reference] .ref-value")).to_have_text(f"{found.reference[7, 5]:.4f}")
    page.locator(".ref-grid").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-figure=model] .ref-value")).to_have_text(f"{found.weights[8, 5]:.4f}")
    page.keyboard.press("Enter")
    drawn(page)
    assert (link(page)["query"], link(page)["key"]) == ("8", "5")


def test_hidden_units_and_window_are_choices_in_the_link(page: Page, sentence_capture, shot) -> None:
    open_served(page, sentence_capture, f"{PINNED}&hidden=2")
    page.locator("[data-hidden='8']").click()
    expect(page.locator("[data-figure=additive] .ref-sub")).to_contain_text("8 hidden units")
    page.get_by_label("Window").fill("3")
    drawn(page)
    expect(page.locator("[data-figure=near]")).to_be_visible()
    assert link(page)["window"] == "3"
    near = sentence_capture.compare(layer=3, head=1, window=3)
    expect(page.locator("[data-figure=near] .ref-value")).to_have_text(f"{near.local[10, 2]:.4f}")
    expect(page.locator(".ref-near")).to_contain_text(f"{round(100 * near.local_mass)} %")
    shot(page, "reference-local")


def test_in_the_app_the_verdict_comes_before_the_fit(page: Page, sentence_capture) -> None:
    asked = open_served(page, sentence_capture, f"{PINNED}&hidden=2", host="app")
    assert [a.get("hidden") for a in asked if a["kind"] == "compare"] == [None, 2]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_width_scrolls_sideways(page: Page, sentence_capture, theme: str, shot) -> None:
    open_served(page, sentence_capture, f"{PINNED}&hidden=2&theme={theme}")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        shot(page, f"reference-{width}-{theme}")


def test_a_page_carries_its_first_head_with_any_window_and_says_so_of_others(page: Page, sentence_capture, tmp_path) -> None:
    file = tmp_path / "page.html"
    sentence_capture.to_html(["reference_view"], file, start={"layer": 3, "heads": [1], "query": 10, "key": 2})
    open_page(page, file)
    expect(page.locator("[data-figure=missed]")).to_be_visible()
    page.get_by_label("Window").fill("3")
    drawn(page)
    near = sentence_capture.compare(layer=3, head=1, window=3)
    expect(page.locator("[data-figure=near] .ref-value")).to_have_text(f"{near.local[10, 2]:.4f}")
    expect(page.locator(".ref-near")).to_contain_text(f"{round(100 * near.local_mass)} %")
    page.locator("[data-step='Head 1']").click()
    drawn(page)
    expect(page.locator(".problem")).to_contain_text("does not carry it")


def test_the_maps_can_be_taken_away_as_a_drawing(page: Page, sentence_capture) -> None:
    open_served(page, sentence_capture, f"{PINNED}&hidden=2")
    page.locator("[data-action=download]").click()
    with page.expect_download() as got:
        page.locator("[data-download=svg]").click()
    text = got.value.path().read_text("utf-8")
    assert text.count("<image") >= 5
    assert "Model − additive fit" in text


def test_one_limit_stands_in_the_proof_and_in_the_verdict(page: Page, sentence_capture) -> None:
    open_served(page, sentence_capture, f"{PINNED}&hidden=2")
    limit = re.search(r"\(limit (\S+)\)", page.locator(".proof").inner_text())[1]
    expect(page.locator(".ref-verdict").first).to_contain_text(f"anything above {limit} would be marked as failing")


def test_the_share_and_the_largest_miss_of_a_long_text_say_what_they_are(page: Page, bundled) -> None:
    long = bundled("the grey cat slept on the shelf , and the old nurse fed the cat . rain fell on the harbour town " * 8)
    open_served(page, long, "view=reference&layer=2&heads=9&hidden=2")
    fit = _fitted(long, long.call(2), 9, 0, 2)
    rows = len(long.tokens[0])
    text = page.locator(".ref-verdict").first.inner_text()
    assert fit.held_out.rows < rows
    assert f"over {fit.held_out.rows} of the {rows} rows its KL is {fit.held_out.kl:.3g} nats on average" in text
    off = (long.compare(layer=2, head=9).weights - fit.weights(long, 0)).abs()
    share = round(100 * (1 - fit.held_out.kl / fit.baselines["uniform"].kl))
    how = page.locator(".how").inner_text()
    said = re.search(r"(\d+) % is a mean over rows: .* off by (\S+) on average, by (\S+) at most", how)
    assert int(said[1]) == share
    assert f"{share} %" in text
    assert float(said[2]) == pytest.approx(float(off.mean()), rel=0.06)
    assert float(said[3]) == pytest.approx(float(off.max()), abs=6e-3)
