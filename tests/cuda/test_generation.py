"""Generation on a CUDA device, whatever cache holds the keys."""

from __future__ import annotations

import pytest
import torch

from inspector import capture
from tests.devices import DEVICE, on_device, placed
from tests.hooks.test_generation import CACHES, NEW, OPTIONS, PROMPT, prompt, teacher_forced
from tests.tiny_models import Family

pytestmark = on_device


@pytest.mark.parametrize("cache", CACHES)
@pytest.mark.parametrize("left", [False, True], ids=["full", "left-padded"])
@pytest.mark.parametrize("family", ["LlamaForCausalLM", "MistralForCausalLM"])
def test_stitched_generation_equals_one_pass_over_what_was_written(family: str, left: bool, cache: str) -> None:
    model, inputs = Family(family).model().to(DEVICE), placed(prompt(left))
    plain = model.generate(**inputs, **OPTIONS, **CACHES[cache])
    with capture(model) as cap:
        sequences = model.generate(**inputs, **OPTIONS, **CACHES[cache])
    assert torch.equal(plain, sequences)
    whole = teacher_forced(model, sequences[:, :-1], inputs["attention_mask"])
    real = torch.cat([inputs["attention_mask"], torch.ones(2, NEW - 1, device=DEVICE)], 1).bool()
    assert len(cap.calls) == len(whole.calls) == 2
    for ours, theirs in zip(cap.calls, whole.calls, strict=True):
        assert ours.shape == (2, 4, PROMPT + NEW - 1, PROMPT + NEW - 1)
        difference = (ours.weights() - theirs.weights()).masked_fill(~real[:, None, :, None], 0.0)
        assert difference.abs().amax() < 1e-5
    assert cap.tokens[0] == [str(i) for i in sequences[0, :-1].tolist()]
    assert not cap.failed


def test_a_static_cache_that_would_compile_the_model_is_captured() -> None:
    model, inputs = Family("LlamaForCausalLM").model().to(DEVICE), placed(prompt())
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS, cache_implementation="static")
    assert [call.shape[2:] for call in cap.calls] == [(PROMPT + NEW - 1, PROMPT + NEW - 1)] * 2
    assert not cap.failed


@pytest.mark.parametrize("family", ["BloomForCausalLM", "T5ForConditionalGeneration"])
def test_other_models_and_beams_are_stitched_as_well(family: str) -> None:
    model, inputs = Family(family).model().to(DEVICE), placed(prompt())
    with capture(model) as cap:
        model.generate(**inputs, **OPTIONS, num_beams=3)
    assert cap.calls
    assert not cap.missing
    assert not cap.failed


def test_sampling_draws_the_same_tokens() -> None:
    model, inputs = Family("LlamaForCausalLM").model().to(DEVICE), placed(prompt(left=True))
    options = OPTIONS | {"do_sample": True}
    torch.manual_seed(11)
    plain = model.generate(**inputs, **options)
    torch.manual_seed(11)
    with capture(model) as cap:
        watched = model.generate(**inputs, **options)
    assert torch.equal(plain, watched)
    assert cap.calls[0].shape[2:] == (PROMPT + NEW - 1, PROMPT + NEW - 1)


def test_a_generation_can_be_offloaded(tmp_path) -> None:
    model, inputs = Family("LlamaForCausalLM").model().to(DEVICE), placed(prompt())
    with capture(model) as plain:
        model.generate(**inputs, **OPTIONS)
    with capture(model, offload_to=tmp_path) as cap:
        model.generate(**inputs, **OPTIONS)
    assert not cap.missing
    for one, two in zip(plain.calls, cap.calls, strict=True):
        assert two.evidence.device.type == "cpu"
        torch.testing.assert_close(one.weights().cpu(), two.weights(), atol=1e-6, rtol=0)
