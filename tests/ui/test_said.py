"""What is said beside the pictures, each word counted again from float64 weights."""

from __future__ import annotations

import json

import pytest

from inspector.views.assets import script
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.ui import oracle
from tests.ui.pages import HOST, caption, opened

pytestmark = pytest.mark.browser

TEXTS = {
    "sentence": ("The animal didn't cross the street because it was too tired, so the driver stopped and waited for it.",),
    "pair": ("The cat saw the dog and the dog saw the cat.", "The cat ran."),
    "short": ("Hi there.",),
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
def js(browser):
    """Evaluates a JavaScript expression in which A is the workbench's own code and x the argument."""
    context = browser.new_context()
    page = context.new_page()
    page.evaluate(f"() => {{ window.code = {script()}; }}")
    yield lambda expression, x=None: page.evaluate(f"async (x) => {{ const A = window.code; return {expression}; }}", x)
    context.close()


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
