"""On a CUDA device: the weights eager attention reports, proved, without changing a bit of the output or leaving a trace."""

from __future__ import annotations

import pytest
import torch

from inspector import capture
from tests.devices import DEVICE, on_device, placed, tiny
from tests.hooks.matching import same_output, state_of, unmatched
from tests.tiny_models import FAMILIES, padding

pytestmark = on_device

NAMES = (
    "BertModel",  # sdpa
    "LlamaModel",  # shared keys
    "DeepseekV3Model",  # latent keys
    "DiffLlamaModel",  # two calls a module
    "MistralModel",  # sliding window
    "ModernBertModel",  # window on both sides
    "Gemma2Model",  # eager, soft-capped scores
    "GptOssModel",  # eager, learned sinks
    "T5Model",  # encoder and decoder, position bias
    "BartModel",
    "BloomModel",  # written by hand
    "FalconModel",
    "DebertaModel",
    "XLNetModel",
    "LongformerModel",  # bands
    "BigBirdModel",  # blocks
    "WhisperModel",  # sound
    "ViTModel",  # pictures
    "SwinModel",
    "SiglipModel",  # torch.nn.MultiheadAttention
    "Qwen2VLModel",
)
CHOSEN = [family for family in FAMILIES if family.cls in NAMES]


@pytest.mark.parametrize("family", CHOSEN, ids=str)
def test_capture_equals_eager_attention_and_changes_nothing(family) -> None:
    model = family.model()
    inputs = placed(family.feed(model))
    model = model.to(DEVICE)
    before = state_of(model)
    with torch.no_grad():
        torch.manual_seed(2)
        plain = model(**inputs)
        torch.manual_seed(2)
        with capture(model, proof_rows=None) as cap:
            watched = model(**inputs)
    assert same_output(plain, watched)
    assert state_of(model) == before
    assert cap.calls
    assert not [miss for miss in cap.missing if "failed" in miss.reason]
    assert all(call.evidence.device.type == DEVICE for call in cap.calls)
    assert all(call.residual is None or call.residual < 1e-4 for call in cap.calls)
    assert cap.residual is not None or {call.source for call in cap.calls} == {"reported"}
    if not family.eager_differs:
        assert not unmatched(cap, family.reference(inputs))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize(
    "name", ["BertModel", "LlamaModel", "MistralModel", "T5Model", "DebertaModel", "FalconModel", "SiglipModel"]
)
def test_other_precisions_pass_their_proof_and_change_nothing(name: str, dtype: torch.dtype) -> None:
    model, inputs = tiny(name, dtype=dtype)
    with torch.no_grad():
        plain = model(**inputs)
        with capture(model, proof_rows=None) as cap:
            watched = model(**inputs)
    assert same_output(plain, watched)
    assert cap.calls
    assert cap.residual is not None
    assert not cap.failed


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
@pytest.mark.parametrize("name", ["LlamaModel", "MistralModel", "BertModel"])
def test_rows_of_padding_on_the_left_are_proved_as_the_kernel_leaves_them(name: str, kernel: str, dtype: torch.dtype) -> None:
    model, inputs = tiny(name, kernel, dtype)
    inputs["attention_mask"] = padding(left=True).to(DEVICE)
    with torch.no_grad(), capture(model, proof_rows=None) as cap:
        model(**inputs)
    assert cap.calls
    assert not cap.failed


@pytest.mark.parametrize("name", ["LlamaModel", "SiglipModel", "DebertaModel"])
def test_training_gives_the_same_gradients(name: str) -> None:
    gradients = []
    for watched in (False, True):
        model, inputs = tiny(name)
        model.train()
        torch.manual_seed(4)
        if watched:
            with capture(model):
                output = model(**inputs)
        else:
            output = model(**inputs)
        main = output.last_hidden_state if "last_hidden_state" in output else output.logits_per_image
        main.sum().backward()
        gradients.append({n: p.grad for n, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], msg=name)
