"""Additive and scaled dot-product attention of ``reference/`` against Keras 3 (torch backend) and PyTorch, over length.

    python benchmarks/reference_mechanisms.py [--lengths 128 512 2048] [--hidden 64] [--repeat 7] [--threads 1] [--backward]

Contestants of one mechanism take turns, so that a busy machine is busy for all; a figure is the median over the turns, and a
ratio the median of the turns' ratios to ``reference``. Memory is what the process' peak grows by over its start, in a process
of its own. Each contestant's output is compared with the reference's before it is timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import torch
from torch import Tensor
from torch.nn import functional as F

import reference

Contestant = Callable[[Tensor, Tensor], Any]


def contestants(mechanism: str, width: int) -> dict[str, Contestant]:
    """What computes context and weights (PyTorch's kernel: the context alone) of query and key [1, rows, width], by name."""
    if mechanism == "additive":
        eye, layer = torch.eye(width), keras_layer("AdditiveAttention")
        layer.build([(1, 8, width)] * 2)
        v = torch.as_tensor(layer.scale.numpy())
        return {
            "reference": lambda q, k: reference.additive_attention(q, k, W_q=eye, W_k=eye, v=v),
            "keras": lambda q, k: layer([q, k], return_attention_scores=True),
            "pytorch, written out": lambda q, k: written_out(q, k, v),
        }
    layer = keras_layer("Attention", use_scale=True)
    layer.build([(1, 8, width)] * 2)
    layer.scale.assign(width**-0.5)
    return {
        "reference": reference.scaled_dot_product_attention,
        "keras": lambda q, k: layer([q, k], return_attention_scores=True),
        "pytorch kernel, no weights": lambda q, k: (F.scaled_dot_product_attention(q, k, k),),
    }


def written_out(query: Tensor, key: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Additive attention as it stands in a textbook: every hidden activation at once."""
    weights = (torch.tanh(query.unsqueeze(2) + key.unsqueeze(1)) @ v).softmax(-1)
    return weights @ key, weights


def keras_layer(name: str, **options: Any) -> Any:
    import keras

    return getattr(keras.layers, name)(**options)


def inputs(length: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    query, key = (torch.randn(1, length, width, generator=generator) for _ in range(2))
    return query, key


def once(run: Contestant, query: Tensor, key: Tensor, backward: bool) -> float:
    query, key = (tensor.detach().requires_grad_(backward) for tensor in (query, key))
    began = time.perf_counter()
    with torch.set_grad_enabled(backward):
        output = run(query, key)[0]
        if backward:
            output.sum().backward()
    return time.perf_counter() - began


def times(mechanism: str, length: int, options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of every turn, by contestant; the first turn warms up and does not count."""
    query, key = inputs(length, options.hidden)
    runs = {name: run for name, run in contestants(mechanism, options.hidden).items() if fits(mechanism, name, length, options)}
    with torch.no_grad():
        expected = runs["reference"](query, key)[0]
        for name, run in runs.items():
            found = reference.compare_attention(run(query, key)[0].detach(), expected, tolerance=1e-4)
            assert found, f"{name}: {found}"
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(options.repeat):
        for name, run in runs.items():
            taken[name].append(once(run, query, key, options.backward))
    return taken


def fits(mechanism: str, name: str, length: int, options: argparse.Namespace) -> bool:
    """Whether a contestant that holds every hidden activation stays under the memory allowed."""
    if mechanism != "additive" or name == "reference":
        return True
    return 2 * length * length * options.hidden * 4 * (2 if options.backward else 1) <= options.gigabytes * 2**30


def memory(mechanism: str, name: str, length: int, options: argparse.Namespace) -> int:
    """Bytes by which the peak of a process of its own grows while it runs once."""
    command = [sys.executable, __file__, "--measure", mechanism, name, str(length), "--hidden", str(options.hidden)]
    command += ["--threads", str(options.threads), *(["--backward"] if options.backward else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.split()[-1])


def measure(mechanism: str, name: str, length: int, options: argparse.Namespace) -> None:
    """The child's side of ``memory``: prints the growth of the peak."""
    run = contestants(mechanism, options.hidden)[name]
    once(run, *inputs(16, options.hidden), options.backward)
    query, key = inputs(length, options.hidden)
    before = peak()
    once(run, query, key, options.backward)
    print(peak() - before)


def peak() -> int:
    """The process' largest resident memory in bytes; on Linux its own count, since ``ru_maxrss`` there starts at the parent's."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lengths", nargs="+", type=int, default=[128, 512, 2048])
    parser.add_argument("--hidden", type=int, default=64, help="width of queries and keys, and hidden units")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--gigabytes", type=float, default=4.0, help="leave out contestants that need more")
    parser.add_argument("--backward", action="store_true", help="forward and backward")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.measure:
        mechanism, name, length = options.measure
        measure(mechanism, name, int(length), options)
        return
    what = "forward and backward" if options.backward else "forward"
    print(f"torch {torch.__version__}, {options.threads} thread(s), hidden {options.hidden}, float32, {what}\n")
    print("| mechanism | tokens | who | median ms | × reference | peak MB |\n|---|---|---|---|---|---|")
    for mechanism in ("additive", "scaled dot-product"):
        for length in options.lengths:
            taken = times(mechanism, length, options)
            for name, seconds in taken.items():
                ratio = statistics.median(a / b for a, b in zip(seconds, taken["reference"], strict=True))
                grown = memory(mechanism, name, length, options) / 2**20
                middle = 1e3 * statistics.median(seconds)
                print(f"| {mechanism} | {length:,} | {name} | {middle:,.2f} | {ratio:.2f} | {grown:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
