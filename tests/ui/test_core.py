"""The browser's pure helpers, evaluated in a real browser: bytes, softmax rows, words, captions, colours, links."""

from __future__ import annotations

import base64
import json
import math

import numpy as np
import pytest
import torch

from inspector.masks import Mask
from inspector.scores import Scores
from inspector.views.assets import script
from inspector.views.manifest import group_key
from inspector.views.packing import exact, floats, pack
from inspector.views.requests import answer

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_a_model_in_half_precision_sends_its_own_numbers(js, dtype):
    sent = torch.randn(2, 64, dtype=dtype)
    packed = exact(sent)
    assert len(base64.b64decode(packed["data"])) == 2 * sent.numel()
    assert js("Array.from(A.bytes.decode(x))", packed) == sent.flatten().float().tolist()


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.int32])
def test_a_packed_array_arrives_as_it_was_sent(js, dtype):
    sent = torch.arange(2 * 3 * 5).reshape(2, 3, 5).to(dtype) - (0 if dtype == torch.uint8 else 7)
    assert js("Array.from(A.bytes.decode(x))", pack(sent)) == sent.flatten().tolist()


def test_half_precision_arrives_exactly(js):
    sent = np.array([0, 1, -2.5, 6.1e-5, 5.96e-8, 65504, np.inf], dtype="<f2")
    packed = {"dtype": "f16", "shape": [7], "data": base64.b64encode(sent.tobytes()).decode()}
    assert js("Array.from(A.bytes.decode(x), (v) => v === Infinity ? 'inf' : v)", packed) == [
        *sent[:-1].astype(float).tolist(),
        "inf",
    ]


def test_an_unknown_array_type_is_refused(js):
    said = js(
        "(() => { try { A.bytes.decode(x); } catch (e) { return e.message; } })()", {"dtype": "q4", "shape": [0], "data": ""}
    )
    assert "q4" in said


_HEAD = """(async () => {
  const layer = {queries: x.queries, keys: x.keys, causal: false};
  const head = new A.Head(x.answer, {}, layer, null);
  return Array.from(await head.rows(0, x.queries), (v) => (Number.isFinite(v) ? v : String(v)));
})()"""


def _rows(js, scores: Scores, mask: dict) -> np.ndarray:
    answer = {
        "form": "scores", "query": floats(scores.query[0, 0]), "key": floats(scores.key[0, 0]), "scale": scores.scale,
        "mask": mask, "softcap": scores.softcap, "sink": None if scores.sinks is None else float(scores.sinks[0]),
    }  # fmt: skip
    queries, keys = scores.query.shape[2], scores.key.shape[2]
    return np.array(js(_HEAD, {"answer": answer, "queries": queries, "keys": keys})).reshape(queries, keys)


CASES = {
    "plain": ({}, {}),
    "causal, bottom right": ({"mask": Mask(right=0, offset=2)}, {"left": None, "right": 0, "offset": 2}),
    "a window of three": ({"mask": Mask(left=2, right=0, offset=2)}, {"left": 2, "right": 0, "offset": 2}),
    "soft-capped": ({"softcap": 1.5}, {}),
    "with a learned sink": ({"sinks": torch.tensor([0.7])}, {}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_row_computed_in_the_browser_is_the_row_computed_in_python(js, name):
    options, rule = CASES[name]
    scores = Scores(torch.randn(1, 1, 5, 11), torch.randn(1, 1, 7, 11), 11**-0.5, **options)
    here = torch.tensor([0])
    expected = scores.weights(here, here, torch.arange(5))[0, 0].numpy()
    found = _rows(js, scores, {"left": None, "right": None, "offset": 0, "fill": None} | rule)
    np.testing.assert_allclose(found, expected, atol=2e-7)


def test_a_row_that_may_see_nothing_is_zero_or_even_as_the_kernel_left_it(js):
    scores = Scores(torch.randn(1, 1, 2, 3), torch.randn(1, 1, 5, 3), 1.0)
    nothing = {"left": None, "right": None, "offset": 0, "keys": pack(torch.zeros(5, dtype=torch.uint8))}
    assert _rows(js, scores, nothing | {"fill": None}).tolist() == [[0.0] * 5] * 2
    assert _rows(js, scores, nothing | {"fill": -1e9}) == pytest.approx(np.full((2, 5), 0.2), abs=1e-7)


def test_an_entry_that_is_not_a_number_stays_one(js):
    answer = {"form": "dense", "weights": floats(torch.tensor([[0.5, math.nan]]))}
    assert js(_HEAD, {"answer": answer, "queries": 1, "keys": 2}) == [0.5, "NaN"]


def test_a_tile_is_the_mean_of_its_weights_also_at_a_ragged_edge(js):
    weights = torch.rand(5, 7)
    ask = {"q0": 1, "q1": 5, "k0": 2, "k1": 7, "pool": 3}
    code = "(async () => Array.from((await new A.Head(x.answer, {}, {queries: 5, keys: 7}, null).tile(x.ask)).values))()"
    found = js(code, {"answer": {"form": "dense", "weights": floats(weights)}, "ask": ask})
    blocks = [weights[1:4, 2:5], weights[1:4, 5:7], weights[4:5, 2:5], weights[4:5, 5:7]]
    assert found == pytest.approx([float(b.mean()) for b in blocks], abs=1e-6)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("A.words.weight(0.5668)", "0.567"), ("A.words.weight(-0.0001, 2)", "0.00"), ("A.words.weight(-0.25, 2)", "−0.25"),
        ("A.words.weight(NaN)", "NaN"),
        ("A.words.exact(0.0003)", "0.0003"),
        ("A.words.exact(0.00001)", "<0.0001"),
        ("A.words.exact(0)", "0.000"), ("A.words.short(0.364)", ".36"), ("A.words.short(0.999)", "1.0"),
        ("A.words.scientific(4.2e-7)", "4.2e−7"), ("A.words.scientific(1e-5)", "1e−5"), ("A.words.count(1234567)", "1,234,567"),
        ("A.words.percent(0.573)", "57 %"), ("A.words.times(6.1)", "six times"), ("A.words.times(2.2)", "twice"),
        ("A.words.times(40)", "more than ten times"), ("A.words.list(['1', '4', '7'])", "1, 4 and 7"),
        ("A.words.plural(1, 'other') + ', ' + A.words.plural(16, 'other')", "1 other, 16 others"),
        ("A.words.direction('سلام')", "rtl"), ("A.words.direction('–it')", "ltr"),
        ("A.words.token({label: 'nel', continues: true})", "–nel"), ("A.headView.legend.limit(0.05)", "0.05"),
        ("A.headView.legend.limit(0.0127)", "0.0127"), ("A.headView.legend.limit(0.3)", "0.30"),
    ],
)  # fmt: skip
def test_numbers_and_names_are_printed_as_agreed(js, expression, text):
    assert js(expression) == text


_SAID = "A.captions.row(x).map((p) => typeof p === 'string' ? p : p.text).join('')"
_IT, _ANIMAL = {"label": "it", "position": 10}, {"label": "animal", "position": 2}
_REST = {"restName": "[CLS] and [SEP]", "sameAxis": True}


_CAPTIONS = {
    "‘it’ looks mostly at ‘animal’ (0.57), six times what the average token gives it.": {
        "weight": 0.5668,
        "mean": 0.094,
        "rest": 0.15,
    },
    "‘it’ looks mostly at ‘animal’ (0.64), but nearly every other token (20 of 22) looks at it too (0.44 on average).": {
        "weight": 0.64,
        "mean": 0.44,
        "rest": 0.1,
        "others": {"n": 20, "of": 22},
    },
    "‘it’ looks mostly at ‘animal’ (0.64), but most other tokens (15 of 22) look at it too (0.44 on average).": {
        "weight": 0.64,
        "mean": 0.44,
        "rest": 0.1,
        "others": {"n": 15, "of": 22},
    },
    "‘it’ looks mostly at ‘animal’ (0.64), one and a half times what the average token gives it.": {
        "weight": 0.64,
        "mean": 0.44,
        "rest": 0.1,
        "others": {"n": 11, "of": 22},
    },
    "‘it’ spreads its attention; the most goes to ‘animal’ (0.10), less than what the average token gives it (0.20).": {
        "weight": 0.1,
        "mean": 0.2,
        "rest": 0,
        "others": {"n": 22, "of": 22},
    },
    "‘it’ spreads its attention; among words the most goes to ‘animal’ (0.10), about what the average token gives it.": {
        "weight": 0.1,
        "mean": 0.1,
        "rest": 0.15,
    },
    "‘it’ mostly rests on [CLS] and [SEP] (0.92); among words it looks at ‘animal’ (0.02).": {
        "weight": 0.02,
        "mean": 0.01,
        "rest": 0.92,
    },
    "‘it’ looks most at ‘animal’ (0.30), more than ten times what the average token gives it.": {
        "weight": 0.3,
        "mean": 0.01,
        "rest": 0,
    },
    "‘it’ spreads its attention; the most goes to ‘animal’ (0.10), about what the average token gives it.": {
        "weight": 0.1,
        "mean": 0.09,
        "rest": 0,
    },
    "‘it’ looks mostly at itself (0.60), twice what the average token gives it.": {
        "weight": 0.6,
        "mean": 0.3,
        "rest": 0,
        "key": _IT,
    },
    "‘it’ looks most at an earlier ‘it’, 7 tokens back (0.50), five times what the average token gives it.": {
        "weight": 0.5,
        "mean": 0.1,
        "rest": 0,
        "key": {"label": "it", "position": 3},
    },
    "‘it’ has no allowed key: this row is empty.": {"none": True},
    "‘it’ has 3 weights that are not a number.": {"broken": 3},
}


@pytest.mark.parametrize("sentence", _CAPTIONS)
def test_a_caption_states_the_finding_with_its_contrast(js, sentence):
    assert js(_SAID, {"query": _IT, "key": _ANIMAL, **_REST, **_CAPTIONS[sentence]}) == sentence


def test_a_row_is_split_into_parts_that_add_up(js):
    tokens = [{"position": i, "rest": i in (0, 12), "padding": False, "label": str(i)} for i in range(13)]
    weights = torch.softmax(torch.randn(13, dtype=torch.float64), 0).tolist()
    facts = js("A.rowFacts.of(Float64Array.from(x.weights), x.tokens, 'fold')", {"weights": weights, "tokens": tokens})
    assert len(facts["top"]) == 7
    assert facts["others"]["count"] == 4
    assert sum(t["weight"] for t in facts["top"]) + facts["others"]["weight"] + facts["rest"]["weight"] == pytest.approx(
        1, abs=1e-12
    )
    assert facts["rest"]["weight"] == pytest.approx(weights[0] + weights[12])


def test_a_rescaled_row_sums_to_one_without_its_rest(js):
    tokens = [{"position": i, "rest": i == 0, "padding": False, "label": str(i)} for i in range(3)]
    facts = js("A.rowFacts.of([0.5, 0.3, 0.2], x, 'rescale')", tokens)
    assert [t["weight"] for t in facts["top"]] == pytest.approx([0.6, 0.4])


def test_the_listed_keys_and_the_dots_cover_every_key_once(js):
    tokens = [{"position": i, "rest": i in (0, 330), "padding": i > 330, "label": str(i)} for i in range(337)]
    score = torch.rand(337).pow(40).tolist()
    made = js(
        "A.headView.plan.keys(x.tokens, {score: x.score, centre: 200, floor: 0.01, fold: true})",
        {"tokens": tokens, "score": score},
    )
    listed = [entry["key"] for entry in made if "key" in entry]
    dropped = [k for entry in made for k in entry.get("more", [])]
    assert sorted(listed + dropped) == list(range(1, 330))
    assert listed == sorted(listed)
    assert 28 <= len(listed) <= 30
    assert sum(entry.get("gathered", False) for entry in made) <= 14
    outside = sorted((k for k in range(1, 330) if not 170 < k < 230), key=lambda k: -score[k])
    assert outside[0] in listed


@pytest.mark.parametrize(("pinned", "first"), [(None, 0), (3, 0), (200, 186), (330, 303)])
def test_a_long_text_is_shown_as_a_window_of_28_rows_around_the_pinned_token(js, pinned, first):
    tokens = [{"position": i, "padding": False} for i in range(331)]
    plan = js("A.headView.plan.rows(x.tokens, x.pinned, null)", {"tokens": tokens, "pinned": pinned})
    assert (plan["rows"][0], len(plan["rows"]), plan["above"] + plan["below"]) == (first, 28, 303)


def test_line_width_is_linear_in_weight_and_never_thinner_than_a_hair(js):
    assert js("[0.001, 0.5, 1].map((w) => A.headView.links.width(w, 1))") == [0.8, 3.25, 6.5]
    assert js("A.headView.links.width(1, 4)") == 4.5


def test_the_scales_begin_at_the_ground_and_grow_evenly_darker(js):
    def lightness(theme: str) -> list[float]:
        lights = []
        for t in np.linspace(0, 1, 9):
            rgb = [int(v) / 255 for v in js("A.colour.sequential(x[0], x[1])", [float(t), theme])[4:-1].split()]
            linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in rgb]
            y = float(np.dot([0.2126, 0.7152, 0.0722], linear))
            lights.append(116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y)
        return lights

    assert np.diff(lightness("light")) == pytest.approx(np.full(8, -10.75), abs=1.5)
    assert all(np.diff(lightness("dark")) > 5)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_fifteen_heads_differ_and_their_chips_are_legible(js, theme):
    heads = js("Array.from({length: 15}, (_, i) => A.colour.categorical(i, x))", theme)
    assert len({(h["stroke"], h["dash"]) for h in heads}) == 15
    ratios = js("x.map((h) => A.colour.contrast(h.stroke, h.text))", heads)
    assert min(ratios) >= 4.5


def test_a_link_read_back_gives_the_same_selection(js):
    manifest = {"views": [{"name": "head_view", "slug": "one-head"}], "groups": [{"key": "self"}, {"key": "decoder.cross"}]}
    state = {
        "view": "head_view",
        "group": "decoder.cross",
        "layer": 3,
        "heads": [1, 4],
        "query": 10,
        "key": 2,
        "special": "draw",
        "threshold": 0.07,
        "theme": "dark",
    }
    text = js("A.hash.write(x.state, x.manifest, ['model=bundled'])", {"state": state, "manifest": manifest})
    chosen = "view=one-head&group=decoder.cross&layer=3&heads=1,4&query=10&key=2"
    assert text == f"#{chosen}&special=draw&theme=dark&threshold=0.07&model=bundled"
    read = js("A.hash.read(x.text, x.views)", {"text": text, "views": manifest["views"]})
    assert read == {"patch": state, "notes": [], "foreign": ["model=bundled"]}


def test_what_a_link_says_wrongly_is_noted_and_left_out(js):
    read = js("A.hash.read('#view=nope&layer=-1&heads=1,x&query=3&special=burn&what=7&theme', [])")
    assert read["patch"] == {"query": 3}
    assert read["notes"] == ["view=nope", "layer=-1", "heads=1,x", "special=burn", "what=7", "theme"]


def test_a_text_in_a_csv_is_quoted_and_never_a_formula(js):
    text = js("A.table.csv(x)", {"columns": ["token", "w"], "rows": [["=1+1", 0.5], ['say "a", b', -0.25]]})
    assert text == 'token,w\r\n\'=1+1,0.5\r\n"say ""a"", b",-0.25'


def test_the_code_holds_no_network_eval_or_markup(js):
    code = script()
    for word in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "XMLHttpRequest",
        "import(",
        "http:",
        "https:",
    ):
        found = code.replace("http://www.w3.org/", "").count(word)  # names of SVG and MathML, never fetched
        assert not found, word
    assert json.loads(js("JSON.stringify(Object.keys(A.views))"))


_REMOTE = """(async () => {
  const asked = [], get = async ({from, to}) => { asked.push([from, to]);
    return {weights: Float32Array.from({length: (to - from) * 3}, (_, at) => from + Math.floor(at / 3))}; };
  const answer = {form: "remote", mask: x.mask ?? null, received: [0.2, 0.2, 0.2], rest: new Array(600).fill(0)};
  const head = new A.Head(answer, {}, {queries: 600, keys: 3}, get);
  head.axes = {queryTokens: Array.from({length: 600}, () => ({})), keyTokens: []};
  const first = async (from, to) => Array.from(await head.rows(from, to)).filter((_, at) => at % 3 === 0);
  return {
    whole: await first(0, 250), again: await first(200, 500), asked, received: Array.from((await head.marginals()).received)};
})()"""


def test_rows_of_a_long_head_are_fetched_once_and_none_that_is_wanted_is_let_go(js):
    found = js(_REMOTE, {})
    assert found["whole"] == list(range(250))
    assert found["again"] == list(range(200, 500))
    assert found["asked"] == [[0, 250], [250, 500]]


def test_what_a_key_of_a_causal_head_receives_is_a_mean_over_those_that_may_see_it(js):
    rule = {"left": None, "right": 0, "offset": -597}
    assert js(_REMOTE, {"mask": rule})["received"] == pytest.approx([1, 1, 1])
    assert js(_REMOTE, {"mask": rule | {"offset": 0}})["received"] == pytest.approx([0.2, 0.2 * 600 / 599, 0.2 * 600 / 598])


def test_a_pooled_tile_read_in_the_browser_is_the_means_python_knows(js, sentence_capture):
    call = sentence_capture.call(3)
    asked = {
        "kind": "tile",
        "group": group_key("", "self"),
        "layer": 3,
        "head": 1,
        "q0": 0,
        "q1": 24,
        "k0": 0,
        "k1": 24,
        "pool": 4,
        "small": True,
    }
    read = js("Array.from(A.heat.RemoteField.prototype._values(x))", answer(sentence_capture, asked))
    means = call.tile(1, queries=slice(0, 24), keys=slice(0, 24), pool=4).flatten()
    assert means.max() > 0.1
    step = means.max().sqrt() / 255  # between two bytes, on the scale of square roots
    assert (torch.tensor(read).sqrt() - means.sqrt()).abs().max() <= 0.51 * step
