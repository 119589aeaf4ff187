"""What surrounds every view: tabs, steppers, the link, keys, search, tables, themes, proof, errors and progress."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.ui.pages import HOST, caption, inside, link, opened, settle

pytestmark = pytest.mark.browser

_MOUNT = """(x) => {
  const A = %s;
  window.acted = [];
  window.mounted = A.mount(document.querySelector(".attention-inspector"), {value: x.value, host: x.host, act: (a) => window.acted.push(a), get: (r) => window.ask(r)});
}"""  # noqa: E501


# Notes what an element says, also what it soon takes back.
_SAYS = """(element) => { window.said = [];
  new MutationObserver(() => window.said.push(element.textContent)).observe(element, {childList: true}); }"""


def mount(page, value, host="page", ask=lambda request: {"error": {"asked": "a", "found": "b", "do": "c"}}):
    page.set_content("<!doctype html><body style='margin:0'><div class='attention-inspector'></div>")
    page.expose_function("ask", ask)
    page.evaluate(_MOUNT % script(), {"value": value, "host": host})


def update(page, value) -> None:
    page.evaluate("(value) => window.mounted.update(value)", value)


@pytest.fixture
def served(page, sentence_capture):
    """A workbench whose answers come from Python one by one, as in the app; returns the page and what was asked."""
    asked = []

    def ask(request):
        asked.append(request)
        return json.loads(json.dumps(answer(sentence_capture, request)))

    start = {"layer": 3, "heads": [1], "query": 10, "key": 2}
    mount(page, {"manifest": manifest_of(sentence_capture, identity="one", start=start)}, "app", ask)
    page.wait_for_selector(HOST)
    return page, asked


def test_a_view_fetches_what_it_shows_and_no_more(served):
    page, asked = served
    assert [(r["kind"], r["layer"], r["head"]) for r in asked if r["kind"] == "head"] == [("head", 3, 1)]
    page.keyboard.press(".")
    settle(page)
    page.keyboard.press(",")
    settle(page)
    assert [r["head"] for r in asked if r["kind"] == "head"] == [1, 2]


def test_steppers_move_one_layer_or_head_and_stop_at_the_ends(page, short_page):
    opened(page, short_page)
    page.get_by_label("Next layer").click()
    settle(page)
    page.get_by_label("Previous head").click()
    settle(page)
    assert "layer=4&heads=0" in link(page)
    assert page.locator(".stepper-name").all_inner_texts() == ["Layer 4", "Head 0"]
    assert page.get_by_label("Previous head").get_attribute("aria-disabled") == "true"
    page.get_by_label("Previous head").click(force=True)
    assert "layer=4&heads=0" in link(page)


def test_brackets_comma_and_full_stop_step_from_anywhere(page, short_page):
    opened(page, short_page)
    for pressed, expected in (
        ("]", "layer=4&heads=1"),
        ("[", "layer=3&heads=1"),
        (".", "layer=3&heads=2"),
        (",", "layer=3&heads=1"),
    ):
        page.keyboard.press(pressed)
        settle(page)
        assert expected in link(page)


def test_a_choice_of_head_keeps_the_tokens(page, short_page):
    opened(page, short_page)
    page.locator(".nav-cell[data-layer='1'][data-head='7']").click()
    settle(page)
    assert "layer=1&heads=7&query=10&key=2" in link(page)
    assert page.locator(".nav-cell.on").count() == 1


def test_arrows_walk_the_navigator(page, short_page):
    opened(page, short_page)
    page.locator(".nav-cell.on").focus()
    page.keyboard.press("ArrowDown")
    settle(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    assert "layer=4&heads=2" in link(page)


def test_the_navigator_says_what_shades_it_and_how_far(page, short_page):
    opened(page, short_page)
    assert page.locator(".navigator .label").inner_text() == "All 72 heads, shaded by"
    assert page.locator(".nav-cell").count() == 72
    before = page.locator(".navigator .small").inner_text()
    options = page.locator(".navigator option").all_text_contents()
    page.locator(".navigator select").select_option(options[-1])
    settle(page)
    assert page.locator(".navigator .small").inner_text() != before


# The link --------------------------------------------------------------------------------------------------------


def test_a_link_brings_everything_back(page, short_page):
    where = "#view=one-head&layer=2&heads=0,9&query=22&key=10&special=draw&threshold=0.1&theme=dark"
    opened(page, short_page, where)
    assert page.locator(".attention-inspector").get_attribute("data-theme") == "dark"
    assert page.get_by_label("Draw like any token").is_checked()
    assert page.locator(".query.on").get_attribute("data-query") == "22"
    assert set(where[1:].split("&")) == set(link(page)[1:].split("&"))


def test_wrong_parts_of_a_link_are_left_out_with_a_note(page, short_page):
    opened(page, short_page, "#layer=99&heads=1&query=3&color=red")
    assert page.locator(".note").inner_text() == "Not understood in the link, left out: color=red, layer=99."
    assert link(page).startswith("#view=one-head&layer=0&heads=1&query=3")


def test_a_link_pasted_into_an_open_page_is_followed(page, short_page):
    opened(page, short_page)
    page.evaluate("location.hash = '#view=one-head&layer=5&heads=3&query=2'")
    page.wait_for_function(
        "() => document.querySelector('.attention-inspector').shadowRoot.querySelector('.stepper-name').textContent === 'Layer 5'"
    )
    settle(page)
    assert page.locator(".query.on").get_attribute("data-query") == "2"


def test_copy_link_says_that_it_did(new_page, short_page):
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    opened(page, short_page)
    inside(page, f"({_SAYS})(root.querySelector('[data-action=link]'))")
    page.get_by_label("Copy link to this selection").click()
    page.wait_for_function("() => window.said.length === 2")
    assert page.evaluate("window.said") == ["Copied", "Copy link"]
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_a_notebook_never_touches_the_address(page, sentence_capture):
    mount(page, {"manifest": manifest_of(sentence_capture)}, "notebook", lambda r: answer(sentence_capture, r))
    page.wait_for_selector(HOST)
    page.keyboard.press("]")
    assert link(page) == ""


def test_the_pinned_link_is_the_last_choices_also_when_an_earlier_answer_comes_later(page, sentence_capture):
    manifest = manifest_of(sentence_capture, start={"view": "model_view", "layer": 3, "heads": [1], "query": 10, "key": 2})
    mount(page, {"manifest": manifest}, "app", lambda r: answer(sentence_capture, r))
    page.wait_for_selector(HOST)
    page.evaluate("""() => { const ask = window.ask;
      const later = (request) => new Promise((done) => { window.release = () => done(ask(request)); });
      window.ask = (request) => (request.head === 2 ? later(request) : ask(request)); }""")
    page.keyboard.press(".")
    page.wait_for_function("() => window.release")
    page.keyboard.press(",")
    expect(page.locator(".chosen .link")).to_have_text("‘it’ → ‘animal’ 0.567")
    assert page.locator(".attention-inspector").get_attribute("data-drawn") is None
    page.evaluate("window.release()")
    settle(page)
    assert page.locator(".chosen .link").inner_text() == "‘it’ → ‘animal’ 0.567"


# Tabs ------------------------------------------------------------------------------------------------------------


def test_tabs_are_a_tablist_walked_with_arrows(page, sentence_capture, tmp_path):
    sentence_capture.to_html(["head_view", "heat_map"], tmp_path / "two.html")
    opened(page, (tmp_path / "two.html").as_uri())
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == ["One head", "Heat map"]
    assert [t.get_attribute("tabindex") for t in tabs.all()] == ["0", "-1"]
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.locator(".attention-inspector").get_attribute("data-view") == "heat_map"
    assert "view=heat-map" in link(page)
    assert page.locator("#panel-head_view").is_hidden()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert page.locator("#panel-head_view").is_visible()


# Dialogs ---------------------------------------------------------------------------------------------------------


def test_a_token_is_found_and_pinned(page, short_page):
    opened(page, short_page)
    page.keyboard.press("/")
    page.keyboard.type("driv")
    expect(page.locator(".found-one")).to_have_count(1)
    assert page.locator(".found-one").all_inner_texts() == ["driver\n17"]
    page.keyboard.press("Enter")
    settle(page)
    assert "query=17" in link(page)
    assert page.locator(".dialog").count() == 0


def test_the_shortcuts_open_with_a_question_mark_and_give_the_focus_back(page, short_page):
    opened(page, short_page)
    page.get_by_label("Next layer").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("]")
    assert "layer=3" in link(page)
    page.keyboard.press("Escape")
    expect(page.locator(".dialog")).to_have_count(0)
    assert inside(page, "root.activeElement.getAttribute('aria-label')") == "Next layer"


def test_numbers_leave_as_csv(page, short_page, tmp_path):
    opened(page, short_page)
    page.get_by_label("Download the picture").click()
    with page.expect_download() as got:
        page.locator("[data-download=csv]").click()
    got.value.save_as(tmp_path / "numbers.csv")
    lines = (tmp_path / "numbers.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == 'position,token,"weight, head 1"'
    assert lines[1].startswith("2,animal,0.566")


# Theme, proof, state ---------------------------------------------------------------------------------------------


def test_the_theme_follows_the_system_until_the_reader_chooses(new_page, short_page):
    page = new_page(color_scheme="dark")
    opened(page, short_page)
    assert page.locator(".attention-inspector").get_attribute("data-theme") == "dark"
    page.get_by_label("Light theme").click()
    settle(page)
    assert page.locator(".attention-inspector").get_attribute("data-theme") == "light"
    assert "theme=light" in link(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_legible_on_its_ground(page, short_page, theme):
    opened(page, short_page, f"#theme={theme}")
    ratio = """(() => { const style = getComputedStyle(root.querySelector('.bench')), v = (n) => style.getPropertyValue(n).trim();
      const light = (hex) => { const c = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
      return ['--ink', '--muted', '--query', '--key', '--pass', '--fail'].flatMap((n) => ['--page', '--card'].map((g) => {
        const [a, b] = [light(v(n)), light(v(g))].sort((x, y) => x - y); return (b + 0.05) / (a + 0.05); })); })()"""  # noqa: E501
    assert min(inside(page, ratio)) >= 4.5


def test_a_failed_proof_has_a_word_a_cross_a_way_there_and_a_red_corner(page, sentence_capture):
    manifest = manifest_of(sentence_capture)
    manifest["proof"] |= {"state": "failed", "residual": 0.5, "tolerance": 1e-5, "worst": {"group": "self", "layer": 4}}
    manifest["groups"][0]["layers"][4]["passed"] = False
    mount(page, {"manifest": manifest}, "page", lambda r: answer(sentence_capture, r))
    page.wait_for_selector(HOST)
    assert page.locator(".verdict").inner_text().split() == ["✗", "Failed"]
    assert "by 5e−1 (limit 1e−5)" in page.locator(".proof-long").inner_text()
    assert page.locator(".nav-cell.failed").count() == 12
    page.get_by_text("worst: layer 4").click()
    settle(page)
    assert "layer=4" in link(page)


def test_before_anything_is_inspected_it_says_what_to_do(page):
    mount(page, None)
    assert caption(page) == "Type a text, or take an example."
    assert page.locator(".attention-inspector").get_attribute("data-drawn") == "empty"


def test_progress_names_the_step_and_keeps_the_picture(served):
    page, _ = served
    update(page, {"busy": {"step": "Loading model", "fraction": 0.62, "cancel": True}})
    assert page.locator(".progress").inner_text().startswith("Loading model 62 %")
    assert page.locator(".one-head").is_visible()
    page.get_by_text("Cancel").click()
    assert page.evaluate("acted") == [{"name": "cancel"}]


def test_a_press_on_cancel_counts_also_when_a_step_is_told_meanwhile(served):
    page, _ = served
    update(page, {"busy": {"step": "Running", "fraction": 0.1, "cancel": True}})
    page.get_by_text("Cancel").hover()
    page.mouse.down()
    update(page, {"busy": {"step": "Running", "fraction": 0.2, "cancel": True}})
    page.mouse.up()
    assert page.locator(".progress").inner_text().startswith("Running 20 %")
    assert page.evaluate("acted") == [{"name": "cancel"}]
    update(page, {"busy": {"step": "Loading model"}})
    expect(page.get_by_text("Cancel")).to_be_hidden()


def test_an_error_keeps_the_picture_and_offers_a_way_out(served):
    page, _ = served
    action = {"label": "Cut to 512 tokens", "name": "cut", "tokens": 512}
    update(
        page,
        {
            "error": {
                "asked": "A text of 700 tokens.",
                "found": "The model takes 512.",
                "do": "Cut it, or take another model.",
                "action": action,
            }
        },
    )
    card = page.get_by_role("alert")
    assert card.inner_text().split("\n")[0] == "A text of 700 tokens."
    assert page.locator(".one-head").is_visible()
    card.get_by_text("Cut to 512 tokens").click()
    assert page.evaluate("acted") == [action]


def test_a_new_text_keeps_the_head_and_lets_the_tokens_go(served, bundled):
    page, _ = served
    page.keyboard.press("]")
    settle(page)
    other = bundled("Another text.")
    update(page, {"manifest": manifest_of(other, identity="two")})
    page.wait_for_function("() => !location.hash.includes('query')")
    settle(page)
    assert "layer=4&heads=1" in link(page)


def test_the_same_text_again_keeps_the_tokens_too(served, sentence_capture):
    page, _ = served
    update(page, {"manifest": manifest_of(sentence_capture, identity="again")})
    settle(page)
    assert "layer=3&heads=1&query=10&key=2" in link(page)


def test_what_cannot_be_fetched_is_said_and_the_next_head_still_draws(page, sentence_capture):
    def ask(request):
        return (
            {"error": {"asked": "Head 2 was asked for.", "found": "It is gone.", "do": "Press Inspect."}}
            if request.get("head") == 2
            else answer(sentence_capture, request)
        )

    mount(page, {"manifest": manifest_of(sentence_capture, start={"layer": 3, "heads": [1]})}, "app", ask)
    page.wait_for_selector(HOST)
    page.keyboard.press(".")
    expect(page.get_by_role("alert")).to_contain_text("It is gone.")
    page.keyboard.press(".")
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".one-head")).to_be_visible()


def test_groups_are_chosen_from_a_menu_when_there_are_several(page, sentence_capture):
    manifest = manifest_of(sentence_capture)
    manifest["groups"].append(manifest["groups"][0] | {"key": "decoder.self", "title": "Decoder"})
    mount(
        page, {"manifest": manifest}, "page", lambda r: answer(sentence_capture, r | {"group": "self"} if r.get("group") else r)
    )
    page.wait_for_selector(HOST)
    page.get_by_label("Attention of").select_option("decoder.self")
    settle(page)
    assert "group=decoder.self" in link(page)


def test_nothing_moves_for_those_who_asked_for_that(new_page, short_page):
    page = new_page(reduced_motion="reduce")
    opened(page, short_page)
    moving = "Math.max(...all('*').flatMap((e) => getComputedStyle(e).transitionDuration.split(',').map(parseFloat)))"
    assert inside(page, moving) == 0
