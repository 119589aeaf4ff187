"""Generation: the rows of every step, stitched over absolute positions, whatever cache holds the keys."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import DynamicCache

from inspector import Capture, capture
from tests.tiny_models import Family, padding

PROMPT, NEW = 7, 6
OPTIONS = {"max_new_tokens": NEW, "min_new_tokens": NEW, "pad_token_id": 0, "decoder_start_token_id": 0, "do_sample": False}


def prompt(left: bool = False) -> dict[str, torch.Tensor]:
    torch.manual_seed(3)
    ids = torch.randint(5, 90, (2, PROMPT))
    mask = padding(PROMPT, left=True) if left else torch.ones(2, PROMPT, dtype=torch.long)
    return {"input_ids": ids * mask, "attention_mask": mask}


def teacher_forced(model: nn.Module, sequences: torch.Tensor, mask: torch.Tensor) -> Capture:
    """One pass over everything that was written, positions as generation counts them."""
    mask = torch.cat([mask, mask.new_ones(len(sequences), sequences.shape[1] - mask.shape[1])], 1)
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=sequences, attention_mask=mask, position_ids=positions)
    return cap


def live(weights: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The largest difference over rows that have a key at all (padding rows differ by kernel)."""
    return ((weights - other) * ((weights.sum(-1, keepdim=True) > 0) & (other.sum(-1, keepdim=True) > 0))).abs().amax()


CACHES: dict[str, dict[str, Any]] = {
    "dynamic": {},
    "static": {"cache_implementation": "static", "disable_compile": True},
    "none": {"use_cache": False},
}


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("left", [False, True], ids=["full", "left-padded"])
@pytest.mark.parametrize("family", ["LlamaForCausalLM", "MistralForCausalLM", "Gemma3ForCausalLM"])
def test_stitched_generation_equals_one_pass_over_what_was_written(family: str, left: bool, cache: str) -> None:
    model, inputs = Family(family).model(), prompt(left)
    with capture(model) as cap:
        sequences = model.generate(**inputs, **OPTIONS, **CACHES[cache])
    whole = teacher_forced(model, sequences[:, :-1], inputs["attention_mask"])
    real = torch.cat([inputs["attention_mask"], torch.ones(2, NEW - 1)], 1).bool()
    assert len(cap.calls) == len(whole.calls) == 2
    for ours, theirs in zip(cap.calls, whole.calls, strict=True):
        assert ours.shape == (2, 4, PROMPT + NEW - 1, PROMPT + NEW - 1)
        difference = (ours.weights() - theirs.weights()).masked_fill(~real[:, None, :, None], 0.0)
        assert difference.abs().amax() < 1e-5
    assert [len(tokens) for tokens in cap.sequences["input"]] == [PROMPT + NEW - 1] * 2
    assert cap.tokens[0] == [str(i) for i in sequences[0, :-1].tolist()]
    assert not cap.failed


@pytest.mark.parametrize("family", ["BloomForCausalLM", "FalconForCausalLM", "GPT2LMHeadModel"])
def test_hand_written_models_are_stitched_as_well(family: str) -> None:
    model, inputs = Family(family).model(), prompt()
    with capture(model) as cap:
        sequences = model.generate(**inputs, **OPTIONS)
    with torch.no_grad(), capture(model) as whole:
        model(input_ids=sequences[:, :-1])
    for ours, theirs in zip(cap.calls, whole.calls, strict=True):
        assert (ours.weights() - theirs.weights()).abs().amax() < 1e-5


@pytest.mark.parametrize("family", ["LlamaForCausalLM", "GPT2LMHeadModel"])
def test_every_beam_keeps_the_rows_of_its_own_past(family: str) -> None:
    model, inputs = Family(family).model(), prompt()
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS, num_beams=3)
    written = torch.tensor([[int(token) for token in tokens] for tokens in cap.tokens])
    assert written.shape == (6, PROMPT + NEW - 1)
    assert len({tuple(row) for row in written.tolist()}) == 6
    with torch.no_grad(), capture(model) as whole:
        model(input_ids=written)
    for ours, theirs in zip(cap.calls, whole.calls, strict=True):
        assert (ours.weights() - theirs.weights()).abs().amax() < 1e-5


def test_sampling_draws_the_same_tokens_and_is_stitched() -> None:
    model, inputs = Family("LlamaForCausalLM").model(), prompt(left=True)
    options = OPTIONS | {"do_sample": True}
    torch.manual_seed(11)
    plain = model.generate(**inputs, **options)
    torch.manual_seed(11)
    with capture(model) as cap:
        watched = model.generate(**inputs, **options)
    assert torch.equal(plain, watched)
    assert cap.calls[0].shape[2:] == (PROMPT + NEW - 1, PROMPT + NEW - 1)


@pytest.mark.parametrize("family", ["T5ForConditionalGeneration", "BartForConditionalGeneration"])
@pytest.mark.parametrize("beams", [1, 3])
def test_encoder_decoders_have_three_towers_and_two_sequences(family: str, beams: int) -> None:
    model, inputs = Family(family).model(), prompt()
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS, num_beams=beams)
    assert set(cap.towers) == {("encoder", "self"), ("decoder", "self"), ("decoder", "cross")}
    assert cap.group("encoder", "self")[0].shape == (2, 4, PROMPT, PROMPT)
    assert cap.group("decoder", "self")[0].shape == (2 * beams, 4, NEW, NEW)
    assert cap.group("decoder", "cross")[0].shape == (2 * beams, 4, NEW, PROMPT)
    assert [len(t) for t in cap.sequences["input"]] == [PROMPT] * 2
    assert [len(t) for t in cap.sequences["output"]] == [NEW] * 2 * beams
    written = torch.tensor([[int(token.tokens[i]) for i in range(NEW)] for token in cap.sequences["output"]])
    repeated = {name: value.repeat_interleave(beams, 0) for name, value in inputs.items()}
    with torch.no_grad(), capture(model) as whole:
        model(**repeated, decoder_input_ids=written)
    for kind in ("self", "cross"):
        for ours, theirs in zip(cap.group("decoder", kind), whole.group("decoder", kind), strict=True):
            assert (ours.weights() - theirs.weights()).abs().amax() < 1e-5


def test_a_prompt_kept_in_a_cache_offsets_rows_against_columns() -> None:
    model, inputs = Family("LlamaForCausalLM").model(), prompt()
    cache = DynamicCache(config=model.config)
    with torch.no_grad():
        model(inputs["input_ids"][:, :4], past_key_values=cache)
        with capture(model) as cap:
            model(inputs["input_ids"][:, 4:], past_key_values=cache)
        with capture(model) as whole:
            model(inputs["input_ids"])
    assert cap.calls[0].shape == (2, 4, PROMPT - 4, PROMPT)
    assert (cap.calls[0].weights() - whole.calls[0].weights(queries=slice(4, None))).abs().amax() < 1e-5


def test_two_inputs_in_one_block_stay_two_inputs() -> None:
    model, inputs = Family("LlamaForCausalLM").model(), prompt()
    with torch.no_grad(), capture(model) as cap:
        model(inputs["input_ids"])
        model(inputs["input_ids"][:, :5])
    assert [call.step for call in cap.calls] == [0, 0, 1, 1]
    assert [len(cap.query_tokens(call)) for call in cap.calls] == [7, 7, 5, 5]
    assert cap.query_tokens(cap.calls[2]).ids == tuple(inputs["input_ids"][0, :5].tolist())


def test_a_generation_keeps_each_key_once() -> None:
    model, inputs = Family("LlamaForCausalLM").model(), prompt()
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS)
    call = cap.calls[0]
    tokens = PROMPT + NEW - 1
    assert call.evidence.tensors()["key"].untyped_storage().nbytes() == 2 * 2 * tokens * 8 * 4


def test_a_long_generation_needs_no_table_for_its_mask(monkeypatch) -> None:
    model, inputs = Family("MistralForCausalLM").model(), prompt(left=True)
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS)
    monkeypatch.setattr("inspector.hooks.growing._LARGEST", 0)
    with capture(model) as banded:
        model.generate(**inputs, **OPTIONS)
    for ours, theirs in zip(banded.calls, cap.calls, strict=True):
        assert ours.evidence.mask.is_band
        assert (ours.weights() - theirs.weights())[:, :, 2:].abs().amax() < 1e-5


def test_a_rejected_guess_leaves_no_row() -> None:
    model = Family("LlamaForCausalLM").model()
    torch.manual_seed(3)
    ids = torch.randint(5, 90, (1, PROMPT)).repeat(
        1, 3
    )  # repeats itself, so that guesses are made, and is untrained, so that most are wrong
    fed: list[int] = []
    with (
        capture(model) as cap,
        model.register_forward_pre_hook(lambda _, args, kwargs: fed.append(kwargs["input_ids"].shape[1]), with_kwargs=True),
    ):
        written = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), prompt_lookup_num_tokens=4, **OPTIONS | {"max_new_tokens": 12}
        )
    assert sum(fed) > written.shape[1] - 1  # positions were fed twice
    with torch.no_grad(), capture(model) as whole:
        model(written[:, :-1])
    assert cap.tokens[0] == [str(i) for i in written[0, :-1].tolist()]
    for ours, theirs in zip(cap.calls, whole.calls, strict=True):
        assert ours.shape == theirs.shape
        assert (ours.weights() - theirs.weights()).abs().amax() < 1e-5
