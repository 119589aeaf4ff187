"""Bilinear ("general") and concat scores: by hand, by loop, and as special cases of one another."""

from __future__ import annotations

import math

import pytest
import torch

from reference import (
    bilinear_attention,
    bilinear_scores,
    concat_attention,
    concat_scores,
    dot_product_attention,
    scaled_dot_product_attention,
)


def test_bilinear_by_hand():
    # [1, 2] · [[1, 0], [0, 3]] · [4, 5]ᵀ = 4 + 30
    W = torch.tensor([[1.0, 0.0], [0.0, 3.0]])
    assert bilinear_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[4.0, 5.0]]), W).item() == 34.0


def test_concat_by_hand():
    # 0.5·tanh(1·1 + 2·(−1)) + 2·tanh(0·1 + 1·(−1)) = 2.5·tanh(−1)
    W, v = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([0.5, 2.0])
    found = concat_scores(torch.ones(1, 1, 1), -torch.ones(1, 1, 1), W, v)
    assert found.item() == pytest.approx(2.5 * math.tanh(-1), abs=1e-6)


def test_bilinear_equals_the_loop(tensors, by_loop, dot):
    W = torch.randn(11, 11, dtype=torch.float64) / 5
    rows = W.tolist()
    found = bilinear_attention(tensors["query"], tensors["key"], tensors["value"], tensors["mask"], W=W)
    expected = by_loop(lambda q, k, i, j: sum(q[n] * dot(rows[n], k) for n in range(11)), *tensors.values())
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-13)


def test_concat_equals_the_loop(tensors, by_loop, dot):
    W, v = torch.randn(13, 22, dtype=torch.float64), torch.randn(13, dtype=torch.float64)
    rows, strength = W.tolist(), v.tolist()

    def score(q, k, i, j):
        return sum(strength[n] * math.tanh(dot(rows[n], q + k)) for n in range(13))

    found = concat_attention(tensors["query"], tensors["key"], tensors["value"], tensors["mask"], W=W, v=v)
    for ours, theirs in zip(found, by_loop(score, *tensors.values()), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-13)


def test_with_the_identity_bilinear_is_the_dot_product(tensors):
    found = bilinear_attention(tensors["query"], tensors["key"], W=torch.eye(11, dtype=torch.float64))
    for ours, theirs in zip(found, dot_product_attention(tensors["query"], tensors["key"]), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_transformers_head_is_bilinear_of_low_rank():
    hidden, W_q, W_k = torch.randn(2, 5, 11).double(), torch.randn(3, 11).double(), torch.randn(3, 11).double()
    W = W_q.T @ W_k / math.sqrt(3)
    assert torch.linalg.matrix_rank(W) == 3
    _, weights = bilinear_attention(hidden, hidden, W=W)
    torch.testing.assert_close(weights, scaled_dot_product_attention(hidden @ W_q.T, hidden @ W_k.T)[1])
