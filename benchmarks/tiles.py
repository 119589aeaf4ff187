"""Tiles of one head at 32,768 tokens: exact ones, and coarse ones beside the fused kernel's own pass over the same area.

    python benchmarks/tiles.py [--tokens 32768] [--device cuda]

Queries and keys are random (4 key heads for 8 heads, width 64, causal), the row statistics exist, as after a summary.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from measuring import best_of, peak  # noqa: E402


def main() -> None:
    import torch

    from inspector import AttentionCall
    from inspector.masks import Mask
    from inspector.scores import Scores
    from inspector.summaries.kernel import attend

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=32768)
    parser.add_argument("--device", default="cpu")
    chosen = parser.parse_args()
    n, device = chosen.tokens, chosen.device
    torch.manual_seed(0)
    query, key = torch.randn(1, 8, n, 64).to(device), torch.randn(1, 4, n, 64).to(device)
    call = AttentionCall("layer", Scores(query, key, 0.125, Mask(right=0)))
    seconds, _ = best_of(lambda: attend(query[:, :1] * 0.125, key[:, :1], key[:, :1], True), 1, device)
    place = f"{torch.get_num_threads()} threads" if device == "cpu" else torch.cuda.get_device_name()
    print(f"{n:,} tokens, {place}; the row statistics of one head: {seconds:.3f} s, once")
    call.tile(0, pool=n // 64)
    for side in (256, 1024):
        place = slice(n - side, n)
        middle, worst = best_of(lambda place=place: call.tile(0, queries=place, keys=place), 15, device)
        print(f"{side} × {side} at full resolution: {middle * 1e3:.1f} ms (worst of 15: {worst * 1e3:.1f} ms)")
    for area, pool in ((2048, 8), (8192, 32), (16384, 64), (n, n // 512)):
        rows, keys = slice(n - area, n), slice(0, area)  # below the diagonal where both fit
        whole = area == n
        part = (query[:, :1, rows] * 0.125, key[:, :1, keys], key[:, :1, keys])
        fused, _ = best_of(lambda part=part, whole=whole: attend(*part, whole), 3, device)
        ours, _ = best_of(lambda rows=rows, keys=keys, pool=pool: call.tile(0, queries=rows, keys=keys, pool=pool), 3, device)
        cells = -(-area // pool)
        print(f"{area:,} × {area:,} as {cells} × {cells}: {ours:.3f} s, {ours / fused:.2f} × one fused pass ({fused:.3f} s)")
    print(f"peak memory {peak(device):,.0f} MB")


if __name__ == "__main__":
    main()
