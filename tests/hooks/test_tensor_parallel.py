"""A model that is split over two processes: each captures the heads it has, and says whose they are."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

HEADS = 8


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_each_rank_captures_its_own_heads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
        num_key_value_heads=4,
        vocab_size=64,
        attn_implementation="eager",
    )
    whole = LlamaForCausalLM(config).eval()
    whole.save_pretrained(tmp_path)
    with torch.no_grad():
        wanted = whole(torch.arange(5, 17)[None], output_attentions=True).attentions[-1]

    port, root = str(free_port()), Path(__file__).parents[2]
    ranks = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.hooks.one_rank", str(tmp_path), str(rank), "2", port],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=root,
        )
        for rank in range(2)
    ]
    try:
        for rank, process in enumerate(ranks):
            out, err = process.communicate(timeout=240)
            assert process.returncode == 0, err[-3000:]
            report = json.loads(out.strip().splitlines()[-1])
            assert report["note"] == f"local heads of rank {rank} of 2"
            assert (report["calls"], report["same"], report["missing"]) == (2, True, [])
            assert report["residual"] < 1e-5
            own = wanted[:, rank * HEADS // 2 : (rank + 1) * HEADS // 2]
            assert torch.allclose(torch.tensor(report["weights"]), own, atol=1e-6)
    finally:
        for process in ranks:
            process.kill()
            process.wait()
