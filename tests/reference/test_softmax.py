"""The step all mechanisms share: rows that sum to 1, rows of zeros, and masks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import attend, causal_mask, masked_softmax, padding_mask, sliding_window_mask


def test_a_fully_masked_row_is_zeros_in_weights_context_and_gradient():
    scores = torch.randn(3, 5, requires_grad=True)
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[1] = False
    context, weights = attend(scores, torch.randn(5, 2), mask)
    assert weights[1].tolist() == [0.0] * 5
    assert context[1].tolist() == [0.0] * 2
    context.square().sum().backward()
    assert scores.grad.isfinite().all()
    assert scores.grad[1].tolist() == [0.0] * 5
    assert scores.grad[0].abs().sum() > 0


def test_minus_infinity_hides_a_key_as_a_mask_does():
    scores = torch.randn(3, 5)
    mask = torch.rand(3, 5) < 0.5
    mask[2] = False
    assert torch.equal(masked_softmax(scores, mask), masked_softmax(scores.masked_fill(~mask, float("-inf"))))


def test_softmax_is_float32_and_cast_back():
    scores = torch.linspace(-3, 3, 101, dtype=torch.bfloat16)[None]
    found = masked_softmax(scores)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, scores.float().softmax(-1).bfloat16())


def test_float64_stays_float64():
    scores = torch.randn(3, 5, dtype=torch.float64)
    torch.testing.assert_close(masked_softmax(scores), scores.exp() / scores.exp().sum(-1, keepdim=True), rtol=1e-14, atol=0)


@settings(deadline=None, max_examples=40)
@given(
    queries=st.integers(0, 5),
    keys=st.integers(0, 7),
    size=st.sampled_from([1.0, 50.0, 1e4, 1e30]),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_each_row_sums_to_one_or_zero(queries, keys, size, share, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(2, queries, keys, generator=generator) * size
    mask = torch.rand(2, queries, keys, generator=generator) < share
    weights = masked_softmax(scores, mask)
    torch.testing.assert_close(weights.sum(-1), mask.any(-1).float(), rtol=1e-5, atol=1e-5)
    assert bool((weights[~mask] == 0).all())


@settings(deadline=None, max_examples=25)
@given(shift=st.floats(-50, 50), seed=st.integers(0, 99))
def test_adding_a_number_to_a_row_changes_nothing(shift, seed):
    scores = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    torch.testing.assert_close(masked_softmax(scores + shift), masked_softmax(scores), rtol=1e-11, atol=1e-13)


def test_masks_by_hand():
    assert causal_mask(3).int().tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert causal_mask(2, 5, offset=3).int().tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]
    assert sliding_window_mask(3, 5, left=1, right=1, offset=1).int().tolist() == [
        [1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 1, 1],
    ]
    assert padding_mask(torch.tensor([1, 0]), 2).int().tolist() == [[[1, 0]], [[0, 0]]]
    assert padding_mask(torch.zeros(0, dtype=torch.long)).shape == (0, 1, 0)


@pytest.mark.parametrize("left", [0, 2, 99])
def test_a_window_without_a_right_side_is_inside_the_causal_mask(left):
    window = sliding_window_mask(5, 7, left=left)
    assert bool((window <= causal_mask(5, 7)).all())
    assert window.sum(-1).tolist() == [min(i, left) + 1 for i in range(5)]
