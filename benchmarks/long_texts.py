"""Capture and full summary of long texts against the plain forward pass of the same model: seconds and peak memory.

    python benchmarks/long_texts.py --shape gpt2  --tokens 8192
    python benchmarks/long_texts.py --shape llama --tokens 32768 [--device cuda --dtype bfloat16]

Both models have random weights (the work does not depend on them) and read ids drawn like words of a text: few of them often.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a waiting thread uses no processor

from measuring import alternate, middle, timed  # noqa: E402


def build(shape: str, tokens: int):
    """(model, input ids [1, tokens])."""
    import torch
    import transformers

    torch.manual_seed(0)
    if shape == "gpt2":  # 12 layers, 12 heads, width 768
        config = transformers.GPT2Config(n_positions=tokens, attn_implementation="sdpa")
        model = transformers.GPT2Model(config)
    else:
        config = transformers.LlamaConfig(
            vocab_size=32000, hidden_size=512, intermediate_size=1376, num_hidden_layers=8, num_attention_heads=8,
            num_key_value_heads=4, max_position_embeddings=tokens, attn_implementation="sdpa",
        )  # fmt: skip
        model = transformers.LlamaModel(config)
    ranks = 1.0 / torch.arange(1, config.vocab_size + 1)  # Zipf's law
    return model.eval(), torch.multinomial(ranks, tokens, replacement=True)[None]


def warm_up(model, ids) -> None:
    """Everything that is measured, once, on a short text; then the peak of memory is counted anew."""
    import torch

    from inspector import capture

    with capture(model) as cap:
        model(input_ids=ids, use_cache=False)
    cap.summarize()
    cap.call(-1).tile(1, pool=2)
    del cap
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()


def run(side: str, shape: str, tokens: int, device: str, dtype: str) -> dict[str, float]:
    """One side, once: the plain forward pass, or capture, summary and one head's map as a view asks for it."""
    import torch

    model, ids = build(shape, tokens)
    model, ids = model.to(device, getattr(torch, dtype)), ids.to(device)
    report: dict[str, float] = {}
    with torch.no_grad():
        model(input_ids=ids[:, :64], use_cache=False)
        if device != "cpu":  # the first call of each kernel loads it
            warm_up(model, ids[:, :1024])
        if side == "plain":
            with timed(report, "forward", device):
                model(input_ids=ids, use_cache=False)
            return report
        from inspector import capture

        with timed(report, "capture", device), capture(model) as cap:
            model(input_ids=ids, use_cache=False)
        if side == "capture":
            return report
        with timed(report, "summary", device):
            summary = cap.summarize()
        assert all(layer.how == "fused" for layer in summary.layers)
        assert sum(layer.num_heads for layer in summary.layers) == (144 if shape == "gpt2" else 64)
        with timed(report, "tile", device):
            cap.call(-1).tile(1, queries=slice(tokens - 256, tokens), keys=slice(tokens - 256, tokens))
        with timed(report, "overview", device):
            cap.call(-1).tile(1, pool=max(1, tokens // 512))
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=["gpt2", "llama"], default="gpt2")
    parser.add_argument("--tokens", type=int, default=8192)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--side", choices=["plain", "inspected"])
    chosen = parser.parse_args()
    if chosen.side:
        print(json.dumps(run(chosen.side, chosen.shape, chosen.tokens, chosen.device, chosen.dtype)))
        return
    threads = os.environ.get("OMP_NUM_THREADS", "all")
    print(f"{chosen.shape} shape, {chosen.tokens:,} tokens, {chosen.dtype}, {chosen.device}, {threads} threads")
    arguments = ["--shape", chosen.shape, "--tokens", str(chosen.tokens), "--device", chosen.device, "--dtype", chosen.dtype]
    found = alternate(__file__, ["plain", "inspected"], arguments, chosen.rounds)
    plain, ours = found["plain"], found["inspected"]
    forward, capture, summary = middle(plain, "forward s"), middle(ours, "capture s"), middle(ours, "summary s")
    memory, peak = middle(plain, "forward peak MB"), middle(ours, "summary peak MB")
    used = [middle(r, n) for r, n in ((plain, "forward cpu s"), (ours, "capture cpu s"), (ours, "summary cpu s"))]
    print(f"plain forward {forward:.2f} s, {memory:,.0f} MB")
    print(f"capture {capture:.2f} s, summary {summary:.2f} s = {summary / forward:.2f} × forward; peak {peak:,.0f} MB")
    both, alone = (used[1] + used[2]) / used[0], used[2] / used[0]
    print(f"processor seconds {used[0]:.1f}, {used[1]:.1f} and {used[2]:.1f}: {both:.2f} × together, summary {alone:.2f} ×")
    print(f"capture + summary: {(capture + summary) / forward:.2f} × the time, {peak / memory:.2f} × the memory")
    print(
        f"then a 256 × 256 tile {middle(ours, 'tile s') * 1e3:.0f} ms, an overview of one head {middle(ours, 'overview s'):.2f} s"
    )


if __name__ == "__main__":
    main()
