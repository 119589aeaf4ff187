"""The article's five steps: each by hand, then together against the module and a plain float64 loop."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from reference import (
    AdditiveAttention,
    AttentionInputError,
    DotProductAttention,
    LocalPredictiveAttention,
    ScaledDotProductAttention,
)
from reference.five_steps import encode, one_step, output, score, softmax, weighted_sum
from reference.gated_unit import gated_recurrent_unit
from reference.recurrent import Decoder, Encoder

BATCH, KEYS, EMBEDDING, HIDDEN, SYMBOLS, INPUTS, STEPS = 3, 7, 5, 22, 13, 17, 11

ATTENTIONS: dict[str, Callable[[], nn.Module]] = {
    "additive": lambda: AdditiveAttention(HIDDEN, HIDDEN, 19),
    "dot": DotProductAttention,
    "scaled dot": ScaledDotProductAttention,
    "local-p": lambda: LocalPredictiveAttention(HIDDEN, HIDDEN, 19, window=2),
}


@pytest.fixture(params=list(ATTENTIONS))
def decoder(request: pytest.FixtureRequest) -> Decoder:
    """An untrained decoder with each attention, in float64."""
    return Decoder(ATTENTIONS[request.param](), SYMBOLS, EMBEDDING, HIDDEN).double()


@pytest.fixture
def encoded():
    """Three inputs of 7, 4 and 1 symbols, encoded in float64."""
    mask = torch.arange(KEYS) < torch.tensor([[7], [4], [1]])
    symbols = torch.randint(INPUTS, (BATCH, KEYS)) * mask
    return encode(Encoder(INPUTS, EMBEDDING, HIDDEN).double(), symbols, mask)


def test_softmax_of_log_two_and_zero_is_two_thirds_and_one_third():
    weights = softmax(torch.tensor([[math.log(2), 0.0]], dtype=torch.float64))
    assert weights.tolist() == [pytest.approx([2 / 3, 1 / 3])]


def test_masked_keys_weigh_nothing_and_a_row_without_keys_is_zero():
    mask = torch.tensor([[True, False, True], [False, False, False]])
    assert softmax(torch.zeros(2, 3), mask).tolist() == [[0.5, 0.0, 0.5], [0.0, 0.0, 0.0]]


def test_focus_limits_the_softmax_to_its_window_and_scales_it():
    weights = softmax(torch.zeros(1, 4), torch.tensor([[True, True, True, False]]), torch.tensor([[0.0, 0.5, 1.0, 0.5]]))
    assert weights.tolist() == [[0.0, 0.25, 0.5, 0.0]]


def test_weighted_sum_by_hand():
    values = torch.tensor([[[1.0, 10.0], [2.0, 20.0], [4.0, 40.0]]])
    assert weighted_sum(torch.tensor([[0.5, 0.25, 0.25]]), values).tolist() == [[2.0, 20.0]]


def test_additive_score_by_hand():
    attention = AdditiveAttention(1, 1, 1, bias=False)
    attention.load_state_dict(
        {"W_k.weight": torch.tensor([[3.0]]), "W_q.weight": torch.tensor([[1.0]]), "v": torch.tensor([2.0])}
    )
    found = score(attention, torch.tensor([[[0.0], [-0.25]]]), torch.tensor([[0.5]]))
    assert found.tolist() == [pytest.approx([2 * math.tanh(0.5), 2 * math.tanh(-0.25)], abs=1e-6)]


def test_the_steps_give_what_the_attention_module_gives(decoder, encoded):
    step = one_step(decoder, encoded, encoded.state, torch.tensor([0, 5, 11]))
    context, weights = decoder.attention(encoded.keys, encoded.state, mask=encoded.mask)
    torch.testing.assert_close(step.weights, weights, rtol=0, atol=1e-15)
    torch.testing.assert_close(step.context, context, rtol=0, atol=1e-14)


@torch.no_grad()
def test_the_steps_agree_with_a_plain_loop(decoder, encoded):
    previous = torch.tensor([2, 3, 7])
    step = one_step(decoder, encoded, encoded.state, previous)
    for item in range(BATCH):
        seen = [key for key in range(KEYS) if encoded.mask[item, key]]
        focus = [1.0] * KEYS if step.focus is None else step.focus[item].tolist()
        near = [key for key in seen if focus[key] > 0]
        total = sum(math.exp(step.scores[item, key]) for key in near)
        expected = [math.exp(step.scores[item, key]) / total * focus[key] if key in near else 0.0 for key in range(KEYS)]
        assert step.weights[item].tolist() == pytest.approx(expected, abs=1e-14)
        for column in range(HIDDEN):
            context = sum(expected[key] * encoded.keys[item, key, column].item() for key in near)
            assert step.context[item, column].item() == pytest.approx(context, abs=1e-14)


def test_output_is_the_cell_of_pytorch_and_a_linear_layer(decoder, encoded):
    previous, context = torch.tensor([2, 3, SYMBOLS]), torch.randn(BATCH, HIDDEN, dtype=torch.float64)
    state, logits = output(decoder, context, encoded.state, previous)
    expected = decoder.cell(torch.cat([decoder.embedding(previous), context], -1), encoded.state)
    torch.testing.assert_close(state, expected, rtol=0, atol=1e-14)
    torch.testing.assert_close(logits, decoder.to_logits(torch.cat([expected, context], -1)), rtol=0, atol=1e-13)


def test_the_decoder_is_nothing_but_the_steps(decoder, encoded):
    written = decoder.write(encoded, STEPS)
    state, previous = encoded.state, torch.full((BATCH,), SYMBOLS)
    for index in range(STEPS):
        step = one_step(decoder, encoded, state, previous)
        assert torch.equal(step.weights, written.weights[:, index])
        assert torch.equal(step.logits, written.logits[:, index])
        state, previous = step.state, step.logits.argmax(-1)
        assert torch.equal(previous, written.symbols[:, index])


def test_the_first_state_comes_from_the_key_that_has_read_everything_backwards():
    encoder = Encoder(INPUTS, EMBEDDING, HIDDEN)
    encoded = encode(encoder, torch.randint(INPUTS, (BATCH, KEYS)))
    expected = torch.tanh(encoder.first_state(encoded.keys[:, 0, HIDDEN // 2 :]))
    torch.testing.assert_close(encoded.state, expected)


def test_gradients_reach_every_parameter_through_the_steps(decoder, encoded):
    step = one_step(decoder, encoded, encoded.state, torch.tensor([0, 1, 2]))
    step.logits.square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in decoder.parameters())


def test_gated_unit_by_hand():
    # x = 1, h = 2, all weights 1 and biases 0: r = z = σ(3), n = tanh(1 + 2r), h' = (1 − z) n + 2 z
    one = torch.ones(3, 1, dtype=torch.float64)
    state = gated_recurrent_unit(
        torch.tensor([[1.0]]).double(), torch.tensor([[2.0]]).double(), one, one, 0 * one[:, 0], 0 * one[:, 0]
    )
    gate = 1 / (1 + math.exp(-3))
    assert state.item() == pytest.approx((1 - gate) * math.tanh(1 + 2 * gate) + 2 * gate)


def test_gated_unit_has_right_gradients():
    shapes = [(2, 3), (2, 2), (6, 3), (6, 2), (6,), (6,)]
    assert torch.autograd.gradcheck(
        gated_recurrent_unit, [torch.randn(s, dtype=torch.float64, requires_grad=True) for s in shapes]
    )


def test_a_query_wider_than_the_keys_is_named(encoded):
    decoder = Decoder(AdditiveAttention(HIDDEN, 19, 5), SYMBOLS, EMBEDDING, HIDDEN).double()
    with pytest.raises(AttentionInputError, match=r"query of width 22.*width 19"):
        one_step(decoder, encoded, encoded.state, torch.tensor([0, 1, 2]))


@pytest.mark.parametrize(
    ("symbols", "mask", "message"),
    [
        (torch.zeros(3, dtype=torch.long), None, "axes are"),
        (torch.zeros(3, 0, dtype=torch.long), None, "at least one key"),
        (torch.full((1, 2), INPUTS), None, "whole numbers 0 to 16"),
        (torch.zeros(1, 2), None, "whole numbers 0 to 16"),
        (torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 3, dtype=torch.bool), r"shape \[1, 3\]"),
        (torch.zeros(1, 2, dtype=torch.long), torch.ones(1, 2), "dtype float32"),
        (torch.zeros(1, 2, dtype=torch.long), torch.tensor([[False, True]]), "Put the padding at the end"),
        (torch.zeros(1, 2, dtype=torch.long), torch.tensor([[False, False]]), "hides all"),
    ],
)
def test_symbols_that_cannot_be_encoded_are_named_in_three_sentences(symbols, mask, message):
    with pytest.raises(AttentionInputError, match=message) as caught:
        encode(Encoder(INPUTS, EMBEDDING, HIDDEN), symbols, mask)
    assert all((caught.value.asked, caught.value.found, caught.value.do))
