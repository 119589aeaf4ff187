"""From a text to a capture."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import BartConfig, BartForConditionalGeneration, GPT2Config, GPT2LMHeadModel

from inspector import Inspector, capture
from inspector.errors import Cancelled, EmptyInput, InputError, InputTooLong, NoAttention
from inspector.views.manifest import manifest_of
from tests.hooks.matching import state_of
from tests.tiny_models import Family

spec = importlib.util.spec_from_file_location("folders", Path(__file__).with_name("folders.py"))
folders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(folders)


def test_tokens_are_the_tokenizers_own(bundled):
    cap = bundled("The unbelievable cat.", "It sat.")
    assert cap.tokens == [
        bundled.tokenizer.convert_ids_to_tokens(bundled.tokenizer("The unbelievable cat.", "It sat.").input_ids)
    ]
    tokens = cap.query_tokens(cap.calls[0])
    assert set(tokens.segments) == {-1, 0, 1}
    assert tokens.special[0]
    assert tokens.special[-1]


def test_a_batch_gives_each_text_the_weights_it_has_alone(bundled):
    texts = ["A short one.", "A second text that is quite a bit longer than the first."]
    together = bundled(texts)
    for at, text in enumerate(texts):
        alone = bundled(text)
        length = len(alone.tokens[0])
        assert together.tokens[at][:length] == alone.tokens[0]
        for both, one in zip(together.calls, alone.calls, strict=True):
            torch.testing.assert_close(both.weights(at)[:, :, :length, :length], one.weights(), atol=2e-6, rtol=0)
            assert float(both.weights(at)[:, :, :length, length:].abs().sum()) == 0.0


def test_weights_equal_those_of_eager_attention(bundled, sentence_capture):
    eager = Inspector.from_pretrained("bundled", attn_implementation="eager")
    inputs = eager.encode(
        " ".join(["The animal didn't cross the street because it was too tired,", "so the driver stopped and waited for it."])
    )
    with torch.no_grad():
        expected = eager.model(**inputs, output_attentions=True).attentions
    for call, theirs in zip(sentence_capture.calls, expected, strict=True):
        torch.testing.assert_close(call.weights(), theirs, atol=2e-6, rtol=0)


def test_the_output_is_bit_for_bit_that_of_the_unwatched_model(bundled):
    inputs = bundled.encode("Nothing may change.")
    with torch.no_grad():
        alone = bundled.model(**inputs).last_hidden_state
        with capture(bundled.model):
            watched = bundled.model(**inputs).last_hidden_state
    assert torch.equal(alone, watched)


@pytest.mark.parametrize("text", ["", " \n\t", "\u3000"])
def test_an_empty_text_is_refused(bundled, text):
    with pytest.raises(EmptyInput):
        bundled(text)


def test_a_long_text_is_never_cut_in_silence(bundled):
    text = "word " * 700
    with pytest.raises(InputTooLong, match="702 tokens and the model takes 512") as caught:
        bundled(text)
    assert (caught.value.tokens, caught.value.limit) == (702, 512)
    assert len(bundled(text, truncate=True).tokens[0]) == 512


def test_a_paste_of_a_megabyte_is_counted_and_refused(bundled):
    with pytest.raises(InputTooLong, match="tokens"):
        bundled("lorem ipsum " * 90_000)


def test_a_text_of_lone_surrogates_and_controls_is_data(bundled):
    cap = bundled("a\ud800b\x00\u202e<script>alert(1)</script>{{x}}${x}")
    assert cap.residual < 1e-5


def test_a_model_without_tokenizer_takes_encodings_but_no_text(tmp_path):
    inspector = Inspector.from_pretrained(folders.bert(tmp_path))
    with pytest.raises(InputError, match="without a tokenizer"):
        inspector("hello")
    cap = inspector({"input_ids": torch.tensor([[1, 2, 3, 5, 7]])})
    assert cap.calls[0].shape == (1, 3, 5, 5)


def test_a_model_without_attention_says_so(tmp_path):
    inspector = Inspector.from_pretrained(folders.without_attention(tmp_path))
    with pytest.raises(NoAttention, match="Fourier"):
        inspector({"input_ids": torch.tensor([[1, 2, 3]])})
    with pytest.raises(NoAttention):
        Inspector(nn.Sequential(nn.Linear(3, 3)))({"input": torch.zeros(1, 3)})


def test_training_flags_and_hooks_are_put_back_even_after_an_error(tmp_path):
    model = Inspector.from_pretrained(folders.bert(tmp_path)).model
    model.train()
    model.embeddings.eval()
    before = [m.training for m in model.modules()], [dict(m._forward_hooks) for m in model.modules()]
    inspector = Inspector(model)
    inspector({"input_ids": torch.tensor([[1, 2, 3]])})
    model.embeddings.word_embeddings.register_forward_hook(lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    hooks = dict(model.embeddings.word_embeddings._forward_hooks)
    with pytest.raises(KeyboardInterrupt):
        inspector({"input_ids": torch.tensor([[1, 2]])})
    assert dict(model.embeddings.word_embeddings._forward_hooks) == hooks
    model.embeddings.word_embeddings._forward_hooks.clear()
    assert before == ([m.training for m in model.modules()], [dict(m._forward_hooks) for m in model.modules()])


def test_a_tokenizer_without_padding_still_makes_batches():
    model = GPT2LMHeadModel(GPT2Config(n_embd=12, n_head=3, n_layer=2, vocab_size=30522, n_positions=64)).eval()
    tokenizer = Inspector.from_pretrained("bundled").tokenizer
    tokenizer.pad_token = None
    cap = Inspector(model, tokenizer)(["one two", "one two three four"])
    assert cap.query_tokens(cap.calls[0], 0).padding == (False, False, False, False, True, True)


def test_an_encoder_decoder_answers_first_or_reads_the_given_target(bundled):
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=30522, d_model=12, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3, decoder_attention_heads=3,
        encoder_ffn_dim=17, decoder_ffn_dim=17, max_position_embeddings=64, decoder_start_token_id=101, forced_eos_token_id=None,
    )  # fmt: skip
    inspector = Inspector(BartForConditionalGeneration(config).eval(), bundled.tokenizer)
    given = inspector("one two three", "four five")
    cross = [call for call in given.calls if call.kind == "cross"]
    assert cross[0].shape[2:] == (4, 5)
    assert list(given.query_tokens(cross[0]).tokens) == ["[CLS]", "[CLS]", "four", "five"]
    written = inspector("one two three")
    assert {call.kind for call in written.calls} == {"self", "cross"}


def test_ids_the_model_does_not_know_are_refused_before_it_runs(tmp_path):
    inspector = Inspector.from_pretrained(folders.bert(tmp_path))
    with pytest.raises(InputError, match="0 to 30"):
        inspector({"input_ids": torch.tensor([[1, 999]])})


def test_encodings_need_not_be_tensors(bundled):
    text = "A cat sat."
    expected = bundled(text).calls[0].weights()
    for given in (
        bundled.tokenizer(text),
        bundled.tokenizer(text, return_tensors="np"),
        bundled.tokenizer([text], return_tensors="pt"),
    ):
        torch.testing.assert_close(bundled(given).calls[0].weights(), expected)
    with pytest.raises(InputError, match="no rectangle"):
        bundled(bundled.tokenizer(["one", "one two three"]))


def test_a_tuple_is_a_pair_and_a_list_of_tuples_a_batch_of_pairs(bundled):
    pair = bundled("A cat sat.", "It purred.")
    assert bundled(("A cat sat.", "It purred.")).tokens == pair.tokens
    both = bundled([("A cat sat.", "It purred."), ("One.", "Two.")])
    assert both.tokens[0] == pair.tokens[0]
    assert len(both.tokens) == 2


@pytest.mark.parametrize("given", [None, 5, 2.5, ["a", None], b"bytes"])
def test_what_is_no_text_is_refused_in_words(bundled, given):
    with pytest.raises(InputError):
        bundled(given)


@pytest.mark.parametrize("text", ["\ufffd", "\x07", "\u202e"])
def test_a_text_of_which_no_token_is_left_is_empty(bundled, text):
    with pytest.raises(EmptyInput, match="no token"):
        bundled(text)


def test_positions_that_belong_to_padding_do_not_count(bundled):
    from transformers import RobertaConfig, RobertaModel

    torch.manual_seed(0)
    sizes = {"hidden_size": 12, "num_hidden_layers": 1, "num_attention_heads": 3, "intermediate_size": 17, "vocab_size": 30522}
    inspector = Inspector(
        RobertaModel(RobertaConfig(**sizes, max_position_embeddings=20, pad_token_id=1)).eval(), bundled.tokenizer
    )
    assert inspector.max_tokens == 18
    assert inspector("word " * 16).calls[0].shape[2] == 18
    with pytest.raises(InputTooLong, match="19 tokens and the model takes 18"):
        inspector("word " * 17)


def test_a_damaged_tokenizer_is_not_called_a_missing_one(tmp_path):
    folder = folders.bert(tmp_path)
    (folder / "tokenizer.json").write_text("{broken")
    with pytest.raises(InputError, match="cannot be read"):
        Inspector.from_pretrained(folder)("hello")


def test_a_model_that_takes_no_text_says_what_it_takes(bundled):
    from transformers import ViTConfig, ViTModel

    model = ViTModel(
        ViTConfig(hidden_size=12, num_hidden_layers=1, num_attention_heads=3, intermediate_size=17, image_size=8, patch_size=4)
    )
    with pytest.raises(InputError, match="pixel_values"):
        Inspector(model.eval(), bundled.tokenizer)("hello")


def test_a_short_text_is_proven_in_every_row(bundled):
    cap = bundled("Every row is checked.")
    assert all(call.proof.rows == call.shape[2] for call in cap.calls)


def test_each_forward_pass_of_a_block_can_be_reached_and_a_page_shows_one(bundled):
    from inspector.views.steps import one_forward

    with torch.no_grad(), capture(bundled.model, tokenizer=bundled.tokenizer) as cap:
        bundled.model(**bundled.encode("One."))
        bundled.model(**bundled.encode("One two zebra."))
    assert cap.call(0, step=0).shape[2:] == (4, 4)
    assert cap.call(0).shape[2:] == (6, 6)
    manifest = manifest_of(one_forward(cap))
    assert [layer["queries"] for layer in manifest["groups"][0]["layers"]] == [6] * 6
    assert "zebra" in cap.to_html("head_view")
    assert "zebra" not in cap.to_html("head_view", step=0)


def test_a_run_says_how_far_it_is(bundled):
    shares: list[float] = []
    capture = bundled("A short text.", progress=shares.append)
    assert shares[0] == 0.0
    assert shares == sorted(shares)
    assert 0.9 < shares[-1] <= 1.0
    torch.testing.assert_close(capture.calls[3].evidence.query, bundled("A short text.").calls[3].evidence.query)


def test_a_run_can_be_cancelled_and_leaves_the_model_as_it_was(bundled):
    before, told = state_of(bundled.model), []

    def enough(share: float) -> bool:
        told.append(share)
        return share < 0.5

    with pytest.raises(Cancelled, match="cancelled at 51%"):
        bundled("A short text.", progress=enough)
    assert sum(share >= 0.5 for share in told) == 1  # nothing ran after the answer
    assert state_of(bundled.model) == before
    assert len(bundled("A short text.")) == 6


def test_two_runs_of_one_model_do_not_hear_of_each_other(bundled):
    told: dict[str, list[float]] = {"cancelled": [], "other": []}

    def soon_enough(share: float) -> bool:
        told["cancelled"].append(share)
        return share < 0.1

    def other() -> None:
        for _ in range(5):
            bundled("Another text.", progress=told["other"].append)

    thread = threading.Thread(target=other)
    thread.start()
    for _ in range(5):
        with pytest.raises(Cancelled):
            bundled("A short text.", progress=soon_enough)
    thread.join()
    assert len(told["other"]) % 5 == 0
    assert max(told["other"]) > 0.9
    assert max(told["cancelled"]) < 0.2


def test_the_proof_line_says_how_much_of_the_least_checked_call_was_seen() -> None:
    family = Family("SiglipModel")  # its pooling has one query, its patches more, its text fewer
    model = family.model()
    for proof_rows, rows, queries in ((None, 16, 16), (8, 8, 16), (1, 1, 16)):
        with torch.no_grad(), capture(model, proof_rows=proof_rows) as cap:
            model(**family.feed(model))
        proof = manifest_of(cap)["proof"]
        assert (proof["rows"], proof["queries"]) == (rows, queries)
