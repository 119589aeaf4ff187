"""Blocks change the memory and nothing else."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from reference import AdditiveAttention, blocks

CASES = [
    (1, "one entry at a time"),
    (400, "parts of a row"),
    (2_000, "whole rows"),
    (10_000, "whole items"),
    (2**30, "all at once"),
]


@pytest.mark.parametrize("budget", [budget for budget, _ in CASES], ids=[name for _, name in CASES])
@pytest.mark.parametrize("grad", [True, False])
def test_any_budget_gives_the_same_numbers_and_gradients(tensors, budget, grad):
    torch.manual_seed(1)
    whole = AdditiveAttention(11, 11, 13, budget=2**40).double()
    parts = AdditiveAttention(11, 11, 13, budget=budget).double()
    parts.load_state_dict(whole.state_dict())
    results = []
    for module in (whole, parts):
        with torch.set_grad_enabled(grad):
            context, weights = module(tensors["key"], tensors["query"], tensors["value"], tensors["mask"])
        if grad:
            (context.square().sum() + (weights * weights.detach()).sum()).backward()
        results.append((context.detach(), weights.detach(), *(p.grad for p in module.parameters() if grad)))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("grad", [True, False])
def test_no_block_is_larger_than_its_budget(monkeypatch, grad):
    sizes, block = [], blocks._block

    def watched(a, b, v):
        sizes.append(a.shape[0] * a.shape[1] * b.shape[1] * v.numel() * a.element_size())
        return block(a, b, v)

    monkeypatch.setattr(blocks, "_block", watched)
    with torch.set_grad_enabled(grad):
        AdditiveAttention(3, 2, 7, budget=1_000)(torch.randn(2, 31, 3), torch.randn(2, 23, 2))
    assert max(sizes) <= 1_000
    assert sum(sizes) == 2 * 23 * 31 * 7 * 4


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of one process is read from /proc")
def test_the_hidden_tensor_never_exists():
    """2,048 × 2,048 pairs with 64 hidden units: 1 GB at once, less than 80 MB in blocks (17 MB of it are the weights)."""
    code = """
        import torch
        from pathlib import Path
        from reference import AdditiveAttention

        def peak():
            lines = Path("/proc/self/status").read_text().splitlines()
            return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        module, x = AdditiveAttention(8, 8, 64), torch.randn(1, 2048, 8)
        module(x[:, :9], x[:, :9])
        before = peak()
        module(x, x)
        print(peak() - before)
    """
    home = Path(blocks.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=home, capture_output=True, text=True, check=True)
    assert 10 * 2**20 < int(done.stdout) * 1024 < 80 * 2**20
