"""Summaries of real architectures: what the hook layer hands over, summarised, against the weights of the same call."""

from __future__ import annotations

import pytest
import torch
import transformers as tf

from inspector import Inspector, capture

SMALL = {"vocab_size": 61, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
DECODER = SMALL | {"num_key_value_heads": 2, "max_position_embeddings": 512, "pad_token_id": 0}


def models():
    yield "llama, grouped keys", tf.LlamaModel, tf.LlamaConfig(**DECODER), "fused"
    yield "mistral, sliding window", tf.MistralModel, tf.MistralConfig(**DECODER, sliding_window=19, head_dim=8), "blocked"
    yield "gemma 2, soft-cap", tf.Gemma2Model, tf.Gemma2Config(**DECODER, head_dim=8, attn_implementation="eager"), "blocked"
    yield "bert", tf.BertModel, tf.BertConfig(**SMALL, max_position_embeddings=512), "fused"
    yield "t5, position bias", tf.T5EncoderModel, tf.T5Config(
        vocab_size=61, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4
    ), "blocked"  # fmt: skip


@pytest.fixture(params=list(models()), ids=lambda entry: entry[0])
def case(request):
    _, cls, config, how = request.param
    torch.manual_seed(0)
    return cls(config).eval(), how


def check(cap, batch, how=None):
    for call, layer in zip(cap.calls, cap.summarize(batch=batch, maximum=True).layers, strict=True):
        assert how in (None, layer.how), layer.why
        weights = call.weights(batch, dtype=torch.float64)[0]
        rest = 1 - weights.sum(-1)
        real = ~layer.entropy.isnan()
        assert torch.equal(real.any(0), layer.facts.real)
        entropy = torch.special.entr(weights).sum(-1) + torch.special.entr(
            rest.clamp_min(0) if "sink" in layer.mass else rest * 0
        )
        torch.testing.assert_close(layer.entropy[real].double(), entropy[real], atol=2e-5, rtol=0)
        torch.testing.assert_close(layer.maximum[real].double(), weights.amax(-1)[real], atol=2e-5, rtol=0)
        received = weights[:, layer.facts.content].sum(1)
        torch.testing.assert_close(layer.received.double(), received, atol=1e-5 * len(layer.facts.real), rtol=0)
        tile = call.tile(1, batch=batch)
        torch.testing.assert_close(tile.double(), weights[1], atol=1e-5, rtol=0)


def test_a_long_text_is_summarised_as_its_weights_say(case):
    model, how = case
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=torch.randint(1, 61, (1, 233)))
    check(cap, 0, how)


def test_a_padded_batch_is_summarised_item_by_item(case):
    model, _ = case
    ids, mask = torch.randint(1, 61, (3, 227)), torch.ones(3, 227, dtype=torch.long)
    mask[1, 205:] = 0
    mask[2, :13] = 0
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=ids * mask, attention_mask=mask)
    for batch in range(2):  # what a padding row of the third item sees differs between kernels
        for call, layer in zip(cap.calls, cap.summarize(batch=batch).layers, strict=True):
            weights = call.weights(batch, dtype=torch.float64)[0]
            real = mask[batch].bool()
            entropy = torch.special.entr(weights).sum(-1)[:, real]
            torch.testing.assert_close(layer.entropy[:, real].double(), entropy, atol=2e-5, rtol=0)


def test_learned_sinks_of_gpt_oss_are_counted():
    torch.manual_seed(0)
    config = tf.GptOssConfig(
        **DECODER, head_dim=8, num_local_experts=2, num_experts_per_tok=1, sliding_window=17, attn_implementation="eager",
        layer_types=["sliding_attention", "full_attention"],
    )  # fmt: skip
    model = tf.GptOssModel(config).eval()
    for layer in model.layers:
        torch.nn.init.normal_(layer.self_attn.sinks)
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=torch.randint(1, 61, (1, 229)))
    check(cap, 0)
    layers = cap.summarize().layers
    assert [layer.how for layer in layers] == ["blocked", "fused"]
    share = 1 - cap.calls[1].weights(0, dtype=torch.float64)[0].sum(-1)
    torch.testing.assert_close(layers[1].mass["sink"].double(), share, atol=1e-5, rtol=0)


def test_the_stitched_rows_of_a_generation_are_summarised():
    torch.manual_seed(0)
    model = tf.LlamaForCausalLM(tf.LlamaConfig(**DECODER)).eval()
    with torch.no_grad(), capture(model) as cap:
        model.generate(torch.randint(1, 61, (1, 211)), max_new_tokens=9, do_sample=False, pad_token_id=0, eos_token_id=None)
    assert cap.calls[0].shape == (1, 4, 219, 219)
    check(cap, 0)
    assert cap.summarize().layers[0].causal


def test_a_late_step_of_a_generation_stands_at_the_end_of_its_keys():
    torch.manual_seed(0)
    model = tf.LlamaModel(tf.LlamaConfig(**DECODER)).eval()
    ids = torch.randint(1, 61, (1, 216))
    with torch.no_grad():
        cache = model(input_ids=ids[:, :213], use_cache=True).past_key_values
        with capture(model) as cap:
            model(input_ids=ids[:, 213:], past_key_values=cache)
    call = cap.calls[0]
    assert call.shape == (1, 4, 3, 216)
    layer = cap.summarize().layers[0]
    weights = call.weights(0, dtype=torch.float64)[0]
    previous = torch.stack([weights[:, row, 212 + row] for row in range(3)], 1)
    torch.testing.assert_close(layer.previous.double(), previous, atol=1e-5, rtol=0)
    gap = (torch.arange(213, 216)[:, None] - torch.arange(216)[None]).abs()
    torch.testing.assert_close(layer.distance.double(), (weights * gap).sum(-1), atol=2e-3, rtol=0)


def test_cross_attention_of_a_translation_is_summarised():
    torch.manual_seed(0)
    config = tf.T5Config(vocab_size=61, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4, decoder_start_token_id=0)
    inspector = Inspector(tf.T5Model(config).eval())
    cap = inspector({"input_ids": torch.randint(1, 61, (1, 223)), "decoder_input_ids": torch.randint(1, 61, (1, 11))})
    layers = cap.summarize(kind="cross").layers
    assert len(layers) == 2
    for layer in layers:
        weights = layer.call.weights(0, dtype=torch.float64)[0]
        torch.testing.assert_close(layer.entropy.double(), torch.special.entr(weights).sum(-1), atol=2e-5, rtol=0)
        assert layer.previous.isnan().all()


def test_half_precision_models_are_summarised_in_float32():
    torch.manual_seed(0)
    model = tf.LlamaModel(tf.LlamaConfig(**DECODER)).eval().to(torch.bfloat16)
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=torch.randint(1, 61, (1, 233)))
    check(cap, 0, "fused")
