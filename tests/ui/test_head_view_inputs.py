"""The head view on input of every kind: hostile tokens, two axes, masks, padding, broken numbers, heads too long to be sent."""

from __future__ import annotations

import itertools
import json
import math

import pytest
import torch
from playwright.sync_api import expect

from inspector.views.assets import script
from inspector.views.packing import floats
from tests.ui.pages import HOST, caption, inside, legend, number, opened

pytestmark = pytest.mark.browser

HOSTILE = "<script>boom()</script> <img src=x onerror=boom()> ${document.title} {{x}} {%x%} \u202eevil"


def test_hostile_tokens_are_only_text(new_page, bundled, tmp_path):
    path = tmp_path / "hostile.html"
    bundled(HOSTILE).to_html("head_view", path)
    page = new_page()
    page.add_init_script("window.boom = () => { window.wentOff = true; };")
    opened(page, path.as_uri())
    page.get_by_label("Show as table").click()
    expect(page.locator(".numbers")).to_contain_text("boom")
    assert inside(page, "all('script, img, a[href]').length") == 0
    assert page.evaluate("window.wentOff") is None


def _axis(length: int, letter: str, **changes) -> dict:
    names, no = [f"{letter}{i}" for i in range(length)], [0] * length
    plain = {"labels": names, "tokens": names, "ids": [], "special": no, "continues": no, "segments": no, "padding": no}
    return plain | {"rest": [], "rest_name": ""} | changes


def _manifest(queries: int, keys: int, same: bool, axis: dict, layer: dict, start: dict | None) -> dict:
    row = {
        "index": 0,
        "name": "l",
        "heads": 1,
        "queries": queries,
        "keys": keys,
        "causal": False,
        "learned_sink": False,
        "source": "sdpa",
        "passed": True,
    }
    group = {
        "key": "cross",
        "title": "Decoder → encoder",
        "query_axis": "k" if same else "q",
        "key_axis": "k",
        "layers": [row | layer],
        "measures": {},
    }
    return {
        "format": 1, "id": "", "title": "crafted", "model": {}, "batch": 0, "batches": 1,
        "groups": [group], "measures": [], "missing": [],
        "axes": {"q": _axis(queries, "q"), "k": _axis(keys, "k", **axis)}, "start": start,
        "proof": {"state": "unchecked", "reason": "nothing to compare with", "facts": []},
        "views": [{"name": "head_view", "slug": "one-head", "title": "One head"}],
    }  # fmt: skip


_MOUNT = """(x) => {
  const A = %s;
  window.asked = [];
  const get = async (request) => { window.asked.push(request); return request.kind === "rows" ? {weights: x.rows} : x.answer; };
  A.mount(document.querySelector(".attention-inspector"), {value: {manifest: x.manifest}, act: () => {}, host: "page", get});
}"""


def mount(page, weights: torch.Tensor, *, same=False, axis=None, layer=None, start=None, answer=None) -> None:
    """A page of one crafted head. weights: [query, key]."""
    manifest = _manifest(*weights.shape, same, axis or {}, layer or {}, start)
    page.set_content("<!doctype html><body style='margin:0'><div class='attention-inspector'></div>")
    first = start["query"] - 14 if start and answer else 0
    data = {
        "manifest": manifest,
        "answer": {"form": "dense", "weights": floats(weights)} | (answer or {}),
        "rows": floats(weights[first : first + 28]),
    }
    page.evaluate(_MOUNT % script(), json.loads(json.dumps(data)))
    page.wait_for_selector(HOST)


def test_two_axes_of_cross_attention_have_their_own_tokens(page):
    mount(page, torch.softmax(torch.randn(5, 7), 1), start={"query": 3})
    assert page.locator(".query").count() == 5
    assert page.locator(".key").count() == 7
    assert caption(page).startswith("‘q3’ ")
    assert page.locator(".verdict").inner_text() == "Not checked"


def test_a_row_with_no_allowed_key_is_struck_through_and_says_so(page):
    weights = torch.softmax(torch.randn(5, 7), 1)
    weights[2] = 0
    mount(page, weights, start={"query": 2})
    assert caption(page) == "‘q2’ has no allowed key: this row is empty."
    assert page.locator(".query.barred").count() == 1


def test_weights_that_are_not_numbers_are_counted_and_hatched(page):
    weights = torch.softmax(torch.randn(5, 7), 1)
    weights[1, 3] = math.nan
    weights[1, 4] = math.inf
    mount(page, weights, start={"query": 1})
    assert "2 weights that are not a number" in caption(page)
    assert page.locator(".broken").count() == 2
    assert number(page, 3) == "NaN"


def test_padding_is_not_drawn_and_is_counted(page):
    mount(page, torch.softmax(torch.randn(5, 7), 1), axis={"padding": [0, 0, 0, 0, 1, 1, 1]})
    assert page.locator(".key").count() == 4
    assert "3 padding positions not shown." in legend(page)


def test_keys_a_rule_forbids_are_hatched_and_the_legend_says_so(page):
    weights = torch.softmax(torch.randn(7, 7).masked_fill(torch.ones(7, 7).triu(1).bool(), -math.inf), 1)
    mount(page, weights, same=True, layer={"causal": True}, start={"query": 2})
    assert page.locator(".barred-box").count() == 4
    assert "Fine hatch: not allowed to look there." in legend(page)


def test_a_row_that_does_not_sum_to_one_says_its_sum(page):
    mount(page, torch.full((3, 2), 0.35), start={"query": 1})
    assert "sum to 0.700, not 1" in page.locator(".row-panel").inner_text()


def test_a_learned_sink_is_folded_like_any_rest(page):
    mount(page, torch.full((3, 2), 0.35), layer={"learned_sink": True}, start={"query": 1})
    assert page.locator(".rest-number").first.text_content() == "0.30"
    assert page.locator(".bar-fill.rest").count() == 1


def test_right_to_left_tokens_are_anchored_where_they_begin(page):
    mount(page, torch.softmax(torch.randn(2, 2), 1), same=True, axis={"labels": ["قطة", "猫"]})
    label = page.locator(".query .token").first
    assert (label.get_attribute("direction"), label.get_attribute("text-anchor")) == ("rtl", "start")
    edges = inside(page, "all('.query .token').map((t) => t.getBoundingClientRect().right)")
    assert edges[0] == pytest.approx(edges[1], abs=3)


def test_ten_tokens_stand_wide_apart(page):
    mount(page, torch.softmax(torch.randn(7, 7), 1), same=True)
    ys = inside(page, "all('.query .hit').map((t) => Number(t.getAttribute('y')))")
    assert {round(b - a) for a, b in itertools.pairwise(ys)} == {32}


def test_a_head_too_long_to_be_sent_is_drawn_from_the_rows_shown(page):
    weights = torch.softmax(3 * torch.randn(53, 53), 1)
    mount(
        page,
        weights,
        same=True,
        start={"query": 40},
        answer={
            "form": "remote",
            "queries": 53,
            "keys": 53,
            "mask": None,
            "top": 1.0,
            "received": floats(weights.mean(0)),
            "rest": floats(torch.zeros(53)),
            "weights": None,
        },
    )
    assert page.evaluate("asked.map((r) => r.kind)") == ["head", "rows"]
    rows = page.evaluate("asked[1]")
    assert rows["to"] - rows["from"] == 28


def test_pieces_joined_to_words_sum_to_a_word_and_average_from_one(page):
    weights = torch.softmax(torch.randn(7, 7), 1)
    axis = {"labels": ["the", "un", "believ", "able", "cat", "sa", "t"], "continues": [0, 0, 1, 1, 0, 0, 1]}
    mount(page, weights, same=True, axis=axis, start={"query": 2, "key": 6})
    page.get_by_label("Words, not pieces").check()
    page.wait_for_function(
        "() => location.hash.includes('words=true') && document.querySelector('.attention-inspector').dataset.drawn"
    )
    assert page.locator(".query .token").all_text_contents() == ["the", "unbelievable", "cat", "sat"]
    assert caption(page).startswith("‘unbelievable’ ")
    assert "To a word: the sum over its pieces; from a word: their mean." in page.locator(".how").inner_text()
    assert float(number(page, 5)) == pytest.approx(float(weights[1:4, 5:7].sum(1).mean()), abs=5.1e-4)
    assert float(number(page, 4)) == pytest.approx(float(weights[1:4, 4].mean()), abs=5.1e-4)
    assert "padding" not in legend(page)


def test_a_character_over_several_pieces_is_written_once_in_its_word(page):
    axis = {"labels": ["caf", "é", "…é", "au", "日", "…日!", "猫"], "continues": [0, 1, 1, 0, 0, 1, 0]}
    mount(page, torch.softmax(torch.randn(7, 7), 1), same=True, axis=axis, start={"query": 0})
    assert page.locator(".query .token").all_text_contents() == ["caf", "–é", "…é", "au", "日", "…日!", "猫"]
    page.get_by_label("Words, not pieces").check()
    page.wait_for_function(
        "() => location.hash.includes('words=true') && document.querySelector('.attention-inspector').dataset.drawn"
    )
    assert page.locator(".query .token").all_text_contents() == ["café", "au", "日!", "猫"]


def test_a_patch_that_does_not_fit_keeps_its_column(page):
    labels = ["CLS", *(f"row 12, column {at}" for at in range(1, 7))]
    mount(page, torch.softmax(torch.randn(7, 7), 1), same=True, axis={"labels": labels}, start={"query": 3})
    assert page.locator(".bar-name").filter(has_text="r12 c").count() >= 3
