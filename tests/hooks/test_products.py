"""Products of weights and values, in every order models write them: which axis is what, and the proof of it."""

from __future__ import annotations

import pytest
import torch

from inspector.hooks.folding import fold
from inspector.hooks.products import from_product

B, H, Q, K, D = 2, 3, 5, 7, 11


def check(func, args: tuple, used: torch.Tensor, weights: torch.Tensor, axis: int, wanted: torch.Tensor) -> None:
    table, value, output = from_product(func, args, func(*args), used, weights, axis)
    assert torch.equal(table, wanted)
    assert value is not None
    assert output is not None
    assert torch.allclose(table @ value, output, atol=1e-6)


@pytest.fixture
def weights() -> torch.Tensor:
    return torch.randn(B, H, Q, K).softmax(-1)


@pytest.fixture
def value() -> torch.Tensor:
    return torch.randn(B, H, K, D)


def test_weights_times_values(weights: torch.Tensor, value: torch.Tensor) -> None:
    check(torch.matmul, (weights, value), weights, weights, -1, weights)


def test_batch_and_heads_in_one_axis(weights: torch.Tensor, value: torch.Tensor) -> None:
    used = weights.view(B * H, Q, K)
    check(torch.bmm, (used, value.view(B * H, K, D)), used, weights, -1, weights)


def test_axes_moved_before_they_become_one(weights: torch.Tensor, value: torch.Tensor) -> None:
    used, moved = weights.transpose(0, 1).reshape(H * B, Q, K), value.transpose(0, 1).reshape(H * B, K, D)
    check(torch.bmm, (used, moved), used, weights, -1, weights)


def test_values_shared_by_all_heads(weights: torch.Tensor) -> None:
    check(torch.matmul, (weights, torch.randn(B, 1, K, D)), weights, weights, 3, weights)


def test_values_on_the_left_of_transposed_weights(weights: torch.Tensor, value: torch.Tensor) -> None:
    used = weights.mT
    check(torch.matmul, (value.mT, used), used, weights, -1, weights)


def test_values_on_the_left_of_weights_that_sum_over_rows(value: torch.Tensor) -> None:
    columns = torch.randn(B, H, K, Q).softmax(-2)
    check(torch.matmul, (value.mT, columns), columns, columns, -2, columns.mT)


def test_weights_that_sum_over_columns_and_are_turned_for_the_product(value: torch.Tensor) -> None:
    columns = torch.randn(B, H, K, Q).softmax(-2)
    used = columns.mT
    check(torch.matmul, (used, value), used, columns, -2, columns.mT)


@pytest.mark.parametrize(
    ("equation", "order"),
    [
        ("bhqk,bhkd->bhqd", "bhqk"),
        ("bhqk,bkhd->bqhd", "bhqk"),
        ("qkbh,kbhd->qbhd", "qkbh"),
        ("...qk,...kd->...qd", "bhqk"),
        ("bqkh,bkmhd->bqmhd", "bqkh"),
    ],
)
def test_einsum_says_by_its_letters_which_axis_is_what(equation: str, order: str) -> None:
    sizes = {"b": B, "h": H, "q": Q, "k": K, "m": 13, "d": D}
    axis = order.index("k")
    weights = torch.randn(*(sizes[c] for c in order)).softmax(axis)
    right = equation.partition(",")[2].partition("->")[0].replace("...", "bh")
    value = torch.randn(*(sizes[c] for c in right))
    wanted = weights.permute([order.index(c) for c in "bhqk"])
    check(torch.einsum, (equation, weights, value), weights, weights, axis, wanted)


def test_three_axes_are_heads_within_a_batch_and_fold_back() -> None:
    table = torch.rand(B * H, Q, K)
    folded, layout = fold((B * H,), H)
    assert folded(table).shape == (B, H, Q, K)
    assert layout is not None
    assert torch.equal(folded(table)[1, 2], table[1 * H + 2])


@pytest.mark.parametrize("leading", [(B, 4, H), (B, H, 4), (B, 4, 2, H)])
def test_windows_join_the_batch_and_unfold_to_what_they_were(leading: tuple[int, ...]) -> None:
    table = torch.rand(*leading, Q, K)
    folded, layout = fold(leading, H)
    assert folded(table).shape[1:] == (H, Q, K)
    assert layout is not None
    assert torch.equal(layout.unfold(folded(table)), table)
