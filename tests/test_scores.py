"""Scores and Given: hand-computed weights, grouped heads, soft caps, sinks, and rows no key is open to."""

from __future__ import annotations

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

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


MASKS = {
    "none": Mask,
    "causal": lambda: Mask(right=0, offset=2),
    "window, eager": lambda: Mask(right=1, left=3, fill=torch.finfo(torch.float32).min),
    "keys": lambda: Mask(keys=torch.rand(2, 19) > 0.4),
    "segments": lambda: Mask(segments=(torch.arange(17)[None] // 6, torch.arange(19)[None] // 6)),
    "table": lambda: Mask(dense=torch.rand(2, 1, 17, 19) > 0.5),
    "table a head": lambda: Mask(dense=torch.rand(1, 6, 17, 19) > 0.5, right=0),
    "bias": lambda: Mask(bias=torch.randn(6, 17, 19)),
    "bias a key, closed rows": lambda: Mask(bias=torch.randn(2, 1, 1, 19), dense=(torch.arange(17) % 3 > 0)[:, None]),
}


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("rest", [{}, {"softcap": 1.5}, {"sinks": True}], ids=["plain", "softcap", "sinks"])
@pytest.mark.parametrize("rows", [1, 5])
def test_a_block_of_rows_at_a_time_gives_every_weight_to_the_last_bit(mask, rest, rows, monkeypatch) -> None:
    torch.manual_seed(1)
    query, key = torch.randn(2, 6, 17, 8), torch.randn(2, 3, 19, 8)
    scores = Scores(query, key, 0.4, mask(), rest.get("softcap"), torch.randn(6) if "sinks" in rest else None)
    chosen = [(None, None), (torch.tensor([1]), torch.tensor([4, 0, 3])), (None, torch.tensor([2]))]
    for batch, heads in chosen:
        for queries in (torch.arange(17), torch.tensor([16, 3, 3, 8, 0, 11])):
            monkeypatch.setattr("inspector.scores.BLOCK", 2**40)
            whole = scores.weights(batch, heads, queries), scores.scores(batch, heads, queries)
            monkeypatch.setattr("inspector.scores.BLOCK", rows * whole[0][:, :, 0].numel())
            assert torch.equal(scores.weights(batch, heads, queries), whole[0])
            assert torch.equal(scores.scores(batch, heads, queries), whole[1])
            expected = in_float64(scores, batch, heads, queries)
            assert torch.allclose(whole[0].double(), expected, atol=1e-6)


def in_float64(scores: Scores, batch, heads, queries) -> torch.Tensor:
    """The definition, one weight at a time from whole tables."""
    batch, heads = (torch.arange(n) if c is None else c for n, c in zip(scores.shape, (batch, heads), strict=False))
    mask, size = scores.mask, scores.shape
    key = scores.key.double().repeat_interleave(scores.group, 1)
    table = scores.query.double() @ key.mT * scores.scale
    if scores.softcap is not None:
        table = scores.softcap * torch.tanh(table / scores.softcap)
    table = table if mask.bias is None else table + mask.bias.double()
    here, there = torch.arange(size[2])[:, None] + mask.offset, torch.arange(size[3])
    keep = torch.ones(size, dtype=torch.bool)
    keep &= mask.right is None or there <= here + mask.right
    keep &= mask.left is None or there >= here - mask.left
    keep &= True if mask.keys is None else mask.keys[:, None, None]
    keep &= True if mask.segments is None else mask.segments[0][0][:, None] == mask.segments[1][0]
    keep &= True if mask.dense is None else mask.dense
    table = table.masked_fill(~keep, mask.fill)
    sink = torch.full((size[1],), -math.inf) if scores.sinks is None else scores.sinks
    table = torch.cat([table, sink.double()[None, :, None, None].expand(*size[:3], 1)], -1)
    return torch.softmax(table, -1)[..., :-1].nan_to_num(0.0)[batch][:, heads][:, :, queries]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_given_weights_are_copied_a_block_of_rows_at_a_time(dtype, monkeypatch) -> None:
    table, rows = torch.rand(2, 3, 17, 5).to(dtype), torch.tensor([4, 0, 16, 4])
    for block in (1, 30, 2**40):
        monkeypatch.setattr("inspector.scores.BLOCK", block)
        assert torch.equal(everything(Given(table)), table.float())
        some = Given(table).weights(torch.tensor([1, 0]), torch.tensor([2]), rows)
        assert torch.equal(some, table[[1, 0]][:, [2]][:, :, rows].float())


def test_rows_are_cut_so_that_a_block_holds_a_million_numbers() -> None:
    from inspector.scores import _in_blocks

    table = torch.empty(1, 2, 2000, 1024)  # 2,048 numbers for each query: 512 queries
    sizes = [len(rows) for _, rows in _in_blocks(table, torch.arange(2000))]
    assert sizes == [512, 512, 512, 464]
    assert [part.shape[2] for part, _ in _in_blocks(table, torch.arange(2000))] == sizes


class Sizes(TorchDispatchMode):
    """How many numbers each operation's result holds, and where it lies."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, int]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self.found.append((result.untyped_storage().data_ptr(), result.numel()))
        return result


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("sinks", [None, torch.zeros(6)], ids=["plain", "sinks"])
def test_nothing_as_large_as_the_weights_is_made_beside_them(mask, sinks, monkeypatch) -> None:
    scores = Scores(torch.randn(2, 6, 17, 2), torch.randn(2, 3, 19, 2), 0.4, mask(), 2.0, sinks)
    block = 4 * 2 * 6 * 20  # four rows, a sink beside each
    monkeypatch.setattr("inspector.scores.BLOCK", block)
    with Sizes() as sizes:
        found = everything(scores)
    assert found.numel() > 4 * block
    own = {tensor.untyped_storage().data_ptr() for tensor in (found, *scores.tensors().values())}
    assert max(numbers for storage, numbers in sizes.found if storage not in own) <= block
