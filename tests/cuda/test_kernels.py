"""The kernels that only a CUDA device runs as they are meant to: flex attention compiled, flash attention where installed."""

from __future__ import annotations

import importlib.util

import pytest
import torch

from inspector import capture
from tests.devices import DEVICE, on_device, tiny
from tests.hooks.matching import same_output, unmatched
from tests.tiny_models import Family

pytestmark = on_device

WIDE = {"head_dim": 16}
MODELS = {
    "LlamaModel": WIDE,
    "MistralModel": WIDE | {"sliding_window": 3},
    "Gemma2Model": WIDE | {"sliding_window": 3},
    "GptOssModel": WIDE,
    "BertModel": {"hidden_size": 64},
}


@pytest.mark.parametrize("name", MODELS)
def test_flex_attention_is_captured_with_the_weights_of_eager_attention(name: str) -> None:
    model, inputs = tiny(name, "flex_attention", **MODELS[name])
    with torch.no_grad():
        plain = model(**inputs)
        with capture(model, proof_rows=None) as cap:
            watched = model(**inputs)
    assert same_output(plain, watched)
    assert [call.source for call in cap.calls] == ["interface:flex_attention"] * len(cap.calls)
    assert not cap.missing
    assert cap.residual is not None
    assert cap.residual < 1e-4
    assert not unmatched(cap, Family(name, config=MODELS[name]).reference(inputs), 1e-4)


def test_layers_share_the_mask_of_flex_attention() -> None:
    model, inputs = tiny("BertModel", "flex_attention", **MODELS["BertModel"])
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    assert cap.calls[0].evidence.mask is cap.calls[1].evidence.mask


@pytest.mark.parametrize("kernel", ["flash_attention_2", "flash_attention_3"])
@pytest.mark.parametrize("name", ["LlamaModel", "MistralModel", "BertModel"])
def test_flash_attention_passes_its_proof(name: str, kernel: str) -> None:
    package = {"flash_attention_2": "flash_attn", "flash_attention_3": "flash_attn_interface"}[kernel]
    if DEVICE != "cuda" or importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    model, inputs = tiny(name, kernel, torch.bfloat16, **MODELS[name])
    with torch.no_grad():
        plain = model(**inputs)
        with capture(model, proof_rows=None) as cap:
            watched = model(**inputs)
    assert same_output(plain, watched)
    assert not cap.failed
    assert cap.residual is not None
