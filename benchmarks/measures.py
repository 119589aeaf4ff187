"""What measuring many short texts costs: every measure of every head of every text of a batch, over the batch's forward pass.

    python -m benchmarks.measures [--texts 64] [--rounds 9] [--threads 1]

The bundled model and texts of 19 tokens. Each round runs the plain forward pass and then measures a capture that is new: once
all at once (``measure(cap, names, batch)`` for each text), once by name, as a survey asks (``measure(cap, name, batch)``).
Medians over rounds of processor seconds, so that other programs on the machine hardly move them.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # a waiting thread uses no processor

from measuring import in_turn  # noqa: E402


def texts_of(count: int) -> list[str]:
    """``count`` texts of 19 tokens, no two alike."""
    animals, deeds = (
        ("cat", "dog", "horse", "bird", "fish", "cow", "pig", "fox"),
        ("slept", "sat", "ate", "ran", "sang", "hid", "fell", "won"),
    )
    pairs = [(animal, deed) for animal in animals for deed in deeds]
    return [
        f"The {animal} that {deed} by the door was seen by the man who had seen it."
        for animal, deed in (pairs[at % len(pairs)] for at in range(count))
    ]


def main() -> None:
    import torch

    from inspector import Inspector, list_metrics, measure

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    inspector, texts, names = Inspector.from_pretrained("bundled"), texts_of(chosen.texts), list_metrics()
    inputs = inspector.tokenizer(texts, return_tensors="pt", padding=True)

    def captured() -> object:
        return inspector(texts)

    def forward(_: object) -> None:
        with torch.no_grad():
            inspector.model(**inputs)

    def at_once(cap: object) -> None:
        for text in range(chosen.texts):
            measure(cap, names, text)

    def by_name(cap: object) -> None:
        for name in names:
            for text in range(chosen.texts):
                measure(cap, name, text)

    found = in_turn({"forward": forward, "at once": at_once, "by name": by_name}, captured, chosen.rounds)
    tokens, forward_ms = inputs["input_ids"].shape[1], found["forward"] * 1e3
    print(f"{chosen.texts} texts of {tokens} tokens, {chosen.threads} threads; forward {forward_ms:.0f} ms")
    for side in ("at once", "by name"):
        share = found[side] / found["forward"]
        print(
            f"{len(names)} measures of 72 heads of each text, {side}: {found[side] * 1e3:.0f} ms, {share:.2f} × the forward pass"
        )


if __name__ == "__main__":
    main()
