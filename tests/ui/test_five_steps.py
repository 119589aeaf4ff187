"""The Five steps view in a real browser: one step at a time, with the zoo's own numbers."""

from __future__ import annotations

import re

import pytest
import torch
from playwright.sync_api import Page, expect

from inspector.demos import demo_page
from inspector.views.requests import answer
from tests.ui.hosting import drawn, link, open_page, open_served, resized, sideways
from zoo.dates import five_steps

DATE = "3 mai 2019"
NAMES = ["Encode", "Score", "Softmax", "Weighted sum", "Output"]
ATTENTIONS = ["additive", "dot_product", "scaled_dot_product", "local_p"]


@pytest.fixture(scope="module", autouse=True)
def _ready(sentence_capture):
    """Models and calendars load once, for seconds; vectors of 128 numbers are not worth a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    answer(sentence_capture, {"kind": "translate", "text": "4 mai 2019"})
    yield
    torch.set_num_threads(before)


def opened(page: Page, capture, **settings) -> Page:
    open_served(page, capture, "&".join(["view=five-steps", *(f"{k}={v}" for k, v in settings.items())]))
    return page


def minus(number: float, digits: int = 2) -> str:
    return f"{number:.{digits}f}".replace("-", "−")


def current(page: Page) -> str:
    return page.locator(".steps-one[aria-current=step]").inner_text().replace("\n", " ")


def test_next_and_back_walk_through_five_steps_and_the_link_follows(page: Page, sentence_capture, shot):
    opened(page, sentence_capture)
    for number, name in enumerate(NAMES, 1):
        assert current(page) == f"{number} {name}"
        expect(page.locator(".steps-title")).to_have_text(f"Step {number} of 5: {name}")
        assert page.locator(".steps-formula [role=math]").count() >= 1
        assert len(page.locator(".steps-sentence").inner_text()) > 40
        shot(page, f"five-steps-{number}")
        if number < 5:
            page.get_by_role("button", name="Next").click()
            drawn(page)
            assert link(page)["step"] == str(number + 1)
    assert page.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    page.get_by_role("button", name="Back").click()
    drawn(page)
    assert current(page) == "4 Weighted sum"
    page.locator("[data-key=step-1]").click()
    drawn(page)
    assert page.get_by_role("button", name="Back").get_attribute("aria-disabled") == "true"
    assert "step" not in link(page)


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_sentences_and_captions_say_the_zoos_numbers(page: Page, sentence_capture, attention, shot):
    own = five_steps(DATE, attention, 6)
    opened(page, sentence_capture, attention=attention, step=2)
    best = int(own.scores.argmax())
    expect(page.locator(".caption")).to_contain_text(f"‘{DATE[best]}’")
    expect(page.locator(".caption")).to_contain_text(
        f"scores highest: {minus(float(own.scores.max()))}, against {minus(float(own.scores.mean()))}"
    )
    expect(page.locator(".steps-sentence")).to_contain_text(minus(float(own.scores.min())))
    page.keyboard.press("]")
    drawn(page)
    most = int(own.weights.argmax())
    expect(page.locator(".caption")).to_contain_text(f"‘{DATE[most]}’ gets {minus(float(own.weights.max()))} of the attention")
    expect(page.locator(".steps-sentence")).to_contain_text(re.compile(f"weights sum to {float(own.weights.sum()):.2f}"))
    shot(page, f"five-steps-softmax-{attention}")
    page.keyboard.press("]")
    drawn(page)
    expect(page.locator(".steps-sentence")).to_contain_text(f"c = {minus(float(own.weights.max()))} · h(‘{DATE[most]}’)")
    page.keyboard.press("]")
    drawn(page)
    expect(page.locator(".caption")).to_contain_text(
        f"‘2019-0’ goes on with ‘5’: probability {float(own.probabilities.max()):.4f}"
    )


def test_numbers_are_read_by_pointer_and_by_arrows(page: Page, sentence_capture):
    opened(page, sentence_capture)
    own = five_steps(DATE, "additive", 6)
    read = page.locator(".steps-readout")
    page.locator(".steps-picture").focus()
    page.keyboard.press("ArrowDown")
    expect(read).to_contain_text(f"h₁[0] = {minus(float(own.keys[0, 0]), 3)}")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(read).to_contain_text(f"h₂[3] = {minus(float(own.keys[1, 3]), 3)} · ‘␣’, from reading forwards")
    for _ in range(9):
        page.keyboard.press("ArrowDown")
    expect(read).to_contain_text(f"s[3] = {minus(float(own.query[3]), 3)}")
    expect(page.locator("#steps-cell")).to_contain_text("the decoder’s state")
    box = page.locator(".steps-canvas").bounding_box()
    page.mouse.move(box["x"] + 76 + 3.5 * 7, box["y"] + 22 + 24 * 3 + 10)
    expect(read).to_contain_text(f"h₄[3] = {minus(float(own.keys[3, 3]), 3)}")
    page.mouse.move(5, 5)
    expect(read).to_contain_text("Point at a number")


def test_attention_and_character_are_chosen_and_go_into_the_link(page: Page, sentence_capture):
    opened(page, sentence_capture, step=2)
    label = page.locator(".steps-formula [role=math]")
    expect(label).to_have_attribute("aria-label", re.compile(r"^e_i = vᵀ tanh\(W_k h_i \+ b_k \+ W_q s \+ b_q\)$"))
    page.locator("[data-attention=scaled_dot_product]").click()
    drawn(page)
    expect(label).to_have_attribute("aria-label", "e_i = (sᵀh_i) / (√d)")
    expect(page.locator("[data-attention=scaled_dot_product]")).to_be_focused()
    page.locator(".steps-chips [data-position='9']").click()
    drawn(page)
    assert (link(page)["attention"], link(page)["position"]) == ("scaled_dot_product", "9")
    own = five_steps(DATE, "scaled_dot_product", 9)
    expect(page.locator(".caption")).to_contain_text(f"Before writing ‘3’, ‘{DATE[int(own.scores.argmax())]}’ scores highest")
    page.keyboard.press(",")
    drawn(page)
    assert link(page)["position"] == "8"


def test_both_views_share_the_date_and_the_character(page: Page, sentence_capture):
    opened(page, sentence_capture, step=5)
    field = page.locator(".input-five-steps .date-field")
    field.fill("31 décembre 1999")
    field.press("Enter")
    expect(page.locator(".input-five-steps .date-said")).to_contain_text("Right answer 1999-12-31.")
    page.locator(".steps-chips [data-position='9']").click()
    page.locator("#tab-translate").click()
    drawn(page)
    expect(page.locator(".input-translate .date-field")).to_have_value("31 décembre 1999")
    expect(page.locator(".caption")).to_contain_text("Writing ‘1’ of the day")


def test_layer_and_head_steppers_of_the_capture_are_out_of_the_way(page: Page, sentence_capture):
    opened(page, sentence_capture)
    expect(page.locator(".chosen")).to_be_hidden()
    expect(page.locator(".proof")).to_be_hidden()
    before = link(page).get("layer")
    page.keyboard.press("]")
    drawn(page)
    assert link(page).get("layer") == before
    page.locator("#tab-head_view").click()
    drawn(page)
    expect(page.locator(".chosen")).to_be_visible()


@pytest.mark.parametrize("text", ["", "x" * 65])
def test_what_no_model_takes_is_said_beside_the_field(page: Page, sentence_capture, text):
    opened(page, sentence_capture)
    page.locator(".input-five-steps .date-field").fill(text)
    page.locator(".input-five-steps .date-field").press("Enter")
    expect(page.locator(".input-five-steps .problem p").first).to_have_text("A date was to be read.")
    expect(page.locator(".steps-title")).to_have_text("Step 1 of 5: Encode")


@pytest.mark.parametrize("step", range(1, 6))
def test_no_width_scrolls_sideways(page: Page, sentence_capture, step, shot):
    opened(page, sentence_capture, step=step, attention="local_p", theme="dark" if step % 2 else "light")
    for width in (1400, 900, 420, 360):
        resized(page, width)
        assert sideways(page) == 0, width
        canvas = page.locator(".steps-canvas").bounding_box()
        assert canvas["width"] <= page.locator(".steps-picture").bounding_box()["width"] + 1
        shot(page, f"five-steps-{step}-{width}")


@pytest.mark.parametrize("step", range(1, 6))
def test_each_step_can_be_taken_away_as_a_drawing_and_as_a_table(page: Page, sentence_capture, step):
    opened(page, sentence_capture, step=step)
    page.locator("[data-action=download]").click()
    with page.expect_download() as got:
        page.locator("[data-download=svg]").click()
    assert got.value.suggested_filename == f"five-steps-additive-step-{step}-3-mai-2019.svg"
    text = got.value.path().read_text("utf-8")
    assert f"step {step} of 5, {NAMES[step - 1].lower()}" in text
    assert "NaN" not in text
    page.locator("[data-action=table]").click()
    expect(page.locator(".dialog caption")).to_contain_text(f"Step {step}: {NAMES[step - 1]}, additive, before writing ‘5’.")


def test_a_page_of_its_own_carries_the_first_date(page: Page, tmp_path):
    file = tmp_path / "page.html"
    file.write_text(demo_page("five_steps"), "utf-8")
    open_page(page, file, "step=3&attention=local_p")
    expect(page.locator(".steps-sentence")).to_contain_text("times the Gaussian")
    page.locator("[data-date='2019年5月3日']").click()
    expect(page.locator(".input-five-steps .problem")).to_contain_text("This page carries")
    expect(page.locator(".steps-title")).to_have_text("Step 3 of 5: Softmax")


def test_the_longest_formula_is_read_out_whole(page: Page, sentence_capture):
    opened(page, sentence_capture, step=3, attention="local_p")
    read = [f.get_attribute("aria-label") for f in page.locator(".steps-formula [role=math]").all()]
    assert read == ["α_i = (exp(e_i)) / (Σ_{|j−p| ≤ D} exp(e_j)) exp(−((i−p)^2) / (2(D/2)^2))", "p = S σ(v_pᵀ tanh(W_p s))"]
