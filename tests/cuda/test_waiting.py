"""A capture does not make the processor wait for the CUDA device while the model runs: its checks are read afterwards.

Two things are decided while the model runs, and wait: what form a mask has (once for each mask, not for each layer), and
whether the weights an eager kernel hands back are those of its queries and keys (once a layer; keeping both would cost the
memory of all maps).
"""

from __future__ import annotations

import warnings

import pytest
import torch

from inspector import capture
from tests.devices import DEVICE, no_waiting, on_device, tiny

pytestmark = on_device


def unpadded(name: str, **config) -> tuple[torch.nn.Module, dict]:
    model, inputs = tiny(name, **config)
    inputs.pop("attention_mask", None)
    return model, inputs


@pytest.mark.parametrize(
    "name", ["BertModel", "LlamaModel", "GPT2Model", "MistralModel", "BloomModel", "FalconModel", "DebertaModel", "ViTModel",
             "T5Model", "WhisperModel"]
)  # fmt: skip
def test_nothing_waits_while_the_model_runs(name: str) -> None:
    model, inputs = unpadded(name)
    with torch.no_grad():
        model(**inputs)
        with capture(model) as warm:
            model(**inputs)
        try:
            with no_waiting():
                model(**inputs)
        except RuntimeError:
            pytest.skip("the model itself waits")
        with capture(model) as cap, no_waiting():
            model(**inputs)
    assert len(cap.calls) == len(warm.calls) > 0
    assert not [miss for miss in cap.missing if "failed" in miss.reason]
    assert not cap.failed
    assert cap.residual is not None
    assert list(cap.sequences) == list(warm.sequences)


def waits(model: torch.nn.Module, inputs: dict, watched: bool) -> int:
    """How often the processor waited during one pass, after one that does not count."""
    with torch.no_grad():
        for _ in range(2):
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                if watched:
                    with capture(model), no_waiting("warn"):
                        model(**inputs)
                else:
                    with no_waiting("warn"):
                        model(**inputs)
    return sum("synchronizing" in str(entry.message) for entry in seen)


@pytest.mark.skipif(DEVICE != "cuda", reason="counts what waits for the device")
@pytest.mark.parametrize("name", ["BertModel", "LlamaModel", "FalconModel"])
def test_a_mask_is_waited_for_once_and_not_for_every_layer(name: str) -> None:
    added = []
    for layers in (2, 6):
        model, inputs = tiny(name, num_hidden_layers=layers)
        added.append(waits(model, inputs, True) - waits(model, inputs, False))
    assert added[0] == added[1]
