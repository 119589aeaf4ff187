"""Whose picture it is: the capture names itself, and what the form or an error says never passes for it."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Page, expect

from inspector import capture
from inspector.examples import EXAMPLES
from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.ui.pages import HOST, caption, inside, link, opened, settle

pytestmark = pytest.mark.browser

FIRST = "all-MiniLM-L6-v2 · “The animal didn't cross the…”"
CHINESE = "动物没有过马路,因为它太累了,所以司机停下来等它。"

# A workbench that writes down what stands on the screen whenever anything changes.
_MOUNT = """(x) => {
  const A = %s;
  window.mounted = A.mount(document.querySelector(".attention-inspector"),
    {value: x, host: "app", act: () => {}, get: (r) => window.ask(r)});
  const root = document.querySelector(".attention-inspector").shadowRoot, seen = (window.seen = []);
  const now = () => [root.querySelector(".proof").textContent, root.querySelector(".caption").textContent,
    [...root.querySelectorAll(".view:not([hidden]) .query text.token")]
      .filter((t) => getComputedStyle(t).visibility === "visible").map((t) => t.textContent).join(" ")];
  new MutationObserver(() => seen.push(now()))
    .observe(root, {subtree: true, childList: true, characterData: true, attributes: true});
}""" % script()  # noqa: UP031


def mounted(page: Page, first, answering) -> None:
    page.set_content("<!doctype html><body style='margin:0'><div class='attention-inspector'></div>")
    page.expose_function("ask", answering)
    page.evaluate(_MOUNT, {"manifest": first})
    page.wait_for_selector(HOST)


def test_picture_caption_and_proof_of_a_new_capture_come_together(page, bundled, sentence_capture):
    other = bundled("Seven grey cats slept on one warm roof.")
    of = {"one": sentence_capture, "two": other}
    mounted(
        page,
        manifest_of(sentence_capture, identity="one", start={"layer": 3, "heads": [1], "query": 10}),
        lambda r: json.loads(json.dumps(answer(of[r.pop("capture")], r))),
    )
    old = page.evaluate("window.seen.length && window.seen.at(-1)")
    page.evaluate("window.seen.length = 0")
    page.evaluate("(value) => window.mounted.update(value)", {"manifest": manifest_of(other, identity="two")})
    expect(page.locator(".proof")).to_contain_text("Seven")
    settle(page)
    seen = page.evaluate("window.seen")
    assert old is not None
    for proof, said, tokens in seen:
        new = ["Seven grey cats" in proof, "‘it’" not in said, "roof" in tokens]
        assert len(set(new)) == 1, (proof, said, tokens)
    assert len({tuple(state) for state in seen}) >= 2
    assert inside(page, "all('.view').length") == 1


def test_a_page_names_the_model_and_the_text_of_its_capture(page, short_page, pair_page):
    opened(page, short_page)
    assert page.locator(".proof .whose").inner_text() == FIRST
    page.goto(pair_page)
    page.wait_for_selector(HOST)
    assert "“The animal didn't cross the…” + “It was too tired to walk, so…”" in page.locator(".whose").inner_text()


def test_a_capture_nobody_gave_a_text_is_named_by_its_tokens(page, bundled, tmp_path):
    inputs = bundled.tokenizer("Unbelievable cats.", return_tensors="pt")
    with capture(bundled.model, tokenizer=bundled.tokenizer) as held:
        bundled.model(**inputs)
    held.to_html("head_view", tmp_path / "raw.html")
    opened(page, (tmp_path / "raw.html").as_uri())
    assert page.locator(".whose").inner_text().endswith("“unbelievable cats .”")


def test_a_text_is_only_text_also_where_it_names_the_picture(page, bundled, tmp_path):
    bundled("<img src=x onerror=window.ran=1> \u202eback and a very long rest of the text").to_html(
        "head_view", tmp_path / "x.html"
    )
    opened(page, (tmp_path / "x.html").as_uri())
    assert page.locator(".whose").inner_text().endswith("“<img src=x onerror=window.ra…”")
    assert page.evaluate("window.ran") is None


def test_unknown_words_are_counted_under_the_caption_and_stay_words(page, bundled, tmp_path):
    found = bundled(CHINESE)
    found.to_html("head_view", tmp_path / "zh.html", start={"layer": 3, "heads": [1]})
    opened(page, (tmp_path / "zh.html").as_uri())
    assert found.tokens[0].count("[UNK]") == 18
    assert page.locator(".said").inner_text() == "18 of 25 tokens are unknown to this model ([UNK])."
    assert inside(page, "all('.rest-bar').length") == 25  # only [CLS] and [SEP] are folded away


def test_a_text_that_was_cut_says_how_much_is_missing(page, bundled, tmp_path):
    text = "the old nurse fed the grey cat " * 129  # 903 tokens with [CLS] and [SEP]
    bundled(text, truncate=True).to_html("head_view", tmp_path / "cut.html")
    opened(page, (tmp_path / "cut.html").as_uri())
    whole = len(bundled.tokenizer(text, verbose=False)["input_ids"])
    assert (
        f"{whole - 512} tokens of the text are missing: it was cut to what the model takes." == page.locator(".said").inner_text()
    )


# In the app --------------------------------------------------------------------------------------------------------


def inspect(page: Page, text: str, pair: str = "", model: str | None = None) -> None:
    if model is not None:
        page.locator("#model input").fill(model)
        page.locator("#model input").press("Enter")
    page.locator("#text textarea").fill(text)
    page.locator("#pair textarea").fill(pair)
    page.locator("#inspect").click()


def test_while_the_form_says_something_else_the_picture_is_dimmed_and_says_of_what_it_is(page, url):
    opened(page, url)
    bench = page.locator(".bench")
    assert page.locator(".whose").inner_text() == FIRST
    page.locator("#text textarea").fill("Something else entirely.")
    expect(page.locator(".stale-note")).to_have_text(f"This is still {FIRST}. Press Inspect for what the form says now.")
    assert float(page.locator(".views").evaluate("(e) => getComputedStyle(e).opacity")) < 0.6
    page.locator("#text textarea").fill(EXAMPLES[0].text)
    expect(page.locator(".stale-note")).to_be_hidden()
    page.locator("#model input").fill("openai-community/gpt2")
    page.locator("#model input").press("Enter")
    expect(page.locator(".stale-note")).to_be_visible()
    inspect(page, "Something else entirely.", model="bundled")
    expect(page.locator(".whose")).to_have_text("all-MiniLM-L6-v2 · “Something else entirely.”")
    expect(page.locator(".stale-note")).to_be_hidden()
    expect(bench).not_to_have_class("stale")
    assert "‘it’" not in caption(page)


def test_an_error_keeps_the_old_picture_dimmed_under_its_own_name(page, url):
    opened(page, url)
    inspect(page, "hello", model="./no/such/folder")
    expect(page.locator(".problem")).to_contain_text("no such folder")
    assert page.locator(".whose").inner_text() == FIRST
    assert "‘it’ looks mostly at ‘animal’" in caption(page)
    assert float(page.locator(".views").evaluate("(e) => getComputedStyle(e).opacity")) < 0.6


def test_every_example_opens_at_its_own_beginning_and_the_first_brings_the_first_screen_back(page, url):
    opened(page, url)
    first = link(page), caption(page)
    for entry in (EXAMPLES[1], EXAMPLES[2]):
        page.get_by_role("button", name=entry.title).click()
        expect(page.locator(".whose")).to_contain_text(entry.text[:20])
        settle(page)
        assert f"layer={entry.start['layer']}&heads={entry.start['heads'][0]}&" in link(page)
    page.get_by_role("tab", name="Heat map").click()
    settle(page)
    page.get_by_role("button", name=EXAMPLES[0].title).click()
    expect(page.locator(".whose")).to_have_text(FIRST)
    settle(page)
    assert (link(page), caption(page)) == first
    assert page.locator(".attention-inspector").get_attribute("data-view") == "head_view"
    page.keyboard.press("]")
    settle(page)
    page.get_by_role("button", name=EXAMPLES[0].title).click()
    page.wait_for_function("(before) => location.hash === before", arg=first[0])
