"""The Transformer of the zoo under the inspector: loaded as any model, its cross-attention read by the hook layer."""

from __future__ import annotations

import pytest
import torch

from inspector import Inspector, capture
from tests.saved import differences, saved_and_loaded
from zoo.dates import path, translate_with
from zoo.dates.bart import TransformerDates

TEXT = "vendredi 3 mai 2019"


@pytest.fixture(scope="module")
def inspector() -> Inspector:
    return Inspector.from_pretrained(str(path("transformer")))


def test_it_loads_and_is_captured_as_any_model(inspector):
    shown = inspector(TEXT)
    assert {(call.tower, call.kind) for call in shown.calls} == {("encoder", "self"), ("decoder", "self"), ("decoder", "cross")}
    assert not shown.failed


def test_its_alignment_comes_through_the_hook_layer(inspector):
    def last_layer(model, inputs):
        with capture(model) as shown, torch.no_grad():
            model(**inputs)
        return shown.call(-1, kind="cross").weights()[0].mean(0)

    def eager(model, inputs):
        model.set_attn_implementation("eager")
        with torch.no_grad():
            weights = model(**inputs, output_attentions=True).cross_attentions[-1][0].mean(0)
        model.set_attn_implementation("sdpa")
        return weights

    model = TransformerDates(inspector.model, inspector.tokenizer)
    captured, expected = (translate_with(model, TEXT, read) for read in (last_layer, eager))
    assert captured.output == "2019-05-03"
    assert captured.alignment.shape == (10, len(TEXT))
    torch.testing.assert_close(captured.alignment, expected.alignment, rtol=0, atol=1e-5)


def test_a_capture_of_it_is_saved_and_loaded_equal(inspector, tmp_path):
    shown = inspector(TEXT)
    assert not differences(shown, saved_and_loaded(shown, tmp_path))
