"""Comparison: how far, where, in which unit, and the verdict."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reference import AttentionInputError, compare_attention


def test_equal_tensors_agree_with_zero_error():
    weights = torch.rand(2, 3, 5, 7)
    found = compare_attention(weights, weights.clone())
    assert (found.max_abs, found.max_rel, found.max_ulps, found.passed) == (0.0, 0.0, 0.0, True)


def test_it_says_where_and_how_far():
    a = torch.full((2, 3, 5), 0.25, dtype=torch.float64)
    b = a.clone()
    b[1, 0, 3] = 0.5
    found = compare_attention(a, b)
    assert found.where == (1, 0, 3)
    assert (found.max_abs, found.max_rel) == (0.25, 0.5)
    assert not found
    assert str(found).startswith("DIFFER: at most 2.5e-01 apart, at [1, 0, 3] of [2, 3, 5]")


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [1.0, 0.3, 1.9999, 7.0])
def test_the_next_number_is_one_ulp_away(dtype, value):
    a = torch.tensor([value], dtype=dtype)
    step = torch.finfo(dtype).eps * 2 ** math.floor(math.log2(float(a)))
    b = torch.tensor([float(a) + step], dtype=dtype)
    assert float(b) > float(a)
    assert compare_attention(a, b).max_ulps == pytest.approx(1.0, abs=0.51)
    assert compare_attention(a, b).passed


def test_the_coarser_dtype_is_the_measure():
    a = torch.rand(3, 5, dtype=torch.float64)
    found = compare_attention(a, a.bfloat16())
    assert (found.dtype, found.tolerance) == ("bfloat16", 1.6e-2)
    assert found.max_ulps <= 0.5
    assert found


def test_rounding_noise_next_to_a_large_weight_counts_as_absolute_error_only():
    found = compare_attention(torch.tensor([1.0, 1e-12]), torch.tensor([1.0, 3e-12]))
    assert found.max_ulps == 0
    assert found.max_rel == 0
    assert found.max_abs == pytest.approx(2e-12, rel=1e-3)


@pytest.mark.parametrize(
    ("a", "b"), [(math.nan, math.nan), (math.nan, 0.0), (0.0, math.nan), (math.inf, 0.0), (math.inf, -math.inf)]
)
def test_a_number_that_is_none_never_agrees(a, b):
    found = compare_attention(torch.tensor([0.5, a]), torch.tensor([0.5, b]))
    assert not found
    assert found.max_abs == math.inf
    assert found.where == (1,)


def test_equal_infinities_agree():
    assert compare_attention(torch.tensor([-math.inf, 1.0]), torch.tensor([-math.inf, 1.0])).max_abs == 0


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3)])
def test_nothing_agrees_with_nothing(shape):
    found = compare_attention(torch.zeros(shape), torch.ones(shape))
    assert found
    assert str(found) == f"agree: nothing to compare in shape {list(shape)}"


def test_a_scalar_has_no_place():
    assert compare_attention(torch.tensor(0.5), torch.tensor(0.75)).where == ()


def test_the_tolerance_can_be_given():
    a, b = torch.tensor([0.5]), torch.tensor([0.6])
    assert compare_attention(a, b, tolerance=0.2)
    assert not compare_attention(a, b, tolerance=0.05)


def test_other_shapes_are_refused():
    with pytest.raises(AttentionInputError, match=r"Two tensors .* shapes are \[2\] and \[1, 2\]. Compare tensors of one shape"):
        compare_attention(torch.zeros(2), torch.zeros(1, 2))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=9), st.lists(st.floats(0, 1, width=32), min_size=9, max_size=9))
def test_it_is_symmetric_and_prints_one_line(a, b):
    one, other = torch.tensor(a), torch.tensor(b[: len(a)])
    forth, back = compare_attention(one, other), compare_attention(other, one)
    assert (forth.max_abs, forth.max_rel, forth.max_ulps, forth.where) == (back.max_abs, back.max_rel, back.max_ulps, back.where)
    assert "\n" not in str(forth)
