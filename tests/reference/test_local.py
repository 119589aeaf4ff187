"""Local attention: what lies outside the window has weight 0, and the Gaussian falls off as the paper says."""

from __future__ import annotations

import math

import pytest
import torch

from reference import (
    DotProductAttention,
    LocalMonotonicAttention,
    LocalPredictiveAttention,
    ScaledDotProductAttention,
    bilinear_scores,
    local_attention,
    predicted_centre,
    scaled_dot_product_attention,
    sliding_window_mask,
)


def test_local_m_by_hand():
    # the window of query 2 with D = 1 holds keys 1 to 3; scores 0, ln 2, ln 5: weights 1/8, 2/8, 5/8
    scores = torch.tensor([[9.0, 0.0, math.log(2), math.log(5), 9.0]])
    context, weights = local_attention(scores, torch.arange(5.0)[:, None], torch.tensor([2.0]), 1)
    torch.testing.assert_close(weights, torch.tensor([[0.0, 0.125, 0.25, 0.625, 0.0]]))
    assert context.item() == pytest.approx(0.125 + 0.5 + 1.875)


def test_local_p_by_hand():
    # D = 2, σ = 1, centre 1.5: keys 0 to 3 in the window, even scores: ¼·exp(−(j − 1.5)²/2)
    _, weights = local_attention(torch.zeros(1, 5), torch.eye(5), torch.tensor([1.5]), 2, gaussian=True)
    expected = [0.25 * math.exp(-((j - 1.5) ** 2) / 2) for j in range(4)] + [0.0]
    assert weights[0].tolist() == pytest.approx(expected, abs=1e-7)


def test_the_predicted_centre_by_hand():
    # S·sigmoid(2·tanh(0.5)) with S = 10
    centre = predicted_centre(torch.tensor([[[0.5]]]), torch.ones(1, 1), torch.tensor([2.0]), 10)
    assert centre.item() == pytest.approx(10 / (1 + math.exp(-2 * math.tanh(0.5))), abs=1e-5)


def test_local_m_is_a_sliding_window_over_the_dot_product():
    x = torch.randn(2, 7, 11)
    for found, expected in zip(
        LocalMonotonicAttention(window=2)(x, x),
        DotProductAttention()(x, x, mask=sliding_window_mask(7, left=2, right=2)),
        strict=True,
    ):
        torch.testing.assert_close(found, expected)


def test_local_m_told_its_position_gives_that_row():
    keys, queries = torch.randn(2, 7, 11), torch.randn(2, 5, 11)
    module = LocalMonotonicAttention(window=2)
    _, rows = module(keys, queries)
    torch.testing.assert_close(module(keys, queries[:, 3], position=3)[1], rows[:, 3])


def test_a_window_over_everything_is_global():
    x = torch.randn(2, 7, 11)
    _, weights = ScaledDotProductAttention()(x, x, mask=sliding_window_mask(7, left=6, right=6))
    torch.testing.assert_close(weights, scaled_dot_product_attention(x, x)[1])


def test_local_p_equals_the_loop(tensors, by_loop, dot):
    module = LocalPredictiveAttention(11, 11, 13, window=3).double()
    W, W_p, v_p = module.W.tolist(), module.W_p.tolist(), module.v_p.tolist()
    lengths = [[max((j + 1 for j in range(7) if row[j]), default=0) for row in item] for item in tensors["mask"].tolist()]
    centres = [
        [
            n / (1 + math.exp(-sum(v * math.tanh(dot(w, q)) for v, w in zip(v_p, W_p, strict=True))))
            for q, n in zip(item, some, strict=True)
        ]
        for item, some in zip(tensors["query"].tolist(), lengths, strict=True)
    ]
    near = torch.tensor([[[abs(j - p) <= 3 for j in range(7)] for p in item] for item in centres])
    _, expected = by_loop(
        lambda q, k, i, j: sum(q[n] * dot(W[n], k) for n in range(11)),
        tensors["query"],
        tensors["key"],
        tensors["value"],
        tensors["mask"] & near,
    )
    gaussian = torch.tensor(
        [[[math.exp(-((j - p) ** 2) / (2 * 1.5**2)) for j in range(7)] for p in item] for item in centres], dtype=torch.float64
    )
    _, weights = module(tensors["key"], tensors["query"], tensors["value"], tensors["mask"])
    torch.testing.assert_close(weights, expected * gaussian, rtol=1e-11, atol=1e-14)


def test_local_p_is_its_scores_where_there_is_focus_times_the_focus(tensors):
    module = LocalPredictiveAttention(11, 11, 13, window=1).double()
    keys, query, mask = tensors["key"], tensors["query"][:, 0], tensors["mask"][:, 0]
    focus = module.focus(keys, query, mask)
    by_steps = torch.softmax(module.scores(keys, query).masked_fill(~mask | (focus == 0), -torch.inf), -1) * focus
    torch.testing.assert_close(module(keys, query, mask=mask)[1], by_steps)


def test_the_centre_learns():
    torch.manual_seed(2)
    module, query = LocalPredictiveAttention(3, 2, 5, window=2), torch.randn(1, 2)
    keys = torch.randn(1, 11, 3)
    module(keys, query)[1].sum().backward()
    assert module.W_p.grad.abs().sum() > 0
    assert module.v_p.grad.abs().sum() > 0


def test_padding_does_not_move_the_centre():
    module, query, keys = LocalPredictiveAttention(3, 2, 5, window=2), torch.randn(1, 2), torch.randn(1, 7, 3)
    padded = torch.cat([keys, torch.randn(1, 4, 3)], 1)
    mask = torch.arange(11)[None] < 7
    _, weights = module(padded, query, mask=mask)
    torch.testing.assert_close(weights[:, :7], module(keys, query)[1])
    assert weights[:, 7:].abs().max() == 0


def test_scores_outside_the_window_do_not_matter():
    module = LocalPredictiveAttention(3, 2, 5, window=1)
    keys, query = torch.randn(1, 7, 3), torch.randn(1, 2)
    _, before = module(keys, query)
    assert torch.equal(bilinear_scores(query[:, None], keys, module.W)[:, 0], module.scores(keys, query))
    changed = torch.where((before[..., None] == 0), keys + 9, keys)
    torch.testing.assert_close(module(changed, query)[1], before)
