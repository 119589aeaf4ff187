"""The largest error of every summary number against whole float64 maps, beside the bound 1e-5 + 4e-7 · max|score|.

    python benchmarks/accuracy.py [--tokens 1024]

Random queries and keys with scores up to about 40, 6 heads over 3 key heads, both ways, float32 and bfloat16 (whose stored
queries and keys are widened). Distances are told in units of the text's length, attention received per row that may see the key.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "summaries")]


def main() -> None:
    import torch
    from dense import band, bound, capture_of, dense_numbers, dense_weights, tokens_of

    from inspector.masks import Mask

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=1024)
    n = parser.parse_args().tokens
    torch.manual_seed(0)
    tokens = tokens_of(torch.multinomial(1.0 / torch.arange(1, 5001), n, replacement=True).tolist(), special=(0,))
    for causal in (True, False):
        for dtype in (torch.float32, torch.bfloat16):
            query, key = (torch.randn(1, heads, n, 64).mul(2.8).to(dtype) for heads in (6, 3))
            mask = Mask(right=0 if causal else None)
            weights, sink, largest = dense_weights(query[0], key[0], 0.125, band(n, n, right=mask.right)[None])
            exact = dense_numbers(weights, sink, band(n, n, right=mask.right)[None], tokens, causal)
            for how in ("fused", "blocked"):
                layer = capture_of(query, key, 0.125, mask, tokens=[tokens]).summarize(how=how, maximum=True).layers[0]
                errors = {}
                for name, values in exact.items():
                    if name in ("sink", "seen") or (name == "induction" and not causal):
                        continue
                    found = layer.mass[name] if name in layer.mass else getattr(layer, name)
                    unit = n if name == "distance" else exact["seen"].clamp_min(1) if name == "received" else 1
                    errors[name] = float(((found.double() - values) / unit).nan_to_num().abs().max())
                worst = ", ".join(f"{name} {error:.0e}" for name, error in sorted(errors.items(), key=lambda e: -e[1]))
                kind = "causal" if causal else "both ways"
                print(f"{kind}, {str(dtype)[6:]}, {how}: bound {bound(largest):.1e} (max|score| {largest:.0f}); {worst}")


if __name__ == "__main__":
    main()
