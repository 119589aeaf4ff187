"""Fits on heads with position bias, cross attention, grouped keys, rotary positions, windows and learned sinks."""

from __future__ import annotations

import pytest
import torch
from transformers import GptOssConfig, GptOssForCausalLM, T5Config, T5Model

from inspector import Inspector
from inspector.analyses import fit_shown

T5 = T5Config(vocab_size=101, d_model=24, d_kv=5, d_ff=29, num_layers=2, num_heads=3, attn_implementation="eager")
GPT_OSS = GptOssConfig(
    vocab_size=101,
    hidden_size=48,
    intermediate_size=32,
    num_hidden_layers=2,
    num_attention_heads=6,
    num_key_value_heads=3,
    head_dim=8,
    num_local_experts=2,
    num_experts_per_tok=1,
    sliding_window=7,
    attn_implementation="eager",
)


def capture_of(config: T5Config | GptOssConfig):
    torch.manual_seed(4)
    model = (T5Model if isinstance(config, T5Config) else GptOssForCausalLM)(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2 and any(part in name for part in ("q.", "k.", "q_proj", "k_proj")):
                parameter.mul_(8)  # an untrained head is nearly uniform, which any fit could copy
            if "sinks" in name:
                parameter.fill_(0.5)
    batch = {"input_ids": torch.randint(3, 99, (2, 23))}
    if isinstance(config, T5Config):
        batch["decoder_input_ids"] = torch.randint(3, 99, (2, 19))
    return Inspector(model)(batch)


@pytest.fixture(scope="module")
def t5():
    return capture_of(T5)


@pytest.fixture(scope="module")
def gpt_oss():
    return capture_of(GPT_OSS)


@pytest.mark.parametrize(("tower", "kind"), [("encoder", "self"), ("decoder", "self"), ("decoder", "cross")])
def test_position_bias_and_cross_attention(t5, tower, kind):
    (fit,) = fit_shown(t5, 1, 2, [12], kind=kind, tower=tower, batch=1)
    assert fit.held_out.kl < 2e-3 < fit.baselines["uniform"].kl
    drawn, head = fit.weights(t5, batch=1), t5.call(1, kind, tower).weights(batch=1, heads=2)[0, 0]
    assert drawn.shape == head.shape
    assert (drawn - head).abs().max() < 0.05


@pytest.mark.parametrize("layer", [0, 1], ids=["sliding window", "full"])
def test_rotary_positions_grouped_keys_windows_and_sinks(gpt_oss, layer):
    (fit,) = fit_shown(gpt_oss, layer, 5, [18])
    assert fit.held_out.kl < 2e-3
    drawn, head = fit.weights(gpt_oss), gpt_oss.call(layer).weights(batch=0, heads=5)[0, 0]
    torch.testing.assert_close(drawn.sum(-1), head.sum(-1))
    assert head.sum(-1).max() < 1
    assert (drawn - head).abs().max() < 0.05
