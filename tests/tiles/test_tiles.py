"""Tiles: any rectangle of any head, exact at pool 1, exact block means above, whatever the mask."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inspector.captures import AttentionCall, Capture
from inspector.errors import InputError, OutOfRange
from inspector.masks import Mask
from inspector.scores import Given, Scores
from inspector.summaries.blocks import Blocks
from inspector.summaries.row_sums import MANY, row_sums

B, H, KV, Q, K, D = 2, 6, 3, 29, 31, 11


def call_of(mask=None, queries=Q, keys=K, **options) -> AttentionCall:
    return AttentionCall(
        "layer", Scores(torch.randn(B, H, queries, D), torch.randn(B, KV, keys, D), 0.7, mask or Mask(), **options)
    )


MASKS = {
    "none": Mask,
    "causal": lambda: Mask(right=0),
    "offset": lambda: Mask(right=0, offset=K - Q),
    "window": lambda: Mask(left=5, right=0, offset=K - Q),
    "padding": lambda: Mask(keys=torch.arange(K)[None].expand(B, K) < torch.tensor([[19], [31]])),
    "finite fill": lambda: Mask(dense=(torch.rand(B, 1, Q, K) > 0.5) & (torch.arange(Q) != 7)[:, None], fill=-3.4e38),
    "empty rows": lambda: Mask(dense=(torch.rand(B, H, Q, K) > 0.5) & (torch.arange(Q) != 7)[:, None]),
    "bias": lambda: Mask(bias=torch.randn(1, H, Q, K)),
    "segments": lambda: Mask(segments=(torch.arange(Q)[None] // 11, torch.arange(K)[None] // 11)),
}


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("batch", [0, 1])
def test_a_tile_at_pool_one_equals_the_weights(name, batch):
    call = call_of(MASKS[name]())
    for head in (0, 4, -1):
        found = call.tile(head, queries=slice(3, 23), keys=slice(2, 19), batch=batch)
        exact = call.weights(batch, head, slice(3, 23), dtype=torch.float64)[0, 0, :, 2:19]
        assert found.shape == (20, 17)
        torch.testing.assert_close(found.double(), exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("pool", [2, 3, 7, 64])
def test_a_pooled_tile_is_the_mean_of_the_weights_in_each_block(name, pool):
    call = call_of(MASKS[name]())
    rows, keys = slice(1, 27), slice(2, 31)
    exact = call.weights(1, 3, rows, dtype=torch.float64)[0, 0, :, keys]
    found = call.tile(3, queries=rows, keys=keys, pool=pool, batch=1)
    largest = call.tile(3, queries=rows, keys=keys, pool=pool, batch=1, reduce="max")
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            block = exact[i * pool : (i + 1) * pool, j * pool : (j + 1) * pool]
            assert found[i, j].item() == pytest.approx(block.mean().item(), abs=2e-6)
            assert largest[i, j].item() == pytest.approx(block.max().item(), abs=2e-6)
    assert found.shape == (-(-26 // pool), -(-29 // pool))


def test_learned_sinks_take_their_share_of_a_tile():
    sinks = torch.randn(H) * 3
    call = call_of(sinks=sinks)
    torch.testing.assert_close(call.tile(5), call.weights(0, 5)[0, 0], atol=1e-5, rtol=0)
    assert float(call.tile(5).sum(-1).max()) < 1


def test_a_soft_cap_bends_the_scores_of_a_tile():
    call = call_of(softcap=1.5)
    torch.testing.assert_close(call.tile(2, pool=1), call.weights(0, 2)[0, 0], atol=1e-5, rtol=0)


def test_given_weights_are_cut_out_as_they_are():
    table = torch.rand(B, H, Q, K)
    call = AttentionCall("layer", Given(table))
    assert torch.equal(call.tile(2, queries=slice(3, 5), keys=slice(7, 11), batch=1), table[1, 2, 3:5, 7:11])


@pytest.mark.parametrize("causal", [True, False])
def test_a_long_head_in_many_blocks_gives_the_same_tile(causal):
    n = 1283
    call = call_of(Mask(right=0 if causal else None), queries=n, keys=n)
    exact = call.weights(0, 1, dtype=torch.float64)[0, 0]
    torch.testing.assert_close(call.tile(1).double(), exact, atol=1e-5, rtol=0)
    found = call.tile(1, pool=67)
    edges = [slice(i, i + 67) for i in range(0, n, 67)]
    means = torch.stack([torch.stack([exact[r, c].mean() for c in edges]) for r in edges])
    torch.testing.assert_close(found.double(), means, atol=1e-6, rtol=0)


def test_half_precision_queries_are_widened():
    query, key = torch.randn(1, 2, 37, 8), torch.randn(1, 2, 37, 8)
    half = AttentionCall("layer", Scores(query.bfloat16(), key.bfloat16(), 0.35, Mask(right=0)))
    exact = half.weights(0, 1, dtype=torch.float64)[0, 0]
    torch.testing.assert_close(half.tile(1).double(), exact, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    "wrong",
    [{"head": 6}, {"head": -7}, {"head": 0, "batch": 2}, {"head": 0, "queries": slice(0, 30)}, {"head": 0, "keys": slice(5, 5)},
     {"head": 0, "keys": slice(0, 8, 2)}],
)  # fmt: skip
def test_a_rectangle_that_does_not_exist_is_refused(wrong):
    with pytest.raises(OutOfRange, match="Use"):
        call_of().tile(wrong.pop("head"), **wrong)


@pytest.mark.parametrize("wrong", [{"pool": 0}, {"reduce": "median"}])
def test_a_pool_or_reduction_that_does_not_exist_is_refused(wrong):
    with pytest.raises(InputError):
        call_of().tile(0, **wrong)


@pytest.mark.parametrize("mask", [Mask(right=0), Mask(), Mask(right=0, left=70)], ids=["causal", "open", "window"])
def test_what_was_asked_before_changes_no_bit_of_a_tile(mask):
    asks = [
        lambda call: call.tile(1, queries=slice(300, 340)),
        lambda call: call.tile(1, queries=slice(310, 500), pool=5),
        lambda call: call.tile(1, pool=9),
        lambda call: call.tile(1, queries=slice(0, 513)),
        lambda call: Capture(calls=[call]).summarize().layers[0].entropy,
    ]
    call = call_of(mask, queries=577, keys=577)
    alone = [ask(replace(call)) for ask in asks]
    for order in (reversed(range(5)), (2, 4, 0, 3, 1)):
        fresh = replace(call)
        for at in order:
            assert torch.equal(asks[at](fresh), alone[at]), (at, order)


@pytest.mark.parametrize("rows", [slice(0, 1), slice(63, 65), slice(64, 128), slice(1200, 1283), slice(5, 1283)])
def test_sums_of_rows_are_those_of_the_rows_asked_for(rows, monkeypatch):
    monkeypatch.setattr("inspector.summaries.row_sums.BLOCK", 1283 * 30)  # a kept block of 64 rows is computed in three
    call = call_of(Mask(right=0, left=200), queries=1283, keys=1283)
    scores = call.evidence.scores(torch.tensor([1]), torch.tensor([2]), torch.arange(1283), torch.float64)[0, 0]
    found = row_sums(call, Blocks(call, 1, slice(2, 3)), 2, 1, rows)
    torch.testing.assert_close(found.double(), scores.logsumexp(-1)[rows], atol=1e-5, rtol=1e-6)


def test_few_rows_come_from_their_blocks_and_many_of_a_plain_head_from_one_pass(monkeypatch):
    passes = []
    monkeypatch.setattr(
        "inspector.summaries.row_sums._whole", lambda call, blocks: passes.append(1) or torch.zeros(call.shape[2])
    )
    for count, expected in ((MANY, 0), (MANY + 1, 1)):
        call = call_of(Mask(right=0), queries=1283, keys=1283)
        row_sums(call, Blocks(call, 0, slice(0, 1)), 0, 0, slice(7, 7 + count))
        row_sums(call, Blocks(call, 0, slice(0, 1)), 0, 0, slice(0, count))
        assert len(passes) == expected  # once
    for mask in (Mask(right=0, left=9), Mask(right=1), Mask(right=0, offset=3), Mask(keys=torch.ones(1, 1283, dtype=torch.bool))):
        row_sums(call_of(mask, queries=1283, keys=1283), Blocks(call, 0, slice(0, 1)), 0, 0, slice(0, 1283))
    assert len(passes) == 1
