"""What the decoder of an encoder-decoder is fed: the target as the tokenizer reads targets, or the model's own answer."""

from __future__ import annotations

import pytest
import torch
from transformers import BartConfig, BartForConditionalGeneration, GenerationConfig, NllbTokenizer

from inspector import Cancelled, InputError, Inspector, answers
from tests.tiny_families import special_of
from tests.tiny_models import Family


@pytest.fixture(scope="module")
def tokenizer():
    """A translator's: the source begins with one language, the target with another."""
    vocab = {name: at for at, name in enumerate(["<s>", "<pad>", "</s>", "<unk>", *sorted(set("▁onetwothreefourfive"))])}
    languages = ["eng_Latn", "fra_Latn"]
    return NllbTokenizer(vocab=vocab, merges=[], src_lang="eng_Latn", tgt_lang="fra_Latn", additional_special_tokens=languages)


@pytest.fixture(scope="module")
def model():
    """Its answers end: the end is likely enough that one text of a batch stops before the other."""
    torch.manual_seed(4)
    model = BartForConditionalGeneration(BartConfig(
        vocab_size=60, d_model=12, encoder_layers=1, decoder_layers=1, encoder_attention_heads=3, decoder_attention_heads=3,
        encoder_ffn_dim=17, decoder_ffn_dim=17, max_position_embeddings=64, forced_eos_token_id=None, init_std=0.6,
    )).eval()  # fmt: skip
    model.final_logits_bias[0, 2] = 5.0
    model.generation_config = GenerationConfig(
        max_length=9, num_beams=3, decoder_start_token_id=2, eos_token_id=2, pad_token_id=1, bos_token_id=0
    )
    return model


def fed(cap) -> list[int]:
    """What the decoder read, padding left out."""
    call = next(call for call in cap.calls if (call.tower, call.kind) == ("decoder", "self"))
    tokens = cap.query_tokens(call)
    return [i for i, padding in zip(tokens.ids, tokens.padding, strict=True) if not padding]


def written(model, inputs, **options) -> list[list[int]]:
    """What ``generate`` answers to each input, without the token that ends it or the last of a length."""
    found = []
    for row in model.generate(**inputs, **options).tolist():
        end = next((at for at, token in enumerate(row[1:], 1) if token == 2), len(row) - 1)
        found.append(row[:end])
    return found


def test_the_own_answer_is_what_generate_writes_under_the_models_own_settings(model, tokenizer):
    inspector = Inspector(model, tokenizer)
    inputs = inspector.encode("one two three")
    answer = written(model, inputs)[0]
    assert fed(inspector("one two three")) == answer
    assert answer != written(model, inputs, num_beams=1, max_new_tokens=64)[0]  # as it was: 64 tokens, greedy


def test_options_of_generate_change_the_answer(model, tokenizer):
    inspector = Inspector(model, tokenizer)
    forced = {"forced_bos_token_id": 7, "max_new_tokens": 4, "max_length": None}
    assert fed(inspector("one two", generate_kwargs=forced)) == written(model, inspector.encode("one two"), **forced)[0]
    assert fed(inspector("one two", generate_kwargs=forced))[:2] == [2, 7]


def test_of_several_answers_to_a_text_the_best_is_read(model, tokenizer):
    inspector = Inspector(model, tokenizer)
    texts = ["one two three", "five"]
    several = inspector(texts, generate_kwargs={"num_return_sequences": 3})
    one = inspector(texts)
    assert several.calls[-1].shape[0] == 2
    for a, b in zip(several.calls, one.calls, strict=True):
        torch.testing.assert_close(a.weights(), b.weights())


def test_a_batch_of_answers_gives_each_text_the_weights_it_has_alone(model, tokenizer):
    inspector = Inspector(model, tokenizer)
    texts = ["one two three", "five", "four four two", "two"]
    together = inspector(texts)
    answers = written(model, inspector.encode(texts))
    assert len({len(answer) for answer in answers}) > 1
    for at, text in enumerate(texts):
        rows = len(answers[at])
        alone = inspector({**inspector.encode(text), "decoder_input_ids": torch.tensor([answers[at]])})
        for both, one in zip(together.calls, alone.calls, strict=True):
            queries, keys = one.shape[2:]
            torch.testing.assert_close(both.weights(at)[:, :, :queries, :keys], one.weights(), atol=2e-6, rtol=0)
        call = together.call(0, tower="decoder", kind="self")
        assert [not padding for padding in together.query_tokens(call, at).padding] == [i < rows for i in range(call.shape[2])]


def test_a_target_is_read_as_a_target_and_shifted_as_the_model_shifts_labels(model, tokenizer):
    inspector = Inspector(model, tokenizer)
    labels = tokenizer(text_target="three four", return_tensors="pt")["input_ids"]
    assert labels.tolist() != tokenizer("three four", return_tensors="pt")["input_ids"].tolist()
    expected = model.prepare_decoder_input_ids_from_labels(labels=labels)[0].tolist()
    assert fed(inspector("one two", "three four")) == expected
    assert fed(inspector({**inspector.encode("one two"), "labels": labels})) == expected
    together = inspector(["one two", "five"], ["three four", "two"])
    assert fed(together) == expected
    call = together.call(0, tower="decoder", kind="self")
    own = len(tokenizer(text_target="two")["input_ids"])
    assert together.query_tokens(call, 1).padding == tuple(i >= own for i in range(len(expected)))


@pytest.mark.parametrize(
    ("name", "main"), [("WhisperForConditionalGeneration", "input_features"), ("VisionEncoderDecoderModel", "pixel_values")]
)
def test_an_answer_to_a_sound_or_a_picture_is_written_first(name, main):
    import transformers

    special = special_of(getattr(transformers, name))
    family = Family(name, special.config, special.inputs)
    model = family.model()
    inputs = {main: family.feed(model)[main]}
    options = {"max_new_tokens": 6, "eos_token_id": -1}
    cap = Inspector(model)(inputs, generate_kwargs=options)
    answer = model.generate(**inputs, **options, return_dict_in_generate=True).sequences[0].tolist()
    assert fed(cap) == answer[:-1]
    assert {(call.tower, call.kind) for call in cap.calls} == {("encoder", "self"), ("decoder", "self"), ("decoder", "cross")}
    assert all(call.proof.rows == call.shape[2] for call in cap.calls)


def test_an_answer_without_end_is_bounded_says_so_and_can_be_cancelled(tokenizer, monkeypatch):
    long = BartForConditionalGeneration(BartConfig(
        vocab_size=60, d_model=6, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1, decoder_attention_heads=1,
        encoder_ffn_dim=3, decoder_ffn_dim=3, max_position_embeddings=4096, forced_eos_token_id=None, eos_token_id=59,
    )).eval()  # fmt: skip
    long.generation_config.max_length = 4000
    inspector = Inspector(long, tokenizer)
    assert answers._settings(long, {})["max_length"] == answers._LONGEST == 512
    assert answers._settings(long, {"max_length": 4000})["max_length"] == 4000
    monkeypatch.setattr(answers, "_LONGEST", 23)
    with pytest.warns(UserWarning, match="cut at 23 tokens"):
        assert len(fed(inspector("one"))) == 22
    told: list[float] = []

    def enough(share: float) -> bool:
        told.append(share)
        return len(told) < 60

    with pytest.raises(Cancelled):
        inspector("one", progress=enough)
    assert len(told) == 60


def test_a_model_that_names_no_length_writes_no_more_than_it_has_positions_for(bundled):
    short = BartForConditionalGeneration(BartConfig(
        vocab_size=30522, d_model=6, encoder_layers=1, decoder_layers=1, encoder_attention_heads=1, decoder_attention_heads=1,
        encoder_ffn_dim=3, decoder_ffn_dim=3, max_position_embeddings=17, forced_eos_token_id=None, eos_token_id=30000,
    )).eval()  # fmt: skip
    assert len(fed(Inspector(short, bundled.tokenizer)("one two"))) == 16


def test_a_classifier_makes_its_decoders_input_itself():
    family = Family("BartForSequenceClassification")
    model = family.model()
    inputs = family.feed(model)
    assert "decoder_input_ids" not in inputs
    assert Inspector(model)(inputs).call(0, tower="decoder").shape[2] == inputs["input_ids"].shape[1]


def test_an_answer_that_cannot_be_written_says_where_its_options_go(model, tokenizer):
    with pytest.raises(InputError, match="generate_kwargs"):
        Inspector(model, tokenizer)("one", generate_kwargs={"num_beams": 2, "num_return_sequences": 5})
