"""cap.compare: a head of a real model is the reference's attention, and every special feature is honoured."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    GptOssConfig,
    GptOssForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    T5Config,
    T5Model,
)

from inspector import AttentionCall, Capture, Inspector
from inspector.errors import CaptureError, InputError, OutOfRange, TooLarge
from inspector.masks import Mask
from inspector.scores import Given, Scores

SMALL = {
    "vocab_size": 101,
    "hidden_size": 48,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 6,
    "num_key_value_heads": 3,
    "head_dim": 8,
    "attn_implementation": "eager",
}


def capture_of(*calls: Scores | Given) -> Capture:
    return Capture([AttentionCall(f"layer.{n}", evidence, layer_index=n) for n, evidence in enumerate(calls)])


def random_scores(queries: int = 5, keys: int = 7, **options) -> Scores:
    return Scores(torch.randn(2, 3, queries, 11), torch.randn(2, 3, keys, 11), 11**-0.5, **options)


def test_by_hand():
    # q·k/√4 = 1·2/2 = 1 and 0: e/(e + 1)
    query, key = torch.tensor([[[[1.0, 0, 0, 0]]]]), torch.tensor([[[[2.0, 0, 0, 0], [0, 1, 0, 0]]]])
    found = capture_of(Scores(query, key, 0.5)).compare(layer=0, head=0)
    assert found.reference[0].tolist() == pytest.approx([0.7310585786, 0.2689414214], abs=1e-9)
    assert found.stated == ("scale 1/√4",)


@pytest.mark.parametrize("layer", range(6))
def test_every_layer_of_the_bundled_model_is_the_references_attention(sentence_capture, layer):
    for head in range(12):
        found = sentence_capture.compare(layer=layer, head=head)
        assert found.comparison.passed
        assert found.comparison.max_abs < 5e-6
        torch.testing.assert_close(found.difference, found.weights.double() - found.reference)
    assert found.proof.passed
    assert "is scaled dot-product attention: it differs from the reference by at most" in str(found)


@pytest.mark.parametrize(
    ("config", "model", "says"),
    [
        (
            lambda: Gemma2Config(**SMALL, attn_logit_softcapping=0.5, query_pre_attn_scalar=7, sliding_window=4),
            Gemma2ForCausalLM,
            "capped at ±0.5",
        ),
        (
            lambda: GptOssConfig(**SMALL, num_local_experts=2, num_experts_per_tok=1, sliding_window=4),
            GptOssForCausalLM,
            "learned sink",
        ),
        (lambda: MistralConfig(**SMALL, sliding_window=4), MistralForCausalLM, "each query sees 3 keys back and none ahead"),
        (
            lambda: T5Config(vocab_size=101, d_model=24, d_kv=8, d_ff=29, num_layers=2, num_heads=6, attn_implementation="eager"),
            T5Model,
            "position bias",
        ),
    ],
    ids=["soft-cap and scale", "sinks", "grouped keys and a window", "position bias"],
)
def test_what_a_model_does_beside_q_k_is_honoured_and_stated(config, model, says):
    made = model(config()).eval()
    batch = {"input_ids": torch.randint(3, 99, (2, 7)), "attention_mask": torch.ones(2, 7, dtype=torch.long)}
    batch["attention_mask"][1, :3] = 0
    if model is T5Model:
        batch["decoder_input_ids"] = torch.randint(3, 99, (2, 5))
    cap = Inspector(made)(batch)
    assert len(cap.calls) >= 2
    for call in cap.calls:
        for item in range(2):
            found = cap.compare(layer=call.layer_index, head=-1, kind=call.kind, tower=call.tower, batch=item)
            assert found.comparison.passed, (call, str(found))
            assert found.head == 5
    assert any(says in part for part in cap.compare(layer=0, head=0, batch=1).stated)


@pytest.mark.parametrize("fill", [float("-inf"), -65504.0])
def test_a_row_without_keys_is_what_the_models_kernel_makes_of_it(fill):
    dense = torch.ones(2, 1, 5, 7, dtype=torch.bool)
    dense[1, 0, 3] = False
    found = capture_of(random_scores(mask=Mask(dense=dense, fill=fill))).compare(layer=0, head=1, batch=1)
    assert found.comparison.passed
    assert found.reference[3].tolist() == pytest.approx([0.0 if fill == -float("inf") else 1 / 7] * 7)
    kind = "zeros" if fill == -float("inf") else "uniform"
    assert f"1 rows may see no key and are {kind}, as the model's kernel leaves them" in found.stated


def test_a_wrong_weight_is_found_and_named(monkeypatch):
    cap = capture_of(random_scores())
    right = Scores.weights

    def wrong(self, *args, **options):
        weights = right(self, *args, **options).clone()
        weights[..., 2, 4] += 0.01
        return weights

    monkeypatch.setattr(Scores, "weights", wrong)
    found = cap.compare(layer=0, head=1)
    assert not found.comparison
    assert found.comparison.where == (2, 4)
    assert found.sentence == "Layer 0 head 1 is not the reference's attention: it differs by 1.0e-02 at query 2, key 4."


def test_the_local_version_sees_its_window_only():
    scores = random_scores(7, 7)
    found = capture_of(scores).compare(layer=0, head=2, window=1)
    q, k = scores.query[0, 2].double(), scores.key[0, 2].double()
    for i in range(7):
        near = [j for j in range(7) if abs(i - j) <= 1]
        powers = {j: float(torch.exp(q[i] @ k[j] * scores.scale)) for j in near}
        assert found.local[i].tolist() == pytest.approx([powers.get(j, 0.0) / sum(powers.values()) for j in range(7)], abs=1e-9)
    inside = sum(float(found.weights[i, j]) for i in range(7) for j in range(7) if abs(i - j) <= 1) / 7
    assert found.local_mass == pytest.approx(inside, abs=1e-6)
    assert f"Within 1 keys to either side lie {inside:.1%} of its weight" in str(found)


def test_a_window_over_everything_is_the_head_itself(sentence_capture):
    found = sentence_capture.compare(layer=2, head=9, window=99)
    assert found.local_comparison.passed
    assert found.local_mass == pytest.approx(1.0, abs=1e-6)


def test_rows_can_be_chosen_and_keep_their_place():
    cap = capture_of(random_scores(7, 7, mask=Mask(right=0)))
    whole, part = cap.compare(layer=0, head=1, window=2), cap.compare(layer=0, head=1, window=2, queries=slice(3, 6))
    for name in ("weights", "reference", "local"):
        torch.testing.assert_close(getattr(part, name), getattr(whole, name)[3:6])


def test_half_precision_queries_and_keys_are_taken_as_they_are():
    plain = random_scores()
    cap = capture_of(Scores(plain.query.bfloat16(), plain.key.bfloat16(), plain.scale))
    assert cap.compare(layer=0, head=0).comparison.max_abs < 1e-6


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"layer": 2, "head": 0}, OutOfRange, r"Layer 2 was asked for\. .* Choose one of these\."),
        ({"layer": 0, "head": 3}, OutOfRange, r"Head 3 of 'layer.0' was asked for\. There are 3\. Use 0 to 2\."),
        ({"layer": 0, "head": 0, "batch": 2}, OutOfRange, r"Batch item 2"),
        (
            {"layer": 0, "head": 0, "window": -1},
            InputError,
            r"-1 was given as a window\. That is a whole number from 0\. Give 0 or more\.",
        ),
        ({"layer": 1, "head": 0}, CaptureError, r"q·k does not explain them\. Choose a layer"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_three_sentences(options, error, message):
    cap = capture_of(random_scores(), Given(torch.rand(2, 3, 5, 7).softmax(-1)))
    with pytest.raises(error, match=message):
        cap.compare(**options)


def test_too_many_weights_at_once_are_refused_with_what_would_fit():
    long = Scores(torch.zeros(1, 1, 8192, 1), torch.zeros(1, 1, 8192, 1), 1.0)
    with pytest.raises(TooLarge, match=r"8,192 × 8,192 weights .* 33,554,432 fit at once\. Choose rows, .*slice\(0, 4,096\)"):
        capture_of(long).compare(layer=0, head=0)
    assert capture_of(long).compare(layer=0, head=0, queries=slice(0, 2)).weights.shape == (2, 8192)
