"""The head view in a real browser: what it draws and says, looking and pinning, long texts, files."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.ui.pages import caption, inside, key, legend, link, number, opened, query, settle

pytestmark = pytest.mark.browser


# The first picture -----------------------------------------------------------------------------------------------


def test_the_first_picture_is_one_head_with_one_token_and_its_finding(page, short_page, shot):
    opened(page, short_page)
    assert caption(page) == "‘it’ looks mostly at ‘animal’ (0.57), six times what the average token gives it."
    assert page.locator(".attention-inspector").get_attribute("data-view") == "head_view"
    assert number(page, 2) == "0.567"
    drawn = "44 links of 0.05 or more drawn; they carry 57 % of the word-to-word attention."
    assert legend(page) == f"{drawn} What is in focus shows its links of 0.01 or more. The rest is hidden."
    assert page.locator(".lines .line").count() == 44
    shot(page, "head-view")


def test_the_numbers_drawn_are_the_models_own(page, short_page, sentence_capture):
    opened(page, short_page)
    weights = sentence_capture.calls[3].weights(0, 1, [10])[0, 0, 0]
    drawn = {
        int(k): float(t)
        for k, t in inside(
            page, "all('.key').map((k) => [k.dataset.key, k.querySelector('.number').textContent]).filter(([, t]) => t)"
        )
    }
    assert drawn
    assert all(abs(float(weights[k]) - value) <= 5.1e-4 for k, value in drawn.items())


def test_the_row_in_the_panel_sums_to_one(page, short_page):
    opened(page, short_page)
    values = [float(v) for v in page.locator(".row-panel .bar-value").all_inner_texts()]
    assert len(values) == 9
    assert sum(values) == pytest.approx(1, abs=0.005)
    assert page.locator(".row-panel .bar-name").all_inner_texts()[-2:] == ["16 others", "[CLS] [SEP]"]


def test_everything_fits_a_screen_of_1400_by_1000(page, short_page):
    opened(page, short_page)
    box = page.locator(".picture:visible").bounding_box()
    assert box["y"] + box["height"] <= 1000


@pytest.mark.parametrize("width", [1400, 1024, 900, 768, 420, 360])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_scrolls_the_page_sideways(new_page, short_page, pair_page, shot, width, theme):
    page = new_page(width)
    for name, address in (("short", short_page), ("pair", pair_page)):
        page.goto("about:blank")
        opened(page, address, f"#theme={theme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"head-{name}-{theme}-{width}")


# Looking, pinning, choosing --------------------------------------------------------------------------------------


def test_hovering_a_token_shows_its_row_and_leaves_the_link_alone(page, short_page):
    opened(page, short_page)
    before = link(page)
    query(page, 6).hover()
    expect(page.locator(".caption")).to_have_text(re.compile("^‘cross’ looks"))
    assert page.locator(".row-panel .label").inner_text() == "Where ‘cross’ (position 6) looks"
    assert link(page) == before
    page.mouse.move(700, 990)
    expect(page.locator(".caption")).to_have_text(re.compile("^‘it’ looks"))


def test_a_click_pins_and_a_second_click_lets_go(page, short_page):
    opened(page, short_page)
    query(page, 6).click()
    settle(page)
    assert "query=6" in link(page)
    query(page, 6).click()
    settle(page)
    page.mouse.move(700, 990)
    assert "query=" not in link(page)
    expect(page.locator(".row-panel .label")).to_have_text("Strongest links between words")


def test_with_nothing_in_focus_the_bars_are_attention_received(page, short_page, sentence_capture):
    opened(page, short_page, "#layer=3&heads=1")
    weights = sentence_capture.calls[3].weights(0, 1)[0, 0]
    assert page.locator(".weight-word").text_content() == "received"
    assert float(number(page, 2)) == pytest.approx(float(weights[1:24, 2].mean()), abs=5.1e-4)


def test_hovering_a_key_shows_who_looks_at_it(page, short_page):
    opened(page, short_page, "#layer=3&heads=1")
    key(page, 2).hover()
    expect(page.locator(".caption")).to_have_text("‘animal’ receives 0.09 from the average token; the most from ‘it’ (0.57).")
    assert page.locator(".link-line .bar-value").first.inner_text() == "0.567"


def test_a_key_of_a_pinned_row_can_be_chosen(page, short_page):
    opened(page, short_page)
    key(page, 8).click()
    settle(page)
    assert "key=8" in link(page)
    assert caption(page).startswith("‘it’ gives ‘street’ its third largest weight among words (0.05)")
    assert page.locator(".chosen .link").inner_text() == "‘it’ → ‘street’ 0.055"


def test_a_strongest_link_is_a_button_that_pins_it(page, short_page):
    opened(page, short_page, "#layer=3&heads=1")
    page.locator(".link-line").first.click()
    settle(page)
    assert "query=6&key=8" in link(page)


def test_ground_lets_go(page, short_page):
    opened(page, short_page)
    box = page.locator(".one-head").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 8)
    settle(page)
    assert "query=" not in link(page)


# The keyboard ----------------------------------------------------------------------------------------------------


def test_the_picture_is_one_tab_stop(page, short_page):
    opened(page, short_page)
    assert page.locator(".query[tabindex='0']").count() == 1
    assert page.locator(".query[tabindex='0']").get_attribute("data-query") == "10"
    assert page.locator(".one-head").get_attribute("role") == "grid"
    assert page.locator(".one-head").get_attribute("aria-rowcount") == "25"


def test_arrows_move_the_focus_and_the_row_is_read_out(page, short_page):
    opened(page, short_page)
    page.locator(".query[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    cell = page.locator(".query.on")
    expect(cell).to_have_attribute("data-query", "11")
    assert cell.get_attribute("aria-label").startswith("was, token 12 of 25: looks at ")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(cell).to_have_attribute("data-query", "9")
    assert "query=10" in link(page)


def test_enter_pins_space_lets_go_and_right_chooses_the_strongest_key(page, short_page):
    opened(page, short_page, "#layer=3&heads=1")
    page.locator(".query[tabindex='0']").focus()
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settle(page)
    assert "query=10" in link(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "key=2" in link(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "key=10" in link(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    settle(page)
    assert "key=" not in link(page)
    assert "query=" not in link(page)


# Long texts ------------------------------------------------------------------------------------------------------


def test_a_long_row_adds_up_with_what_is_left_out(page, long_page, shot):
    opened(page, long_page, "#layer=2&heads=9&query=60")
    assert page.locator(".query").count() == 28
    shot(page, "head-long")
    more = page.locator(".key.is-more")
    assert more.count() >= 1
    total = inside(page, "all('.key .number').reduce((sum, n) => sum + (Number(n.textContent) || 0), 0)")
    assert total + float(page.locator(".query.on .rest-number").text_content()) == pytest.approx(1, abs=0.06)
    assert page.locator(".over-lines .bundle").count() >= 1
    assert "Dashed: the sum of tokens not listed." in legend(page)


def test_the_window_moves_by_wheel_button_and_key_and_is_in_the_link(page, long_page):
    opened(page, long_page)
    first = lambda: int(page.locator(".query").first.get_attribute("data-query"))  # noqa: E731
    assert first() == 0
    page.locator(".one-head").hover()
    page.mouse.wheel(0, 240)
    page.wait_for_function("() => location.hash.includes('from=10')")
    settle(page)
    assert first() == 10
    page.get_by_label("Rows after").click()
    settle(page)
    assert first() == 34
    page.locator(".query[tabindex='0']").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".query[data-query='88']", state="attached")
    settle(page)
    assert page.locator(".query.on").get_attribute("data-query") == str(
        int(page.locator(".one-head").get_attribute("aria-rowcount")) - 1
    )


# Touch, motion, files --------------------------------------------------------------------------------------------


def test_a_tap_focuses_and_a_second_tap_pins(new_page, short_page):
    page = new_page(420, 900, has_touch=True)
    opened(page, short_page, "#layer=3&heads=1")
    query(page, 6).tap()
    expect(page.locator(".caption")).to_have_text(re.compile("^‘cross’ looks"))
    assert "query=" not in link(page)
    query(page, 6).tap()
    page.wait_for_function("() => location.hash.includes('query=6')")


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_picture_is_a_file_that_stands_alone(page, short_page, tmp_path, kind):
    opened(page, short_page)
    page.get_by_label("Download the picture").click()
    with page.expect_download() as got:
        page.locator(f"[data-download={kind}]").click()
    path = tmp_path / got.value.suggested_filename
    got.value.save_as(path)
    assert path.name == f"one-head-layer-3-head-1.{kind}"
    data = path.read_bytes()
    if kind == "png":
        assert data.startswith(b"\x89PNG")
        return
    text = data.decode()
    assert (
        "six times what the average token gives it" in text.replace("</text>", " ").replace("\n", " ")
        or "‘it’ looks mostly" in text
    )
    assert "class=" not in text
    assert "var(" not in text
    assert text.count("<path") > 44 + 10  # the pinned row lies over the others


def test_the_table_holds_the_row_with_four_decimals(page, short_page, sentence_capture):
    opened(page, short_page)
    page.get_by_label("Show as table").click()
    expect(page.locator(".numbers tbody tr")).to_have_count(25)
    first = page.locator(".numbers tbody tr").first.locator("td").all_inner_texts()
    weights = sentence_capture.calls[3].weights(0, 1, [10])[0, 0, 0]
    assert first[:2] == ["2", "animal"]
    assert float(first[2]) == pytest.approx(float(weights[2]), abs=5.1e-5)


def test_what_hovering_a_key_shows_the_keyboard_shows_too(page, short_page):
    opened(page, short_page)
    page.locator(".query[tabindex='0']").focus()
    page.keyboard.press("c")
    expect(page.locator(".caption")).to_have_text("‘animal’ receives 0.09 from the average token; the most from ‘it’ (0.57).")
    page.keyboard.press("Escape")
    expect(page.locator(".caption")).to_have_text(re.compile("^‘it’ looks mostly"))
