"""The app as people meet it: a real server, a real browser."""

from __future__ import annotations

import contextlib
import copy
import json
import re

import httpx
import pytest
import transformers
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Page, expect

from inspector import Capture
from inspector.examples import EXAMPLES
from inspector.views import DEMOS, VIEWS

DRAWN = ".attention-inspector[data-drawn]"
HOSTILE = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "${window.ran=1}",
    "{{window.ran=1}}",
    "{{#each this}}x{{/each}}",
    "\u202eright to left\u202c",
    "a\x07bell\x00",
]


@pytest.fixture(scope="module")
def long_model(bundled, tmp_path_factory) -> str:
    """A folder with a model that takes long texts and its time: an untrained GPT-2."""
    folder = tmp_path_factory.mktemp("long")
    sizes = {"n_embd": 256, "n_layer": 16, "n_head": 4, "n_positions": 4096, "vocab_size": bundled.tokenizer.vocab_size}
    transformers.GPT2Model(transformers.GPT2Config(**sizes, bos_token_id=1, eos_token_id=1)).save_pretrained(folder)
    tokenizer = copy.deepcopy(bundled.tokenizer)
    tokenizer.model_max_length = 4096
    tokenizer.save_pretrained(folder)
    return str(folder)


def opened(page: Page, url: str, link: str = "") -> Page:
    page.goto(url + link)
    page.wait_for_selector(DRAWN)
    return page


def caption(page: Page):
    return page.locator(".caption")


def inspect(page: Page, text: str, pair: str = "", model: str | None = None) -> None:
    if model is not None:
        page.locator("#model input").fill(model)
        page.locator("#model input").press("Enter")
    page.locator("#text textarea").fill(text)
    page.locator("#pair textarea").fill(pair)
    page.locator("#inspect").click()


def calling(address: str) -> contextlib.closing[Client]:
    """A program that uses the app; it waits as long as a busy machine takes."""
    return contextlib.closing(Client(address, verbose=False, httpx_kwargs={"timeout": 300}))


def test_the_head_view_of_the_example_is_drawn_before_anyone_clicks(page, url, shot):
    opened(page, url)
    expect(caption(page)).to_contain_text("‘it’ looks mostly at ‘animal’ (0.57)")
    assert page.locator(".attention-inspector").get_attribute("data-view") == "head_view"
    expect(page.locator(".proof")).to_contain_text("Checked")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1400
    shot(page, "app-first-screen")


@pytest.mark.parametrize(("width", "theme"), [(1400, "light"), (1400, "dark"), (900, "light"), (420, "light"), (360, "dark")])
def test_nothing_scrolls_sideways(new_page, url, shot, width, theme):
    page = opened(new_page(width, 1000, color_scheme=theme), url)
    for view in ("head_view", "model_view", "heat_map"):
        page.locator(f"#tab-{view}").click()
        page.wait_for_selector(f".attention-inspector[data-view={view}][data-drawn]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        shot(page, f"app-{view}-{width}-{theme}")


def test_every_tab_draws_and_none_errs(page, url, shot):
    opened(page, url)
    names = page.locator(".tab").evaluate_all("tabs => tabs.map((tab) => tab.id.replace('tab-', ''))")
    assert names == [*VIEWS, *DEMOS]
    for name in [*names, *reversed(names)]:
        page.locator(f"#tab-{name}").click()
        page.wait_for_selector(f".attention-inspector[data-view={name}][data-drawn]", timeout=60_000)
        shot(page, f"tab-{name}")


def test_a_link_does_not_load_a_model_of_its_own_choice(page, url):
    opened(page, url, "#view=one-head&text=hello&model=nobody/nothing")
    expect(page.locator(".problem")).to_contain_text("Press Inspect if you want it")
    expect(page.locator("#text textarea")).to_have_value("hello")
    expect(page.locator(".view-head-view")).to_be_visible()


def test_a_pair_is_inspected_and_its_second_text_marked(page, url):
    opened(page, url)
    inspect(page, "The cat sat.", "It purred.")
    expect(page.locator(".proof")).to_contain_text("11 tokens")


def test_examples_fill_the_form_and_draw(page, url):
    opened(page, url)
    page.get_by_role("button", name="Two sentences").click()
    expect(page.locator("#pair textarea")).to_have_value(EXAMPLES[1].pair)
    expect(page.locator(".proof")).not_to_contain_text("25 tokens")


def test_a_link_brings_back_text_view_and_selection(new_page, url):
    page = opened(new_page(), url)
    inspect(page, "A completely different sentence about cats.")
    expect(page.locator(".proof")).to_contain_text("9 tokens")
    page.locator("#tab-heat_map").click()
    page.wait_for_selector(".attention-inspector[data-view=heat_map][data-drawn]")
    page.keyboard.press("]")
    page.wait_for_selector(DRAWN)
    link = page.evaluate("location.hash")
    assert "view=heat-map" in link
    other = opened(new_page(), url, link)
    expect(other.locator("#text textarea")).to_have_value("A completely different sentence about cats.")
    expect(other.locator(".proof")).to_contain_text("9 tokens")
    assert other.locator(".attention-inspector").get_attribute("data-view") == "heat_map"
    assert re.search(r"layer=\d+", link).group() in other.evaluate("location.hash")


def test_a_link_to_an_example_opens_it(page, url):
    opened(page, url, "#view=one-head&example=two-sentences")
    expect(page.locator("#pair textarea")).to_have_value(EXAMPLES[1].pair)


@pytest.mark.parametrize("text", HOSTILE)
def test_tokens_that_look_like_code_stay_text(page, url, text):
    opened(page, url)
    inspect(page, f"before {text} after")
    expect(page.locator(".proof")).not_to_contain_text("25 tokens")
    for view in ("model_view", "heat_map", "head_view"):
        page.locator(f"#tab-{view}").click()
        page.wait_for_selector(f".attention-inspector[data-view={view}][data-drawn]")
    assert page.evaluate("window.ran") is None


ERRORS = [
    ("", "", "It is empty"),
    ("   ", "", "only white space"),
    ("hello", "nobody/nothing", "Hub cannot be reached"),
    ("hello", "./no/such/folder", "no such folder"),
    ("hello", "a b c", "neither a Hub id nor a folder"),
]


@pytest.mark.parametrize(("text", "model", "says"), ERRORS)
def test_bad_input_is_explained_and_the_last_picture_stays(page, url, text, model, says, shot):
    opened(page, url)
    inspect(page, text, model=model or None)
    expect(page.locator(".problem")).to_contain_text(says)
    expect(page.locator(".view-head-view")).to_be_visible()
    inspect(page, "It works again.", model="bundled")
    expect(page.locator(".proof")).to_contain_text("6 tokens")
    expect(page.locator(".problem")).to_have_count(0)


def test_a_long_text_offers_to_be_cut(page, url, shot):
    opened(page, url)
    inspect(page, "word " * 600)
    expect(page.locator(".problem")).to_contain_text("602 tokens and the model takes 512")
    shot(page, "app-too-long")
    page.get_by_role("button", name="Cut to 512 tokens").click()
    expect(page.locator(".proof")).to_contain_text("512 tokens")


def test_a_megabyte_is_refused_and_the_app_goes_on(page, url):
    opened(page, url)
    inspect(page, "lorem ipsum dolor " * 58_000)
    expect(page.locator(".problem")).to_contain_text("1,044,000 characters and the model takes 512 tokens")
    inspect(page, "Still here.")
    expect(page.locator(".proof")).to_contain_text("5 tokens")


def test_a_long_run_says_how_far_it_is_and_can_be_cancelled(page, url, long_model) -> None:
    opened(page, url)
    before = caption(page).inner_text()
    inspect(page, "the cat sat on the mat " * 600, model=long_model)
    expect(page.locator(".progress")).to_contain_text(re.compile(r"Running 3,602 tokens, about \d+ MB \d+ %"), timeout=60_000)
    page.locator(".progress").get_by_role("button", name="Cancel").click()
    expect(page.locator(".progress")).to_be_hidden()
    expect(caption(page)).to_have_text(before)
    inspect(page, "A short text afterwards.", model="bundled")
    expect(page.locator(".proof")).to_contain_text("7 tokens")


def test_a_long_text_is_shown_first_and_measured_afterwards(page, url, long_model) -> None:
    opened(page, url, "#view=heat-map")
    inspect(page, "the cat sat on the mat " * 220, model=long_model)
    expect(page.locator(".proof")).to_contain_text("1,322 tokens", timeout=60_000)
    page.wait_for_selector(DRAWN)
    page.wait_for_selector("[data-measured=yes]", timeout=120_000)
    page.get_by_role("tab", name="All heads").click()
    expect(page.locator(".heads-surface")).to_be_visible()
    expect(caption(page)).to_contain_text("64 heads")


def test_two_people_never_see_each_others_text(new_page, url):
    first, second = opened(new_page(), url), opened(new_page(), url)
    inspect(first, "Alice wrote this.")
    inspect(second, "Robert typed something else here.")
    expect(first.locator(".proof")).to_contain_text("6 tokens")
    expect(second.locator(".proof")).to_contain_text("8 tokens")
    first.keyboard.press("]")
    first.wait_for_selector(DRAWN)
    expect(first.locator(".view-head-view")).to_contain_text("alice", ignore_case=True)
    expect(second.locator(".view-head-view")).to_contain_text("robert", ignore_case=True)


def test_a_capture_cannot_be_had_without_its_name(url):
    config = httpx.get(url + "config", timeout=60).json()
    bench = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "workbench")
    for request in (
        '{"kind": "head", "group": "self", "layer": 0, "head": 0, "capture": "guess"}',
        "[]",
        "{",
        "null",
        '"x"',
        "[" * 9000,
    ):
        body = {"data": request, "component_id": bench, "fn_name": "fetch", "session_hash": "x"}
        answer = httpx.post(url + "gradio_api/component_server", json=body, timeout=60)
        assert answer.status_code == 200
        assert set(answer.json()) == {"error"}


def test_the_endpoint_inspect_answers_with_numbers_and_a_capture(url):
    with calling(url) as client:
        found, file = client.predict("bundled", "The cat sat.", "", api_name="/inspect")
        with pytest.raises(AppError, match="empty"):
            client.predict("bundled", "", "", api_name="/inspect")
    assert found["tokens"] == ["[CLS]", "the", "cat", "sat", ".", "[SEP]"]
    assert (found["layers"], found["heads"]) == (6, 12)
    measures = found["groups"][0]["measures"]
    assert len(measures["previous_token"]) == 6
    assert json.dumps(found)
    assert Capture.load(file).tokens[0] == found["tokens"]


def test_the_capture_and_the_page_can_be_downloaded(page, url, tmp_path):
    opened(page, url)
    for name, ending in (("capture", ".safetensors"), ("html", ".html")):
        page.locator("[data-action=download]").click()
        with page.expect_download() as waiting:
            page.locator(f"[data-download={name}]").click()
        waiting.value.save_as(tmp_path / f"x{ending}")
    assert len(Capture.load(tmp_path / "x.safetensors").calls) == 6
    alone = page.context.new_page()
    alone.goto((tmp_path / "x.html").as_uri())
    alone.wait_for_selector(DRAWN)
