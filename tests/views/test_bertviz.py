"""The real BertViz, on our captures."""

from __future__ import annotations

import json
import re

import pytest
import torch
from transformers import BartConfig, BartModel

from inspector import Inspector
from inspector.errors import OutOfRange, TooLarge


def params(html: str) -> dict:
    return json.loads(re.search(r"(?:PYTHON_PARAMS|params) = (\{.*?\});", html, re.DOTALL).group(1).replace("<\\/", "</"))


def test_bertviz_gets_the_captured_weights(sentence_capture):
    data = params(sentence_capture.to_bertviz("head_view", layers=[2, 3]))
    assert data["include_layers"] == [2, 3]
    found = torch.tensor(data["attention"][0]["attn"])
    for at, layer in enumerate((2, 3)):
        torch.testing.assert_close(found[at], sentence_capture.call(layer).weights()[0])
    assert data["attention"][0]["left_text"][:3] == ["[CLS]", "the", "animal"]


def test_a_pair_is_handed_over_as_two_sentences(bundled):
    names = [entry["name"] for entry in params(bundled("A cat.", "It sat.").to_bertviz("model_view", layers=[0]))["attention"]]
    assert "Sentence A -> Sentence B" in names


def test_an_encoder_decoder_is_handed_over_in_three_parts():
    torch.manual_seed(0)
    sizes = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 3, "decoder_attention_heads": 3}
    model = BartModel(BartConfig(vocab_size=31, d_model=12, encoder_ffn_dim=17, decoder_ffn_dim=17, **sizes)).eval()
    cap = Inspector(model)({"input_ids": torch.arange(7)[None], "decoder_input_ids": torch.arange(5)[None]})
    names = [entry["name"] for entry in params(cap.to_bertviz())["attention"]]
    assert names == ["Encoder", "Decoder", "Cross"]


@pytest.mark.parametrize(("view", "words"), [("head_view", 160), ("model_view", 100)])
def test_a_page_a_browser_would_choke_on_is_refused_with_advice(bundled, view, words):
    cap = bundled("word " * words)
    with pytest.raises(TooLarge, match=r"MB.*at most \d layer"):
        cap.to_bertviz(view)
    assert cap.to_bertviz(view, layers=[0])


def test_what_bertviz_does_not_have_is_said(sentence_capture):
    with pytest.raises(OutOfRange, match="head_view and model_view"):
        sentence_capture.to_bertviz("neuron_view")
    with pytest.raises(OutOfRange, match="0 to 5"):
        sentence_capture.to_bertviz(layers=[6])


def test_hostile_tokens_cannot_end_bertvizs_script(bundled):
    html = bundled("a </script><script>window.ran=1</script> b").to_bertviz(layers=[0])
    assert html.count("</script>") == 2
