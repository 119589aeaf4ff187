"""What a capture costs: the forward pass with it, over the forward pass without, alternated in one process.

    python -m benchmarks.capture_cost [--tokens 512] [--repeat 25] [--threads 1] [--fresh-pages]
    python -m benchmarks.capture_cost --device cuda --batch 8 --dtype bfloat16

Medians over rounds in which each side runs once, in random order, so that a busy machine slows all alike. ``holding`` is
the forward pass in which someone merely holds a reference to every query and key: what no capture that keeps them can go
below. ``idle`` is the plain forward with the package imported and a capture opened and closed before, over the forward
before any capture: nothing may be left.

Memory that a capture keeps cannot be used again by the next layer. The C library gives freed memory back to the system and
takes it anew, page by page, each with a fault: 0.1 to 0.3 µs on a machine of its own, 3.9 µs on a nested virtual one, where
this alone is 3 to 6 %. The benchmark therefore asks it to keep what is freed, as jemalloc, tcmalloc and the allocators of
GPUs do; ``--fresh-pages`` leaves it as it is, and ``faults`` counts them. On a CUDA device the time is that of the clock until
the device has finished, and the peaks are those of its memory beyond the weights.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import random
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from transformers import BloomConfig, BloomModel, DebertaConfig, DebertaModel, FalconConfig, FalconModel, GPT2Config, GPT2Model
from transformers.modeling_utils import AttentionInterface
from transformers.utils import logging

from benchmarks.measuring import wait
from inspector import Inspector, capture


def models(tokens: int) -> dict[str, tuple[Callable[[], nn.Module], str]]:
    """Name → (what builds the model, mechanism): two interface models, then hand-written ones."""
    wide = {"hidden_size": 384, "num_hidden_layers": 4, "num_attention_heads": 6}
    return {
        "bundled (BERT 6 × 12)": (lambda: Inspector.from_pretrained("bundled").model, "interface"),
        "GPT-2 small shape": (lambda: GPT2Model(GPT2Config(n_positions=max(1024, tokens))), "interface"),
        "BLOOM": (lambda: BloomModel(BloomConfig(hidden_size=384, n_layer=4, n_head=6, vocab_size=1000)), "by hand"),
        "Falcon": (lambda: FalconModel(FalconConfig(**wide, vocab_size=1000)), "by hand"),
        "DeBERTa": (
            lambda: DebertaModel(
                DebertaConfig(
                    **wide,
                    vocab_size=1000,
                    relative_attention=True,
                    pos_att_type="c2p|p2c",
                    max_position_embeddings=max(512, tokens),
                )
            ),
            "by hand",
        ),
    }


def keep_freed_memory() -> None:
    """Has glibc keep freed memory for the next allocation; other C libraries go on as they do."""
    trim_threshold, mmap_threshold = -1, -3
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(trim_threshold, 2**31 - 1)
        mallopt(mmap_threshold, 2**30)


@contextlib.contextmanager
def holding() -> Iterator[None]:
    """Every query and key that an interface kernel receives is held until the end, and nothing else is done."""
    get_interface, held = AttentionInterface.get_interface, []

    def held_interface(self: AttentionInterface, implementation: str | None, default: Callable) -> Callable:
        kernel = get_interface(self, implementation, default)

        def hold(module: nn.Module, query: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
            held.append((query, key))
            return kernel(module, query, key, *args, **kwargs)

        return hold

    AttentionInterface.get_interface = held_interface  # type: ignore[method-assign]
    try:
        yield
    finally:
        AttentionInterface.get_interface = get_interface  # type: ignore[method-assign]


def seconds(run: Callable[[], Any], device: str) -> float:
    """The processor time of one call, all threads together: other programs on the machine hardly move it."""
    if device != "cpu":
        wait(device)
        start = time.perf_counter()
        run()
        wait(device)
        return time.perf_counter() - start
    start = time.process_time()
    run()
    return time.process_time() - start


def peak_of(run: Callable[[], Any], device: str) -> float:
    """The most memory of a CUDA device that one call took beyond what was taken, in MB; 0 for the processor."""
    if device == "cpu":
        return 0.0
    wait(device)
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    run()
    return (torch.cuda.max_memory_allocated() - before) / 2**20


def faults_of(run: Callable[[], Any]) -> int:
    """Pages the system had to find for one call."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    run()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def measure(model: nn.Module, tokens: int, repeat: int, device: str = "cpu", batch: int = 1) -> dict[str, float]:
    """The median plain forward, ratios to it, what a capture keeps, page faults, and the peaks of device memory."""
    model.eval()
    ids = torch.randint(5, 900, (batch, tokens), device=device)
    kept = 0

    def plain() -> None:
        model(ids)

    def held() -> None:
        with holding():
            model(ids)

    def captured() -> None:
        nonlocal kept
        with capture(model) as cap:
            model(ids)
        kept = cap.nbytes

    sides = [plain, held, captured]
    times: dict[Callable, list[float]] = {side: [] for side in sides}
    with torch.no_grad():
        for _ in range(2):
            plain()
        before = [seconds(plain, device) for _ in range(repeat)]
        captured()
        for _ in range(repeat):
            for side in random.sample(sides, len(sides)):
                times[side].append(seconds(side, device))
        peaks = peak_of(plain, device), peak_of(captured, device)
        faults = faults_of(captured)

    def over_plain(side: Callable) -> float:
        return statistics.median(some / base for some, base in zip(times[side], times[plain], strict=True))

    base = statistics.median(times[plain])
    return {
        "plain_ms": base * 1e3,
        "ratio": over_plain(captured),
        "holding": over_plain(held),
        "idle": base / statistics.median(before),
        "kept_mb": kept / 2**20,
        "faults": faults,
        "peak_plain_mb": peaks[0],
        "peak_mb": peaks[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=25)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--fresh-pages", action="store_true", help="let the C library give freed memory back in between")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--only", default="", help="parts of models' names, separated by commas")
    options = parser.parse_args()
    logging.set_verbosity_error()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    random.seed(0)
    if not options.fresh_pages:
        keep_freed_memory()
    cuda = options.device != "cpu"
    place = torch.cuda.get_device_name() if cuda else f"{options.threads} threads"
    print(f"{options.batch} × {options.tokens} tokens, {options.dtype}, {place}, medians of {options.repeat} alternated runs")
    columns = f"{'capture':>9}{'holding':>9}{'idle':>7}{'kept':>10}{'faults':>8}"
    print(f"{'model':<24}{'mechanism':<12}{'plain':>12}{columns}" + "     peaks" * cuda)
    for name, (build, mechanism) in models(options.tokens).items():
        if not any(part.lower() in name.lower() for part in options.only.split(",")):
            continue
        model = build().to(options.device, getattr(torch, options.dtype))
        tokens = min(options.tokens, 512) if "bundled" in name else options.tokens
        found = measure(model, tokens, options.repeat, options.device, options.batch)
        floor = f"{found['holding']:>8.3f}×" if mechanism == "interface" else f"{'':>9}"
        ratios = f"{found['ratio']:>8.3f}×{floor}{found['idle']:>6.2f}×"
        peaks = f"   {found['peak_plain_mb']:,.0f} → {found['peak_mb']:,.0f} MB" if cuda else ""
        kept = f"{found['kept_mb']:>7.1f} MB{found['faults']:>8.0f}"
        print(f"{name:<24}{mechanism:<12}{found['plain_ms']:>9.1f} ms{ratios}{kept}{peaks}", flush=True)


if __name__ == "__main__":
    main()
