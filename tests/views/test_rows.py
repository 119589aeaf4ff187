"""A row of a batch axis is called what it is: a text, one answer of several, a window of a picture; measures count pictures."""

from __future__ import annotations

import pytest
import torch

from inspector import Capture, capture, measure
from inspector.errors import OutOfRange
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.tiny_models import FAMILIES, Family


@pytest.fixture(scope="module")
def windows() -> Capture:
    """Swin on two pictures: 64 windows each in the first layer, 16 in the last."""
    family = next(one for one in FAMILIES if one.cls == "SwinModel")
    model = family.model()
    with torch.no_grad(), capture(model) as cap:
        model(**family.feed(model))
    return cap


@pytest.fixture(scope="module")
def answers() -> Capture:
    """Two texts, three answers to each."""
    model = Family("T5ForConditionalGeneration").model()
    options = {"max_new_tokens": 4, "min_new_tokens": 4, "pad_token_id": 0, "decoder_start_token_id": 0}
    with capture(model) as cap:
        model.generate(input_ids=torch.arange(5, 19).view(2, 7), **options, num_beams=3, num_return_sequences=3)
    return cap


def test_windows_are_parts_of_a_picture(windows: Capture) -> None:
    assert [(call.shape[0], windows.parts(call)) for call in windows.calls] == [(128, 64), (32, 16), (32, 16)]
    for batch, first, last in ((0, "Window 1 of 64, picture 1 of 2", "Window 1 of 16, picture 1 of 2"),
                               (127, "Window 64 of 64, picture 2 of 2", "Window 16 of 16, picture 2 of 2")):  # fmt: skip
        layers = manifest_of(windows, batch=batch, measured=False)["groups"][0]["layers"]
        assert [layers[0]["row"], layers[-1]["row"]] == [first, last]


def test_a_measure_speaks_of_the_whole_picture(windows: Capture) -> None:
    found = measure(windows, "entropy", batch=1, rows="all").values
    for at, call in enumerate(windows.calls):
        weights = call.weights()[call.shape[0] // 2 :].double()
        entropy = -(weights * weights.clamp_min(1e-300).log()).sum(-1).mean((0, 2))
        torch.testing.assert_close(found[at, : len(entropy)], entropy.float(), atol=1e-5, rtol=0)
    with pytest.raises(OutOfRange):
        measure(windows, "entropy", batch=2)
    again = manifest_of(windows, batch=127)["groups"][0]["measures"]["entropy"]
    assert again[0][0] == pytest.approx(float(measure(windows, "entropy", batch=1).values[0, 0]))


def test_every_layer_of_a_windowed_picture_can_be_drawn(windows: Capture) -> None:
    for batch in (0, 100, 127):
        for layer in range(3):
            found = answer(windows, {"kind": "head", "group": "self", "layer": layer, "head": 0, "batch": batch})
            assert "error" not in found
        assert "error" not in answer(windows, {"kind": "maps", "group": "self", "batch": batch})


def test_a_page_begins_in_any_row(windows: Capture, answers: Capture) -> None:
    assert "Window 64 of 64, picture 2 of 2" in windows.to_html("head_view", batch=127)
    assert "Answer 3 of 3, text 2 of 2" in answers.to_html("head_view", batch=5)


def test_answers_and_texts_are_counted_apart(answers: Capture) -> None:
    manifest = manifest_of(answers, batch=4, measured=False)
    rows = {group["key"]: group["layers"][0]["row"] for group in manifest["groups"]}
    assert manifest["batches"] == 6
    assert rows["encoder.self"] == "Text 2 of 2"
    assert rows["decoder.cross"] == "Answer 2 of 3, text 2 of 2"
    assert manifest["axes"]["input"]["ids"] == list(range(12, 19))
    for key in rows:
        asked = {"kind": "head", "group": key, "layer": 0, "head": 0, "batch": 4}
        assert "error" not in answer(answers, asked)
        assert "error" not in answer(answers, {"kind": "maps", "group": key, "batch": 4})


def test_texts_of_a_batch_are_texts() -> None:
    model = Family("BertModel").model()
    with torch.no_grad(), capture(model) as cap:
        model(torch.arange(5, 19).view(2, 7))
    assert [manifest_of(cap, batch=at, measured=False)["groups"][0]["layers"][0]["row"] for at in (0, 1)] == [
        "Text 1 of 2",
        "Text 2 of 2",
    ]
