"""The fused kernel and its stand-in give the same outputs and the same log-sum-exp."""

from __future__ import annotations

import pytest
import torch

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.kernel import _plain, attend, padded


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("shape", [(1, 3, 7, 8), (2, 1, 613, 24), (1, 2, 257, 72)])
def test_the_kernel_returns_the_output_and_the_log_sum_exp_of_each_row(causal, shape):
    query, key, value = (torch.randn(shape) for _ in range(3))
    scores = query.double() @ key.double().transpose(-1, -2)
    if causal:
        scores = scores.masked_fill(torch.ones(shape[2], shape[2], dtype=torch.bool).triu(1), float("-inf"))
    for found in (attend(query, key, value, causal), _plain(query, key, value, causal, rows=100)):
        torch.testing.assert_close(found[1].double(), scores.logsumexp(-1), atol=2e-5, rtol=0)
        torch.testing.assert_close(found[0].double(), scores.softmax(-1) @ value.double(), atol=5e-5, rtol=0)


def test_heads_that_share_keys_share_their_memory():
    query, key = torch.randn(1, 4, 37, 8), torch.randn(1, 1, 37, 8)
    shared = attend(query, key.expand(1, 4, 37, 8), key.expand(1, 4, 37, 8), True)
    copied = attend(query, key.repeat(1, 4, 1, 1), key.repeat(1, 4, 1, 1), True)
    assert torch.equal(shared[0], copied[0])


def test_parts_are_laid_side_by_side_and_filled_with_zeros():
    found = padded(torch.ones(2, 3, 5), torch.full((1, 3, 1), 2.0))
    assert found.shape == (2, 3, 8)
    assert found[1, 2].tolist() == [1, 1, 1, 1, 1, 2, 0, 0]
    assert padded(torch.ones(3, 5), width=11).shape == (3, 11)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("how", ["fused", "blocked"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_numbers_from_a_cuda_device_are_those_of_the_processor(how, dtype):
    query, key = torch.randn(1, 4, 523, 64).to(dtype), torch.randn(1, 2, 523, 64).to(dtype)
    layers = [
        Capture(calls=[AttentionCall("layer", Scores(query.to(device), key.to(device), 0.125, Mask(right=0)))])
        .summarize(how=how, maximum=True)
        .layers[0]
        for device in ("cpu", "cuda")
    ]
    for name in ("lse", "entropy", "previous", "local", "maximum", "pooled"):
        torch.testing.assert_close(getattr(layers[0], name), getattr(layers[1], name), atol=2e-5, rtol=0, equal_nan=True)
