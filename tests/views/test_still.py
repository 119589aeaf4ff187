"""The picture that stands where no script runs."""

from __future__ import annotations

import base64
import html
import re
from xml.etree import ElementTree

import pytest
import torch

from inspector import capture
from inspector.html import embedded
from inspector.views.still import still
from inspector.views.still_lines import Lines, drawn
from tests.tiny_models import FAMILIES

HOSTILE = "</p><script>window.ran=1</script> <img src=x onerror=window.ran=1> ${window.ran=1} {{x}} \u202e"


def picture(cap, **start) -> str:
    return still(cap, embedded(cap, ["model_view"], start=start or None)["manifest"])


def words(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<img[^>]+>", "", text)))


def svg(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(base64.b64decode(re.search(r"base64,([^\"]+)", text).group(1)))


def test_what_it_says_is_counted(sentence_capture):
    text = words(picture(sentence_capture))
    table = sentence_capture.call(3).weights(0, 1)[0, 0]
    weight, mean = float(table[10, 2]), float(table[1:-1, 2].mean())
    assert f"‘it’ gives ‘animal’ {weight:.2f} of its attention" in re.sub(r"\s+", " ", text)
    assert f"{weight / mean:.1f} times what the average token gives it ({mean:.2f})" in text
    assert "✓ Checked" in text
    assert "25 tokens" in text
    assert f"{int((table[1:-1, 1:-1] >= 0.05).sum())} links of 0.05 or more" in text


def test_the_numbers_are_the_row_and_sum_to_one(sentence_capture):
    row = sentence_capture.call(4).weights(0, 2, 6)[0, 0, 0]
    text = picture(sentence_capture, layer=4, heads=[2], query=6)
    numbers = [float(number) for number in re.findall(r">([01]\.\d{3})</td>", text)]
    assert numbers[:7] == [round(float(weight), 3) for weight in row[1:-1].topk(7).values]
    assert sum(numbers) == pytest.approx(1, abs=0.005)


def test_labels_stay_text(bundled):
    text = picture(bundled(HOSTILE))
    assert not re.search(r"<(script|style|link|iframe)", text)
    assert len(re.findall("<img", text)) == 1
    assert "<script" in words(text) or "script" in words(text)
    assert {node.tag.rpartition("}")[2] for node in svg(text).iter()} == {"svg", "style", "rect", "path", "text"}


def test_a_long_text_is_drawn_around_its_row(bundled):
    text = picture(bundled("the grey cat slept on the shelf and " * 30), layer=2, heads=[9], query=100)
    assert len(svg(text).findall(".//{*}path")) > 0
    assert f"among {Lines.SOME} tokens and {Lines.SOME} keys" in text
    assert len(text) < 20_000


def test_lines_are_as_wide_as_their_weights_and_end_at_their_tokens():
    found = ElementTree.fromstring(drawn(Lines(["a", "b"], ["c", "d"], [[0.5, 0.04], [0.0, 1.0]], 1, 0.05, True)).text)
    paths = [(float(path.get("stroke-width")), path.get("d")) for path in found.findall("{*}path")]
    assert paths == [
        (pytest.approx(3.25), "M208 40C320 40 320 40 432 40"),
        (pytest.approx(6.5), "M208 60C320 60 320 60 432 60"),
    ]


@pytest.mark.parametrize("name", ["BartModel", "GPT2Model", "ViTModel", "SwinModel", "LongformerModel"])
def test_every_family_has_one(name):
    family = next(one for one in FAMILIES if one.cls == name)
    model = family.model()
    with capture(model) as cap, torch.no_grad():
        model(**family.feed(model))
    assert "of its attention" in words(picture(cap)) or "no allowed key" in words(picture(cap))
