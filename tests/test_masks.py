"""The mask normal form, against a dense table made entry by entry."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.hooks.masks import Masks, from_mask_mod, from_tensor, recognised
from inspector.masks import Mask
from inspector.scores import Scores

BATCH, HEADS = 2, 3


def dense(mask: Mask, queries: int, keys: int) -> torch.Tensor:
    """The whole table [batch, head, query, key] of a mask."""
    kept = mask.keep(torch.arange(BATCH), torch.arange(HEADS), torch.arange(queries), keys)
    return torch.ones(BATCH, HEADS, queries, keys, dtype=torch.bool) if kept is None else kept.expand(BATCH, HEADS, queries, keys)


def by_hand(mask: Mask, queries: int, keys: int) -> torch.Tensor:
    """The definition, one entry at a time."""
    table = torch.zeros(BATCH, HEADS, queries, keys, dtype=torch.bool)
    for b in range(BATCH):
        for h in range(HEADS):
            for i in range(queries):
                for j in range(keys):
                    here = i + mask.offset
                    seen = mask.right is None or j <= here + mask.right
                    seen = seen and (mask.left is None or j >= here - mask.left)
                    seen = seen and (mask.keys is None or bool(mask.keys[b, j]))
                    if mask.segments is not None:
                        seen = seen and bool(mask.segments[0][b, i] == mask.segments[1][b, j])
                    if mask.dense is not None:
                        seen = seen and bool(mask.dense[b % mask.dense.shape[0], h % mask.dense.shape[1], i, j])
                    table[b, h, i, j] = seen
    return table


@st.composite
def masks(draw: st.DrawFn) -> tuple[Mask, int, int]:
    queries, keys = draw(st.integers(1, 7)), draw(st.integers(1, 11))
    bound = st.none() | st.integers(0, 5)
    seed = draw(st.integers(0, 2**16))
    generator = torch.Generator().manual_seed(seed)

    def bits(*shape: int) -> torch.Tensor:
        return torch.rand(*shape, generator=generator) < 0.7

    packed = None
    if draw(st.booleans()):
        packed = tuple(torch.randint(0, 2, (BATCH, n), generator=generator) for n in (queries, keys))
    mask = Mask(
        left=draw(bound),
        right=draw(bound),
        offset=draw(st.integers(-2, 6)),
        keys=bits(BATCH, keys) if draw(st.booleans()) else None,
        segments=packed,
        dense=bits(draw(st.sampled_from([1, BATCH])), draw(st.sampled_from([1, HEADS])), queries, keys)
        if draw(st.booleans())
        else None,
        bias=torch.randn(1, HEADS, queries, keys, generator=generator) if draw(st.booleans()) else None,
    )
    return mask, queries, keys


@settings(max_examples=60, deadline=None)
@given(masks())
def test_any_mask_allows_what_its_definition_says(case: tuple[Mask, int, int]) -> None:
    mask, queries, keys = case
    assert torch.equal(dense(mask, queries, keys), by_hand(mask, queries, keys))


@settings(max_examples=60, deadline=None)
@given(masks())
def test_chosen_rows_of_a_mask_are_rows_of_the_whole(case: tuple[Mask, int, int]) -> None:
    mask, queries, keys = case
    rows = torch.arange(queries).flip(0)
    part = mask.keep(torch.tensor([1]), torch.tensor([2, 0]), rows, keys)
    whole = dense(mask, queries, keys)[1:, [2, 0]][:, :, rows]
    assert part is None or torch.equal(part.expand(1, 2, queries, keys), whole)


@settings(max_examples=60, deadline=None)
@given(masks())
def test_weights_under_any_mask_equal_a_float64_loop(case: tuple[Mask, int, int]) -> None:
    mask, queries, keys = case
    generator = torch.Generator().manual_seed(1)
    q, k = (torch.randn(BATCH, HEADS, n, 5, generator=generator) for n in (queries, keys))
    weights = Scores(q, k, 0.4, mask).weights(torch.arange(BATCH), torch.arange(HEADS), torch.arange(queries))
    allowed = by_hand(mask, queries, keys)
    for b in range(BATCH):
        for h in range(HEADS):
            for i in range(queries):
                scores = []
                for j in range(keys):
                    score = 0.4 * sum(float(x) * float(y) for x, y in zip(q[b, h, i], k[b, h, j], strict=True))
                    score += 0.0 if mask.bias is None else float(mask.bias[0, h, i, j])
                    scores.append(score if allowed[b, h, i, j] else -math.inf)
                top = max(scores)
                parts = [math.exp(s - top) if top > -math.inf else 0.0 for s in scores]
                total = sum(parts) or 1.0
                wanted = torch.tensor([part / total for part in parts])
                assert torch.allclose(weights[b, h, i], wanted, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(masks())
def test_a_recognised_table_allows_exactly_what_it_did(case: tuple[Mask, int, int]) -> None:
    mask, queries, keys = case
    table = dense(mask.with_(bias=None), queries, keys)
    for given_table in (table, table[:, :1], table[:1, :1]):
        found = recognised(given_table)
        assert torch.equal(dense(found, queries, keys), given_table.expand(BATCH, HEADS, -1, -1))


def test_a_causal_table_becomes_two_integers() -> None:
    found = recognised(torch.ones(1, 1, 7, 7, dtype=torch.bool).tril())
    assert (found.left, found.right, found.offset, found.keys, found.dense) == (None, 0, 0, None, None)


def test_a_causal_table_after_a_cache_keeps_its_offset() -> None:
    found = recognised(torch.ones(1, 1, 3, 7, dtype=torch.bool).tril(4))
    assert (found.left, found.right, found.offset) == (None, 0, 4)


def test_a_sliding_window_table_becomes_a_band() -> None:
    table = torch.ones(1, 1, 11, 11, dtype=torch.bool).tril().triu(-3)
    found = recognised(table)
    assert (found.left, found.right, found.dense) == (3, 0, None)


def test_a_symmetric_window_table_becomes_a_band() -> None:
    found = recognised(torch.ones(1, 1, 11, 11, dtype=torch.bool).tril(2).triu(-2))
    assert (found.left, found.right, found.dense) == (2, 2, None)


def test_a_padding_table_becomes_its_keys() -> None:
    keys = torch.tensor([[True] * 5, [True] * 3 + [False] * 2])
    found = recognised(keys[:, None, None].expand(2, 1, 3, 5))
    assert found.dense is None
    assert found.keys is not None
    assert torch.equal(found.keys, keys)


def test_a_causal_table_with_padding_on_either_side_needs_no_table() -> None:
    for keys in ([[1, 1, 1, 1, 1], [0, 0, 1, 1, 1]], [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]):
        real = torch.tensor(keys).bool()
        found = recognised((torch.ones(5, 5, dtype=torch.bool).tril() & real[:, None])[:, None])
        assert found.dense is None
        assert found.right == 0


def test_an_additive_table_of_the_lowest_number_is_a_boolean_one_with_uniform_empty_rows() -> None:
    low = torch.finfo(torch.float32).min
    table = torch.zeros(1, 1, 3, 5).masked_fill(torch.ones(3, 5, dtype=torch.bool).triu(1), low)
    table[..., 2, :] = low
    found = from_tensor(table, 5)
    assert found.bias is None
    assert found.fill == low
    weights = Scores(torch.randn(1, 1, 3, 2), torch.randn(1, 1, 5, 2), 1.0, found).weights(*(torch.arange(n) for n in (1, 1, 3)))
    assert torch.allclose(weights[0, 0, 2], torch.full((5,), 0.2))


def test_an_additive_table_of_other_numbers_is_a_bias() -> None:
    table = torch.randn(1, 3, 5, 7)
    found = from_tensor(table, 7)
    assert found.dense is None
    assert found.bias is not None
    assert torch.equal(found.bias, table)


def test_layers_that_share_a_mask_share_its_normal_form() -> None:
    table = torch.rand(2, 1, 5, 5) < 0.5
    known = Masks()
    assert known.read(table, 5) is known.read(table, 5)
    table[0, 0, 0, 0] = ~table[0, 0, 0, 0]
    assert dense(known.read(table, 5), 5, 5)[0, 0, 0, 0] == table[0, 0, 0, 0]


def test_a_flex_mask_function_is_read_entry_by_entry() -> None:
    found = from_mask_mod(lambda b, h, q, k: (q >= k) & (q - k < 3), 2, 3, 7, 7, torch.device("cpu"))
    assert (found.left, found.right) == (2, 0)


@pytest.mark.parametrize("dtype", [torch.bool, torch.float32])
def test_a_mask_longer_than_the_keys_is_cropped(dtype: torch.dtype) -> None:
    table = torch.ones(1, 1, 3, 9, dtype=torch.bool).tril(2) if dtype == torch.bool else torch.zeros(1, 1, 3, 9)
    assert dense(from_tensor(table, 5), 3, 5).shape[-1] == 5


@pytest.mark.parametrize("lowest", [-1.0, -(2.0**15), -1e30])
def test_two_numbers_alone_make_no_boolean_mask(lowest: float) -> None:
    table = torch.zeros(1, 1, 3, 5)
    table[..., 1, 2:] = lowest
    found = from_tensor(table, 5)
    assert found.is_open
    assert found.bias is not None
    assert torch.equal(found.bias, table)


@pytest.mark.parametrize("lowest", [float("-inf"), torch.finfo(torch.float32).min, torch.finfo(torch.float32).min / 2])
def test_the_lowest_numbers_there_are_make_one(lowest: float) -> None:
    table = torch.zeros(1, 1, 3, 5)
    table[..., 1, 2:] = lowest
    found = from_tensor(table, 5)
    assert found.bias is None
    assert found.fill == lowest
    assert torch.equal(dense(found, 3, 5)[0, 0], table[0, 0] == 0)


def test_the_lowest_number_among_others_is_a_bias() -> None:
    table = torch.randn(1, 1, 3, 5)
    table[..., 1, 2:] = torch.finfo(torch.float32).min
    assert from_tensor(table, 5).bias is not None
    assert from_tensor(torch.zeros(1, 1, 3, 5), 5).bias is None


def test_two_heads_that_see_different_keys_need_a_table() -> None:
    table = torch.ones(1, 2, 3, 5, dtype=torch.bool)
    table[0, 1, :, 4] = False
    found = recognised(table)
    assert found.dense is not None
    assert torch.equal(found.dense, table)


def test_a_bound_on_one_side_alone_stays_on_that_side_beside_padding() -> None:
    real = torch.tensor([True] * 9 + [False] * 2)
    ahead = recognised((torch.ones(11, 11, dtype=torch.bool).triu(-2) & real)[None, None])
    behind = recognised((torch.ones(11, 11, dtype=torch.bool).tril(1) & real.flip(0))[None, None])
    assert (ahead.left, ahead.right, ahead.dense) == (2, None, None)
    assert (behind.left, behind.right, behind.dense) == (None, 1, None)
