"""What is said beside the pictures, each word counted again from float64 weights."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.ui import oracle
from tests.ui.pages import HOST, caption, inside, key, legend, opened, settle

pytestmark = pytest.mark.browser

TEXTS = {
    "sentence": ("The animal didn't cross the street because it was too tired, so the driver stopped and waited for it.",),
    "pair": ("The cat saw the dog and the dog saw the cat.", "The cat ran."),
    "short": ("Hi there.",),
    "unknown": ("动物没有过马路,因为它太累了,所以司机停下来等它。",),
}
_SAY = """(async () => {
  const said = {}, data = new A.Data(x.manifest, async (r) => x.answers[`${r.layer} ${r.head}`]);
  for (const layer of x.layers) for (let head = 0; head < 12; head++) {
    const state = {...A.choices.defaults(), group: "self", layer, heads: [head], special: x.special, query: null, key: null};
    const rows = data.queryTokens("self", layer).map((t) => t.position);
    const sheet = await A.headView.sheet.load(data, state, rows), text = (parts) => parts.map((p) => p.text ?? p).join("");
    said[`${layer} ${head}`] = {
      head: text(A.headView.overall({sheet, state})),
      rows: rows.map((q) => text(A.headView.facts.row(sheet, state, q))),
    };
  }
  return said;
})()"""


@pytest.fixture(scope="module")
def captures(bundled):
    return {name: bundled(*texts) for name, texts in TEXTS.items()}


def said_of(js, capture, special: str) -> dict:
    layers = range(len(capture.calls))
    answers = {
        f"{layer} {head}": answer(capture, {"kind": "head", "group": "self", "layer": layer, "head": head})
        for layer in layers
        for head in range(12)
    }
    given = {"manifest": manifest_of(capture, measured=False), "answers": answers, "layers": list(layers), "special": special}
    return js(_SAY, json.loads(json.dumps(given)))


@pytest.mark.parametrize("special", ["fold", "draw", "rescale"])
@pytest.mark.parametrize("name", TEXTS)
def test_every_caption_of_every_head_and_row_is_so(js, captures, name, special):
    capture, wrong = captures[name], []
    for where, sentences in said_of(js, capture, special).items():
        head = oracle.head_of(capture, *map(int, where.split()), special)
        found = [oracle.wrong_of_head(head, sentences["head"])]
        found += [oracle.wrong_of_row(head, row, sentences["rows"][row]) for row in head.rows]
        wrong += [f"{where}: {one}" for one in found if one]
    assert not wrong, "\n".join(wrong[:12]) + f"\n{len(wrong)} in all"


@pytest.mark.parametrize("special", ["fold", "draw", "rescale"])
def test_the_heat_map_says_of_a_head_what_one_head_says(page, sentence_capture, tmp_path, special):
    sentence_capture.to_html(["head_view", "heat_map"], tmp_path / "two.html")
    both = {}
    for view in ("one-head", "heat-map"):
        for where in ("layer=3&heads=1", "layer=3&heads=1&query=10&key=2", "layer=0&heads=2"):
            opened(page, (tmp_path / "two.html").as_uri(), f"#view={view}&special={special}&{where}")
            page.reload()
            page.wait_for_selector(HOST)
            both.setdefault(where, []).append(caption(page))
    assert all(first == second for first, second in both.values()), both


# Ring, number, legend and bar name the same weight -----------------------------------------------------------------


def test_a_pinned_row_without_a_key_has_its_ring_number_and_caption_on_one_weight(page, sentence_capture, tmp_path):
    sentence_capture.to_html("heat_map", tmp_path / "map.html")
    opened(page, (tmp_path / "map.html").as_uri(), "#view=heat-map&layer=3&heads=1&query=10")
    weights = oracle.head_of(sentence_capture, 3, 1, "fold").weights
    assert page.locator(".heat-readout .label").inner_text() == "Selected weight"
    assert oracle.same(page.locator(".heat-number").inner_text(), weights[10, 2])
    assert page.locator(".heat-link").inner_text() == "‘it’ → ‘animal’" == page.locator(".chosen .link").inner_text()[:-6]
    x, y, cell, r0, c0, pool = map(float, page.locator(".heat-surface").get_attribute("data-plot").split())
    ring = page.evaluate(
        """([x, y]) => [...document.querySelector('.attention-inspector').shadowRoot.querySelector('.heat-canvas')
          .getContext('2d').getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data].slice(0, 3)""",
        [x + (1 - c0) * cell - 1.5, y + (9.5 - r0) * cell],
    )
    assert ring == pytest.approx([0xA9, 0x4A, 0x07], abs=40)
    assert (pool, caption(page)[:29]) == (1, "‘it’ looks mostly at ‘animal’")


def test_the_legend_is_true_of_the_lines_of_a_pinned_row_and_bars_share_one_printed_scale(page, short_page, sentence_capture):
    head, width = oracle.head_of(sentence_capture, 3, 1, "fold"), {}
    for query, at in ((12, 20), (10, 2)):
        opened(page, short_page, f"#view=one-head&layer=3&heads=1&query={query}")
        page.reload()
        page.wait_for_selector(HOST)
        strong = sum(head.weights[query, key] >= 0.01 for key in head.cols)
        assert inside(page, "all('.over-lines .line').length") == strong
        assert "What is in focus shows its links of 0.01 or more." in legend(page)
        assert key(page, at).count() == 1
        width[query] = float(page.locator(f".key[data-key='{at}'] .weight-bar").get_attribute("width"))
        assert page.locator(".bar-start").text_content() == "0"
        assert oracle.same(page.locator(".bar-end").text_content(), head.weights[head.rows][:, head.cols].max())
    assert width[12] / width[10] == pytest.approx(head.weights[12, 20] / head.weights[10, 2], rel=0.02)
    shown = inside(page, "all('.row-panel .bar-line').map((l) => [l.querySelector('i').style.width, l.lastChild.textContent])")
    assert all(float(wide[:-1]) == pytest.approx(100 * float(value), abs=0.06) for wide, value in shown)


def test_the_largest_link_named_is_the_largest_drawn(page, short_page, sentence_capture):
    opened(page, short_page, "#view=one-head&layer=3&heads=1")
    page.keyboard.press("Escape")
    settle(page)
    head = oracle.head_of(sentence_capture, 3, 1, "fold")
    assert page.locator(".row-panel .label").inner_text() == "Strongest links between words"
    assert oracle.same(page.locator(".row-panel .bar-value").first.inner_text(), head.weights[head.rows][:, head.cols].max())


# The heads that are drawn are the heads that are named --------------------------------------------------------------


def test_with_no_head_shown_no_number_of_any_head_is_left(page, short_page):
    opened(page, short_page, "#view=one-head&layer=3&heads=1&query=10")
    page.locator("[data-chip=none]").click()
    settle(page)
    assert caption(page) == "No head is shown."
    assert page.locator(".stepper-name").all_inner_texts() == ["Layer 3", "No head"]
    assert page.locator(".chosen .link").inner_text() == "‘it’"
    drawn = inside(page, "[all('.line:not(.sample)').length, all('.weight-bar, .rest-bar').length, all('.nav-cell.on').length]")
    assert drawn == [0, 0, 0]
    assert inside(page, "all('.one-head .number').map((n) => n.textContent).join('')") == ""
    assert inside(page, "all('.row-panel > *').length") == 0
    page.keyboard.press(".")
    settle(page)
    assert page.locator(".stepper-name").all_inner_texts() == ["Layer 3", "Head 2"]
    assert inside(page, "all('.line:not(.sample)').length") > 0


@pytest.mark.parametrize(("heads", "named"), [("1", "head 1"), ("0,3,7", "3 heads")])
def test_the_colour_that_is_named_is_the_colour_of_the_ticks(page, short_page, heads, named):
    for theme, colour in (("light", "orange"), ("dark", "amber")):
        opened(page, short_page, f"#view=one-head&layer=3&heads={heads}&theme={theme}")
        page.reload()
        page.wait_for_selector(HOST)
        ticks = colour + (" tick" if heads == "1" else " ticks")
        assert page.locator(".head-panel .label").inner_text() == f"Layer 3, {named} ({ticks}) among all 72 heads"
        assert inside(page, "all('.strip')[0].querySelectorAll('.tick-own').length") == len(heads.split(","))
        assert inside(
            page, "getComputedStyle(all('.tick-own')[0]).fill === getComputedStyle(all('.head-panel .is-query')[0]).color"
        )


def test_a_view_of_one_head_names_one_head(page, sentence_capture, tmp_path):
    sentence_capture.to_html(["heat_map", "head_view"], tmp_path / "two.html")
    opened(page, (tmp_path / "two.html").as_uri(), "#view=heat-map&layer=3&heads=1,4")
    assert page.locator(".stepper-name").all_inner_texts() == ["Layer 3", "Head 1"]
    assert page.locator(".nav-cell.on").count() == 1


# Five steps ---------------------------------------------------------------------------------------------------------


def test_bars_of_scores_begin_at_the_lowest_score_and_compare(js):
    scores = [-7.3, -2.1, 2.6, -5.4]
    drawn = js(
        """(() => { const scene = new A.Scene(600, 0), l = A.steps.bars.layout(600, 4), roles = A.roles("light");
          A.steps.bars.add(scene, {values: x, labels: ["a", "b", "c", "d"], title: "", name: "e", low: Math.min(...x),
            high: Math.max(...x), digits: 1, strong: [], fill: roles.key, tall: 220}, l, 0, {roles});
          return scene.items.filter((i) => i.kind === "rect").map((i) => [i.y, i.h]); })()""",
        scores,
    )
    tall = [h for _, h in drawn]
    assert tall == pytest.approx([220 * (v + 7.3) / 9.9 for v in scores], abs=1)
    assert {round(y + h, 6) for y, h in drawn} == {32 + 220}


_STEPS = """(async () => {
  const data = await A.dates.store.steps({data: {}, request: async () => x}, x.text, x.attention);
  const text = (parts) => parts.map((p) => p.text ?? p).join(""), view = (step, at) => ({data, step, at});
  return {
    keys: Array.from({length: data.count}, (_, i) => Array.from(data.key(i))),
    steps: data.steps.map((step) => ({
      scores: Array.from(step.scores), weights: Array.from(step.weights), context: Array.from(step.context),
      probabilities: Array.from(step.probabilities),
      said: [1, 2, 3, 4, 5].map((at) => text(A.steps.words.caption(view(step, at)))),
    })),
  };
})()"""


@pytest.mark.parametrize("attention", ["additive", "dot_product", "scaled_dot_product", "local_p"])
def test_every_caption_of_the_five_steps_is_so(js, sentence_capture, attention):
    from inspector.views.five_steps import five_steps

    given = five_steps(sentence_capture, {"text": "30 février 2021", "attention": attention})
    found = js(_STEPS, given)
    characters = given["characters"]
    for step in found["steps"]:
        keys = np.array(found["keys"], dtype=np.float64)
        scores, weights, context = (np.array(step[name], dtype=np.float64) for name in ("scores", "weights", "context"))
        _, second, third, fourth, fifth = step["said"]
        named = re.search(r", ‘(.)’(?: \((\d+)\w\w\))? scores highest: ([−\d.]+), against ([−\d.]+)", second.replace("␣", "_"))
        best = int(scores.argmax())
        assert named, second
        assert [named[3].replace("−", "-"), named[4].replace("−", "-")] == [f"{scores[best]:.2f}", f"{scores.mean():.2f}"]
        assert named[2] in (None, str(best + 1))
        ratio, share = weights.max() * len(weights), re.search(r"attention, (.*) an even share", third)[1]
        expected = oracle.NUMBERS.get(share)
        assert share in ("about", "less than", "more than ten times") or abs(expected - ratio) <= (0.26 if ratio < 2.75 else 0.51)
        assert {"about": 0.74 < ratio < 1.26, "less than": ratio < 0.76, "more than ten times": ratio > 10}.get(share, True)
        near = keys @ context / np.linalg.norm(keys, axis=1) / np.linalg.norm(context)
        assert f"(cosine {near.max():.2f}; with the other characters" in fourth.replace("−", "-")
        likely = sorted(step["probabilities"], reverse=True)
        assert f"probability {likely[0]:.4f}, next" in fifth
    assert len(characters) == len(keys)


def test_a_proof_of_some_calls_does_not_speak_of_all(js):
    assert (
        js("A.proof.rows({checked: 8, calls: 17, rows: 4, queries: 4})") == " in 8 of 17 calls; the others could not be checked"
    )
    assert js("A.proof.rows({checked: 6, calls: 6, rows: 8, queries: 900})") == " in 8 of 900 rows of every head"
    assert js("A.proof.rows({checked: 6, calls: 6, rows: 25, queries: 25})") == ""
