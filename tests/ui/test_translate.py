"""The Translate view in a real browser: one date, five answers, and one row lit in five maps."""

from __future__ import annotations

import csv
import re
from urllib.parse import unquote

import pytest
import torch
from playwright.sync_api import Page, expect

from inspector.demos import demo_page
from inspector.views.requests import answer
from inspector.views.translate import EXAMPLES
from tests.ui.hosting import drawn, link, open_page, open_served, resized, sideways
from tests.views.test_requests import unpack
from zoo.dates import models, translate

RECURRENT = models()[:4]
HOSTILE = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "${window.ran=1} {{window.ran=1}}",
    "javascript:window.ran=1//2019",
    "\u202eright to left\u202c 2019",
]


@pytest.fixture(scope="module", autouse=True)
def _ready(sentence_capture):
    """Models and calendars load once, for seconds; vectors of 128 numbers are not worth a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    answer(sentence_capture, {"kind": "translate", "text": "4 mai 2019"})
    yield
    torch.set_num_threads(before)


def opened(page: Page, capture, **settings: str) -> Page:
    open_served(page, capture, "&".join(["view=translate", *(f"{k}={v}" for k, v in settings.items())]))
    return page


def figure(page: Page, name: str):
    return page.locator(f".dates-figure[data-model={name}]")


def typed(page: Page, text: str) -> None:
    field = page.locator(".input-translate .date-field")
    field.fill(text)
    field.press("Enter")


def hover(page: Page, name: str, row: int) -> None:
    """The pointer over a row of one map: rows are 21 pixels high, below 20 of letters."""
    page.locator(f"[data-map={name}]").hover(position={"x": 60, "y": 20 + 21 * row + 10})


def weights(page: Page, name: str) -> dict[str, float]:
    """Characters and weights printed under one map."""
    return {c: float(w) for c, w in re.findall(r"‘(.)’ ([\d.]+)", figure(page, name).locator(".dates-numbers").inner_text())}


def test_five_answers_and_the_finding_of_the_row_in_focus_are_computed(page: Page, sentence_capture, shot):
    opened(page, sentence_capture)
    for name in models():
        expect(figure(page, name).locator(".dates-answer")).to_have_text("2019-05-03")
        expect(figure(page, name).locator(".dates-verdict")).to_have_text("✓ right")
    mai = [float(translate(EXAMPLES[0], name).alignment[6, 2:5].sum()) for name in RECURRENT]
    cross = unpack(answer(sentence_capture, {"kind": "translate", "text": EXAMPLES[0]})["models"][-1]["alignment"])
    mai.append(float(cross[6, 2:5].sum()))
    expect(page.locator(".caption")).to_contain_text("Writing ‘5’ of the month, all five look mostly at ‘mai’")
    expect(page.locator(".caption")).to_contain_text(
        f"({min(mai):.2f} to {max(mai):.2f}), four times what the average character gives it"
    )
    expect(page.locator(".date-said")).to_contain_text("Right answer 2019-05-03. Never seen in training: the year 2019.")
    shot(page, "translate")


def test_pointing_at_a_row_of_one_map_shows_that_rows_numbers_in_all_five(page: Page, sentence_capture, shot):
    opened(page, sentence_capture)
    hover(page, "local_p", 3)
    expect(page.locator(".caption")).to_contain_text("Writing ‘9’ of the year")
    for name in RECURRENT:
        row = translate(EXAMPLES[0], name).alignment[3]
        expect(figure(page, name).locator(".dates-letter.on")).to_have_text("9")
        shown = weights(page, name)
        assert shown["9"] == pytest.approx(float(row[9]), abs=6e-4)
    expect(figure(page, "transformer").locator(".dates-letter.on")).to_have_text("9")
    shot(page, "translate-hover")
    page.mouse.move(5, 5)
    expect(page.locator(".caption")).to_contain_text("Writing ‘5’ of the month")
    page.locator("[data-model=additive] .dates-letter").nth(9).hover()
    expect(page.locator(".caption")).to_contain_text("Writing ‘3’ of the day")


def test_arrows_do_what_the_pointer_does_and_enter_pins(page: Page, sentence_capture):
    opened(page, sentence_capture)
    grid = page.locator(".dates-grid")
    grid.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".caption")).to_contain_text("Writing ‘0’ of the day")
    page.keyboard.press("ArrowRight")
    told = page.locator("#dates-cell")
    expect(told).to_contain_text("Additive wrote 0, looks at ")
    expect(told).to_contain_text(f", 3 {float(translate(EXAMPLES[0], 'additive').alignment[8, 0]):.3f}")
    page.keyboard.press("Enter")
    drawn(page)
    assert link(page)["position"] == "8"
    page.keyboard.press("Escape")
    drawn(page)
    assert link(page)["position"] == "none"
    expect(page.locator(".caption")).to_contain_text("All five write 2019-05-03; dot product is the sharpest")


def test_a_tap_pins_a_row_and_a_second_tap_lets_go(new_page, sentence_capture):
    page = new_page(420, 900, has_touch=True)
    opened(page, sentence_capture)
    for position in ("1", "none"):
        box = page.locator("[data-map=additive]").bounding_box()
        page.touchscreen.tap(box["x"] + 60, box["y"] + 20 + 24 + 12)
        page.wait_for_function("position => location.hash.includes(`position=${position}`)", arg=position)
        drawn(page)


@pytest.mark.parametrize("text", EXAMPLES[1:4])
def test_a_date_that_was_typed_is_answered_and_goes_into_the_link(page: Page, sentence_capture, text):
    opened(page, sentence_capture)
    typed(page, text)
    expect(page.locator(f".date-chips [data-date='{text}']")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".date-said")).to_contain_text("Right answer 2019-05-03.")
    drawn(page)
    assert unquote(link(page)["date"]) == text
    for name in models():
        expect(figure(page, name).locator(".dates-answer")).to_have_text("2019-05-03")


def test_a_chip_fills_the_field_and_a_link_brings_its_date_back(page: Page, sentence_capture, shot):
    opened(page, sentence_capture, date="2019%E5%B9%B45%E6%9C%883%E6%97%A5", position="3")
    expect(page.locator(".input-translate .date-field")).to_have_value("2019年5月3日")
    page.locator("[data-date='3 مايو 2019']").click()
    expect(page.locator(".input-translate .date-field")).to_have_value("3 مايو 2019")
    expect(page.locator(".dates-foot")).to_contain_text("right-to-left letters run from left to right")
    shot(page, "translate-arabic")


def test_text_outside_what_was_learned_is_answered_and_said_to_be_a_guess(page: Page, sentence_capture, shot):
    opened(page, sentence_capture, date="the+day+after+tomorrow", position="none")
    expect(page.locator(".date-said")).to_contain_text("Outside what was learned. This text is outside what the models learned")
    expect(page.locator(".caption")).to_contain_text("this text is outside what they learned")
    for name in models():
        expect(figure(page, name).locator(".dates-verdict")).to_have_text("? a guess")
        expect(figure(page, name).locator(".dates-answer")).to_have_text(translate("the day after tomorrow", name).output)
    shot(page, "translate-outside")
    typed(page, "3 mai 1066")
    expect(page.locator(".date-said")).to_contain_text("The year 1066 is outside what the models learned")
    expect(page.locator(".dates-verdict").first).to_have_text(re.compile("✗ wrong|✓ right"))


@pytest.mark.parametrize(
    ("text", "found"), [("  ", "The text is empty."), ("3 mai 2019 " * 9, "The text has 98 characters; the models take 64.")]
)
def test_what_no_model_takes_is_said_beside_the_field_and_the_picture_stays(page: Page, sentence_capture, text, found, shot):
    opened(page, sentence_capture)
    typed(page, text)
    problem = page.locator(".input-translate .date-error .problem")
    expect(problem.locator("p")).to_have_text(["A date was to be read.", found, re.compile("^Type ")])
    expect(page.locator(".input-translate .date-field")).to_have_attribute("aria-invalid", "true")
    expect(figure(page, "additive").locator(".dates-answer")).to_have_text("2019-05-03")
    assert "date" not in link(page)
    shot(page, "translate-error")
    page.locator("[data-date='2019年5月3日']").click()
    expect(problem).to_have_count(0)


def test_a_link_to_a_text_no_model_takes_shows_the_example_and_says_why(page: Page, sentence_capture):
    opened(page, sentence_capture, date="x" * 80)
    expect(page.locator(".input-translate .problem")).to_contain_text("The text has 80 characters")
    expect(figure(page, "additive").locator(".dates-answer")).to_have_text("2019-05-03")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_and_does_nothing(page: Page, sentence_capture, text):
    opened(page, sentence_capture)
    typed(page, text)
    expect(page.locator(".date-said")).to_contain_text("Outside what was learned.")
    hover(page, "additive", 2)
    page.locator("[data-action=table]").click()
    expect(page.locator(".dialog caption")).to_contain_text("Where each attention looks")
    assert page.evaluate("window.ran") is None


def test_the_transformers_layers_and_heads_can_be_chosen_and_carry_their_proof(page: Page, sentence_capture):
    opened(page, sentence_capture)
    found = answer(sentence_capture, {"kind": "translate", "text": EXAMPLES[0]})["cross"]
    expect(page.locator(".dates-foot")).to_contain_text("✓ Checked Transformer: cross-attention of layer 1, mean of 4 heads")
    maps = unpack(found["maps"])
    page.locator(".dates-cross").select_option("0.2")
    drawn(page)
    assert link(page)["cross"] == "0.2"
    expect(page.locator(".dates-foot")).to_contain_text("layer 0, head 2")
    for char, value in weights(page, "transformer").items():
        places = [at for at, c in enumerate(EXAMPLES[0]) if c == char.replace("␣", " ")]
        assert min(abs(value - maps[0, 2, 6, at]) for at in places) < 6e-4


def test_every_formula_is_drawn_as_mathml_and_read_out_in_words(page: Page, sentence_capture):
    opened(page, sentence_capture)
    read = [f.get_attribute("aria-label") for f in page.locator(".dates-formula [role=math]").all()]
    assert read == [
        "vᵀ tanh(W_k h_i + W_q s)",
        "sᵀh_i",
        "sᵀh_i/√d",
        "sᵀWh_i, |i−p| ≤ D",
        "qᵀk_i/√d",
    ]
    spaces = page.evaluate(
        "Array.from(document.querySelector('[data-drawn]').shadowRoot.querySelectorAll('math'), (m) => m.namespaceURI)"
    )
    assert set(spaces) == {"http://www.w3.org/1998/Math/MathML"}
    assert page.locator(".dates-formula").first.bounding_box()["height"] > 15


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_width_scrolls_sideways(page: Page, sentence_capture, theme, shot):
    opened(page, sentence_capture, theme=theme, date="Friday,+May+3,+2019")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        assert page.locator(".dates-figure").last.bounding_box()["width"] > 100
        shot(page, f"translate-{width}-{theme}")


def test_the_first_screen_needs_no_scrolling(page: Page, sentence_capture):
    opened(page, sentence_capture)
    assert page.evaluate("document.documentElement.scrollHeight") <= 1000


def test_maps_and_numbers_can_be_taken_away(page: Page, sentence_capture, tmp_path):
    opened(page, sentence_capture)
    got = {}
    for kind in ("svg", "png", "csv"):
        page.locator("[data-action=download]").click()
        with page.expect_download() as download:
            page.locator(f"[data-download={kind}]").click()
        got[kind] = download.value.path()
        assert download.value.suggested_filename == f"translate-3-mai-2019.{kind}"
    text = got["svg"].read_text("utf-8")
    assert text.count("<image") >= 5
    assert "Scaled dot product" in text
    assert "all five look mostly at" in text
    assert got["png"].read_bytes().startswith(b"\x89PNG")
    rows = list(csv.reader(got["csv"].read_text("utf-8-sig").splitlines()))
    assert len(rows) == 1 + 5 * 10
    assert rows[0][:5] == ["attention", "position", "written", "probability", "0 3"]
    own = translate(EXAMPLES[0], "additive").alignment[6]
    assert [float(v) for v in rows[7][4:]] == pytest.approx(own.tolist(), abs=1e-6)


def test_a_page_of_its_own_answers_the_examples_and_says_what_it_lacks(page: Page, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(demo_page(), "utf-8")
    open_page(page, file)
    assert page.get_by_role("tab").all_inner_texts() == ["Translate", "Five steps"]
    assert not page.locator(".proof").is_visible()
    for text in EXAMPLES:
        page.locator(f".input-translate [data-date='{text}']").click()
        expect(page.locator(".input-translate .date-field")).to_have_value(text)
        expect(figure(page, "local_p").locator(".dates-answer")).to_have_text(translate(text, "local_p").output)
    typed(page, "4 mai 2019")
    expect(page.locator(".input-translate .problem")).to_contain_text("This page carries the answers to its examples only.")
