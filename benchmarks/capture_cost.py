"""What a capture costs: the forward pass with it, over the forward pass without, alternated in one process.

    python -m benchmarks.capture_cost [--tokens 512] [--repeat 15] [--threads 2]

Medians of alternated runs, so that a busy machine slows both alike. ``idle`` is the plain forward with the package
imported and a capture opened and closed before, over the forward before any capture: nothing may be left.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers import BloomConfig, BloomModel, DebertaConfig, DebertaModel, FalconConfig, FalconModel, GPT2Config, GPT2Model
from transformers.utils import logging

from inspector import Inspector, capture


def models(tokens: int) -> dict[str, tuple[nn.Module, str]]:
    """Name → (model, mechanism): two interface models, then hand-written ones."""
    wide = {"hidden_size": 384, "num_hidden_layers": 4, "num_attention_heads": 6}
    return {
        "bundled (BERT 6 × 12)": (Inspector.from_pretrained("bundled").model, "interface"),
        "GPT-2 small shape": (GPT2Model(GPT2Config(n_positions=max(1024, tokens))), "interface"),
        "BLOOM": (BloomModel(BloomConfig(hidden_size=384, n_layer=4, n_head=6, vocab_size=1000)), "by hand"),
        "Falcon": (FalconModel(FalconConfig(**wide, vocab_size=1000)), "by hand"),
        "DeBERTa": (
            DebertaModel(DebertaConfig(**wide, vocab_size=1000, relative_attention=True, pos_att_type="c2p|p2c")),
            "by hand",
        ),
    }


def seconds(run: Callable[[], Any]) -> float:
    """The processor time of one call, all threads together: other programs on the machine hardly move it."""
    start = time.process_time()
    run()
    return time.process_time() - start


def measure(model: nn.Module, tokens: int, repeat: int) -> dict[str, float]:
    """Medians of a plain forward, ratios to it, and what a capture keeps."""
    model.eval()
    ids = torch.randint(5, 900, (1, tokens))
    kept = 0

    def plain() -> None:
        model(ids)

    def captured() -> None:
        nonlocal kept
        with capture(model) as cap:
            model(ids)
        kept = cap.nbytes

    with torch.no_grad():
        for _ in range(2):
            plain()
        before = [seconds(plain) for _ in range(repeat)]
        captured()
        pairs = [(seconds(plain), seconds(captured)) for _ in range(repeat)]
    base = statistics.median(p for p, _ in pairs)
    return {
        "plain_ms": base * 1e3,
        "ratio": statistics.median(c / p for p, c in pairs),
        "idle": base / statistics.median(before),
        "kept_mb": kept / 2**20,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", default="", help="part of a model's name")
    options = parser.parse_args()
    logging.set_verbosity_error()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    print(f"{options.tokens} tokens, {options.threads} threads, medians of {options.repeat} alternated runs")
    print(f"{'model':<24}{'mechanism':<12}{'plain':>9}{'capture':>9}{'idle':>7}{'kept':>10}")
    for name, (model, mechanism) in models(options.tokens).items():
        if options.only.lower() not in name.lower():
            continue
        found = measure(model, min(options.tokens, 512) if "bundled" in name else options.tokens, options.repeat)
        ratios = f"{found['ratio']:>8.3f}×{found['idle']:>6.2f}×"
        print(f"{name:<24}{mechanism:<12}{found['plain_ms']:>6.0f} ms{ratios}{found['kept_mb']:>7.1f} MB")


if __name__ == "__main__":
    main()
