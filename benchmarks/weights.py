"""What a whole layer's weights take beside themselves: ``call.weights()``, and the textbook's softmax(q·kᵀ·scale + mask).

    python -m benchmarks.weights [--tokens 4096] [--heads 12] [--rounds 3]

Both sides in processes of their own, in turn: the most memory resident during the one call, over the size of what it returns.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from measuring import alternate, middle, peak, timed  # noqa: E402


def run(side: str, tokens: int, heads: int) -> dict[str, float]:
    """One side, once: causal attention of one batch item with key heads for half the heads."""
    import psutil
    import torch

    from inspector import AttentionCall
    from inspector.masks import Mask
    from inspector.scores import Scores

    torch.manual_seed(0)
    query, key = torch.randn(1, heads, tokens, 64), torch.randn(1, heads // 2, tokens, 64)
    call = AttentionCall("layer", Scores(query, key, 0.125, Mask(right=0)))
    forbidden = torch.ones(tokens, tokens, dtype=torch.bool).triu_(1)
    call.weights(queries=slice(0, 8))  # what the first call of anything loads is no part of it
    report: dict[str, float] = {}
    before = psutil.Process().memory_info().rss / 2**20
    with timed(report, "weights"):
        if side == "weights":
            found = call.weights()
        else:
            scores = query @ key.repeat_interleave(2, 1).transpose(-1, -2) * 0.125
            found = torch.softmax(scores.masked_fill(forbidden, float("-inf")), -1)
    own = found.numel() * found.element_size() / 2**20
    return report | {"own MB": own, "ratio": (peak() - before) / own}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=4096)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", choices=["textbook", "weights"])
    chosen = parser.parse_args()
    if chosen.side:
        print(json.dumps(run(chosen.side, chosen.tokens, chosen.heads)))
        return
    found = alternate(
        __file__, ["textbook", "weights"], ["--tokens", str(chosen.tokens), "--heads", str(chosen.heads)], chosen.rounds
    )
    print(f"{chosen.heads} heads × {chosen.tokens:,}² weights, {middle(found['weights'], 'own MB'):,.0f} MB")
    for side, said in (("textbook", "softmax(q·kᵀ·scale + mask)"), ("weights", "call.weights()")):
        print(f"{said}: peaks at {middle(found[side], 'ratio'):.2f} × its own size, {middle(found[side], 'weights s'):.2f} s")


if __name__ == "__main__":
    main()
