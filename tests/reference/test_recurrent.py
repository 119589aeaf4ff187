"""The recurrent network: its unit against PyTorch's, padding, teacher forcing, and that it can learn."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from reference import AdditiveAttention, AttentionInputError, DotProductAttention
from reference.five_steps import encode
from reference.gated_unit import gated_recurrent_unit
from reference.recurrent import Decoder, Encoder

BATCH, KEYS, EMBEDDING, HIDDEN, SYMBOLS, INPUTS, STEPS = 3, 7, 5, 22, 13, 17, 11


def parameters(gru: nn.GRU, suffix: str) -> list[torch.Tensor]:
    return [getattr(gru, f"{kind}_{part}_l0{suffix}") for kind in ("weight", "bias") for part in ("ih", "hh")]


def test_the_unit_is_that_of_pytorch():
    cell = nn.GRUCell(EMBEDDING, HIDDEN).double()
    inputs, state = torch.randn(BATCH, EMBEDDING).double(), torch.randn(BATCH, HIDDEN).double()
    own = gated_recurrent_unit(inputs, state, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    torch.testing.assert_close(own, cell(inputs, state), rtol=0, atol=1e-14)


def test_keys_are_the_unit_run_in_both_directions():
    encoder = Encoder(INPUTS, EMBEDDING, HIDDEN).double()
    symbols = torch.randint(INPUTS, (BATCH, KEYS))
    vectors, half = encoder.embedding(symbols), HIDDEN // 2
    expected = torch.zeros(BATCH, KEYS, HIDDEN, dtype=torch.float64)
    for columns, order, suffix in ((slice(None, half), range(KEYS), ""), (slice(half, None), reversed(range(KEYS)), "_reverse")):
        state = torch.zeros(BATCH, half, dtype=torch.float64)
        for key in order:
            state = gated_recurrent_unit(vectors[:, key], state, *parameters(encoder.gru, suffix))
            expected[:, key, columns] = state
    torch.testing.assert_close(encoder(symbols).keys, expected, rtol=0, atol=1e-14)


def test_padding_changes_no_number():
    encoder, decoder = (
        Encoder(INPUTS, EMBEDDING, HIDDEN),
        Decoder(AdditiveAttention(HIDDEN, HIDDEN, 19), SYMBOLS, EMBEDDING, HIDDEN),
    )
    symbols = torch.randint(INPUTS, (1, 3))
    padded = torch.cat([symbols, torch.randint(INPUTS, (1, 4))], 1)
    alone = decoder.write(encode(encoder, symbols), STEPS)
    beside = decoder.write(encode(encoder, padded, torch.arange(KEYS)[None] < 3), STEPS)
    torch.testing.assert_close(beside.logits, alone.logits)
    torch.testing.assert_close(beside.weights[..., :3], alone.weights)
    assert beside.weights[..., 3:].eq(0).all()


def test_told_its_own_choices_the_decoder_repeats_them():
    encoded = encode(Encoder(INPUTS, EMBEDDING, HIDDEN), torch.randint(INPUTS, (BATCH, KEYS)))
    decoder = Decoder(DotProductAttention(), SYMBOLS, EMBEDDING, HIDDEN)
    free = decoder.write(encoded, STEPS)
    torch.testing.assert_close(decoder(encoded, free.symbols).logits, free.logits)


def test_shapes_are_as_stated():
    encoded = encode(Encoder(INPUTS, EMBEDDING, HIDDEN), torch.randint(INPUTS, (BATCH, KEYS)))
    written = Decoder(DotProductAttention(), SYMBOLS, EMBEDDING, HIDDEN).write(encoded, STEPS)
    assert written.logits.shape == (BATCH, STEPS, SYMBOLS)
    assert written.weights.shape == (BATCH, STEPS, KEYS)
    assert written.symbols.shape == (BATCH, STEPS)


def test_it_learns_to_reverse_three_symbols():
    encoder, decoder = Encoder(3, 8, 16), Decoder(DotProductAttention(), 3, 8, 16)
    symbols = torch.cartesian_prod(*[torch.arange(3)] * 3)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.05)
    for _ in range(40):
        logits = decoder(encode(encoder, symbols), symbols.flip(1)).logits
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), symbols.flip(1).flatten())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert decoder.write(encode(encoder, symbols), 3).symbols.eq(symbols.flip(1)).float().mean() > 0.95


def test_an_odd_width_is_named():
    with pytest.raises(AttentionInputError, match=r"must be even\. Use 8\."):
        Encoder(INPUTS, EMBEDDING, 7)
