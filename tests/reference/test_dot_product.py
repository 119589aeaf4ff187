"""Dot-product and scaled dot-product attention: by hand, by loop, PyTorch."""

from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from reference import dot_product_attention, scaled_dot_product_attention
from reference.dot_product import dot_product_scores


def test_two_keys_by_hand():
    # q·k = 4 and 0; divided by √4: 2 and 0; e² / (e² + 1) = 0.880797
    query, key = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[2.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 9.0]])
    value = torch.tensor([[1.0], [11.0]])
    context, weights = scaled_dot_product_attention(query, key, value)
    assert weights[0].tolist() == pytest.approx([0.8807971, 0.1192029], abs=1e-6)
    assert context.item() == pytest.approx(1 + 10 * 0.1192029, abs=1e-5)
    assert dot_product_attention(query, key)[1][0].tolist() == pytest.approx([0.9820138, 0.0179862], abs=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_equals_the_loop(tensors, by_loop, dot, scaled):
    attention = scaled_dot_product_attention if scaled else dot_product_attention
    scale = 1 / math.sqrt(11) if scaled else 1.0
    found = attention(tensors["query"], tensors["key"], tensors["value"], tensors["mask"])
    expected = by_loop(lambda q, k, i, j: scale * dot(q, k), *tensors.values())
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_equals_pytorch(dtype):
    query, key, value = (
        torch.randn(2, 3, 5, 11, dtype=dtype),
        torch.randn(2, 3, 7, 11, dtype=dtype),
        torch.randn(2, 3, 7, 11, dtype=dtype),
    )
    mask = torch.rand(2, 1, 5, 7) < 0.6
    mask[..., 2] = True
    context, _ = scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(context, F.scaled_dot_product_attention(query, key, value, mask))
    bias = torch.randn(3, 5, 7, dtype=dtype)
    context, _ = scaled_dot_product_attention(query, key, value, bias=bias, scale=0.3)
    torch.testing.assert_close(context, F.scaled_dot_product_attention(query, key, value, bias, scale=0.3))


def test_a_softcap_bounds_the_scores(tensors):
    _, weights = scaled_dot_product_attention(tensors["query"] * 100, tensors["key"], softcap=2.0)
    ratio = (weights.amax(-1) / weights.amin(-1)).max()
    assert ratio <= math.exp(4.0) * (1 + 1e-12)
    scores = dot_product_scores(tensors["query"], tensors["key"], 11**-0.5)
    torch.testing.assert_close(
        scaled_dot_product_attention(tensors["query"], tensors["key"], softcap=2.0)[1], (2 * (scores / 2).tanh()).softmax(-1)
    )


def test_a_sink_takes_its_share(tensors):
    _, plain = scaled_dot_product_attention(tensors["query"], tensors["key"])
    scores = dot_product_scores(tensors["query"], tensors["key"], 11**-0.5)
    _, weights = scaled_dot_product_attention(tensors["query"], tensors["key"], sinks=torch.tensor(0.5, dtype=torch.float64))
    share = math.exp(0.5) / (math.exp(0.5) + scores.exp().sum(-1))
    torch.testing.assert_close(weights.sum(-1), 1 - share)
    torch.testing.assert_close(weights / weights.sum(-1, keepdim=True), plain)


def test_shifting_every_key_changes_no_weight(tensors):
    # q·(k + c) = q·k + q·c, the same for every key
    _, moved = scaled_dot_product_attention(tensors["query"], tensors["key"] + 3.0)
    torch.testing.assert_close(moved, scaled_dot_product_attention(tensors["query"], tensors["key"])[1])
