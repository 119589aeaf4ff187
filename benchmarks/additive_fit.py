"""How well additive attention stands in for a head of the bundled model, by number of hidden units.

    python benchmarks/additive_fit.py [--heads 0.2 2.9 5.5] [--hidden 8 16 66] [--seed 0] [--threads 1]

Prints a table: KL(head ‖ attention) on held-out texts in nats with its standard error over texts, and how often the strongest
key is the head's. Texts are those of ``inspector.analyses.additive_fit.corpus`` (Python's language reference, split by topic).
"""

from __future__ import annotations

import argparse
import time

import torch

from inspector import Inspector
from inspector.analyses.additive_fit import Score, Texts, default_texts, fit_additive


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", nargs="+", default=["0.2", "2.9", "5.5"], help="layer.head")
    parser.add_argument("--hidden", nargs="+", type=int, default=[8, 16, 66])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    inspector = Inspector.from_pretrained("bundled")
    texts = default_texts(inspector.tokenizer, seed=options.seed)
    print(f"{inspector.name}; {texts.source}: {len(texts.train)} / {len(texts.held_out)} / {len(texts.other)} texts\n")
    print("| head | attention | held-out KL | top-1 | content KL | before training | other domain | explained | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name in options.heads:
        layer, head = map(int, name.split("."))
        table(inspector, texts, (layer, head), options)


def table(inspector: Inspector, texts: Texts, place: tuple[int, int], options: argparse.Namespace) -> None:
    label = f"L{place[0]}H{place[1]}"
    baselines: dict[str, Score] = {}
    for hidden in options.hidden:
        began = time.perf_counter()
        fit = fit_additive(inspector, *place, hidden, texts=texts, seed=options.seed)
        for name, score in fit.baselines.items():
            if name not in baselines:
                baselines[name] = score
                print(f"| {label} | {name} | {cells(score)} | | | | |")
        other = "" if fit.other is None else f"{fit.other.kl:.5f}"
        took = time.perf_counter() - began
        print(
            f"| {label} | additive {hidden}, {fit.steps} steps | {cells(fit.held_out)} | {fit.start.kl:.5f} | {other} "
            f"| {max(fit.explained, 0):.1%} | {took:.0f} |",
            flush=True,
        )


def cells(score: Score) -> str:
    return f"{score.kl:.5f} ± {score.error:.5f} | {score.top1:.3f} | {score.content_kl:.5f}"


if __name__ == "__main__":
    main()
