"""Scores and Given: hand-computed weights, grouped heads, soft caps, sinks, and rows no key is open to."""

from __future__ import annotations

import math

import pytest
import torch

from inspector.masks import Mask
from inspector.scores import Evidence, Given, Scores


def everything(evidence: Evidence, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return evidence.weights(*(torch.arange(n) for n in evidence.shape[:3]), dtype=dtype)


def test_weights_of_two_keys_are_what_a_hand_computes() -> None:
    query = torch.tensor([[[[1.0, 0.0]]]])
    key = torch.tensor([[[[math.log(3.0), 9.0], [0.0, 9.0]]]])
    assert torch.allclose(everything(Scores(query, key, 1.0)), torch.tensor([[[[0.75, 0.25]]]]))
    assert torch.allclose(everything(Scores(query, key, 2.0)), torch.tensor([[[[0.9, 0.1]]]]))


def test_a_soft_cap_bends_scores_before_the_mask() -> None:
    query, key = torch.tensor([[[[1.0]]]]), torch.tensor([[[[4.0], [0.0], [1.0]]]])
    scores = Scores(query, key, 1.0, Mask(keys=torch.tensor([[True, True, False]])), softcap=2.0)
    high = math.exp(2 * math.tanh(2.0))
    assert torch.allclose(everything(scores), torch.tensor([[[[high / (high + 1), 1 / (high + 1), 0.0]]]]))


def test_a_sink_takes_its_share_of_every_row() -> None:
    query, key = torch.zeros(1, 2, 3, 5), torch.zeros(1, 2, 7, 5)
    weights = everything(Scores(query, key, 1.0, sinks=torch.tensor([0.0, math.log(7.0)])))
    assert torch.allclose(weights.sum(-1)[0, 0], torch.full((3,), 7 / 8))
    assert torch.allclose(weights.sum(-1)[0, 1], torch.full((3,), 0.5))


def test_heads_share_key_heads_in_groups() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 6, 5, 11), torch.randn(2, 3, 7, 11)
    grouped = everything(Scores(query, key, 0.3))
    repeated = everything(Scores(query, key.repeat_interleave(2, 1), 0.3))
    assert torch.allclose(grouped, repeated, atol=1e-6)
    assert torch.allclose(Scores(query, key, 0.3).weights(None, None, torch.arange(5)), repeated, atol=1e-6)
    some = Scores(query, key, 0.3).weights(torch.tensor([1]), torch.tensor([5, 2]), torch.tensor([4]))
    assert torch.allclose(some, repeated[1:, [5, 2]][:, :, [4]], atol=1e-6)


def test_a_row_without_any_key_is_zero_or_uniform_as_the_kernel_makes_it() -> None:
    query, key = torch.randn(1, 1, 2, 3), torch.randn(1, 1, 5, 3)
    closed = torch.tensor([[False] * 5])
    assert torch.equal(everything(Scores(query, key, 1.0, Mask(keys=closed))), torch.zeros(1, 1, 2, 5))
    low = torch.finfo(torch.float32).min
    assert torch.allclose(everything(Scores(query, key, 1.0, Mask(keys=closed, fill=low))), torch.full((1, 1, 2, 5), 0.2))


def test_a_row_closed_in_one_head_alone_is_zero_in_that_head_alone() -> None:
    allowed = torch.ones(1, 2, 3, 5, dtype=torch.bool)
    allowed[0, 1, 2] = False
    weights = everything(Scores(torch.randn(1, 2, 3, 4), torch.randn(1, 2, 5, 4), 1.0, Mask(dense=allowed)))
    assert torch.equal(weights[0, 1, 2], torch.zeros(5))
    assert torch.allclose(weights[0, 0].sum(-1), torch.ones(3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_are_computed_in_the_dtype_asked_for_even_under_autocast(dtype: torch.dtype) -> None:
    query, key = torch.randn(1, 3, 5, 7, dtype=torch.bfloat16), torch.randn(1, 3, 11, 7, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weights = everything(Scores(query, key, 0.2), dtype)
    assert weights.dtype == dtype
    assert torch.allclose(weights, torch.softmax(query.to(dtype) @ key.to(dtype).mT * 0.2, -1), atol=1e-6)


def test_given_weights_are_handed_back_as_they_are() -> None:
    table = torch.rand(2, 3, 5, 7)
    assert torch.equal(everything(Given(table)), table)
    assert torch.equal(
        Given(table).weights(torch.tensor([1]), torch.tensor([2]), torch.tensor([4, 0])), table[1:, 2:][:, :, [4, 0]]
    )


def test_one_head_of_given_weights_is_that_head_alone() -> None:
    table = torch.rand(2, 3, 5, 7)
    assert torch.equal(everything(Given(table).of_head(1)), table[:, 1:2])


def test_weights_carry_no_gradient() -> None:
    query = torch.randn(1, 1, 2, 3, requires_grad=True)
    assert not everything(Scores(query, torch.randn(1, 1, 5, 3), 1.0)).requires_grad


def test_one_head_alone_reads_the_keys_the_mask_and_the_sink_of_its_own() -> None:
    torch.manual_seed(0)
    query, key = torch.randn(2, 6, 5, 11), torch.randn(2, 3, 7, 11)
    mask = Mask(dense=torch.rand(2, 6, 5, 7) < 0.8, bias=torch.randn(6, 5, 7))
    scores = Scores(query, key, 0.3, mask, softcap=4.0, sinks=torch.randn(6))
    whole = everything(scores)
    for head in range(6):
        assert torch.allclose(everything(scores.of_head(head)), whole[:, head : head + 1], atol=1e-6)
    assert not torch.allclose(whole[:, 1], whole[:, 2], atol=1e-2)
