"""What every benchmark shares: one process for each side, so that peaks of memory do not mix, and alternating rounds."""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


def peak(device: str = "cpu") -> float:
    """The largest memory so far, in MB: what the process had resident, or what torch had allocated on a CUDA device."""
    if device != "cpu":
        import torch

        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def wait(device: str) -> None:
    """Until a CUDA device has done what it was given."""
    if device != "cpu":
        import torch

        torch.cuda.synchronize()


@contextmanager
def timed(into: dict[str, float], name: str, device: str = "cpu") -> Iterator[None]:
    """Adds the seconds the block took, its processor seconds, and the peak of memory after it, to ``into``.

    Processor seconds hold on a machine that others use too.
    """
    wait(device)
    start, used = time.perf_counter(), time.process_time()
    yield
    wait(device)
    into[f"{name} s"] = into.get(f"{name} s", 0.0) + time.perf_counter() - start
    into[f"{name} cpu s"] = into.get(f"{name} cpu s", 0.0) + time.process_time() - used
    into[f"{name} peak MB"] = peak(device)


def alternate(script: str, sides: list[str], arguments: list[str], rounds: int) -> dict[str, list[dict[str, float]]]:
    """Runs ``script --side S`` for every side in turn, ``rounds`` times, each in a process of its own; every side's reports."""
    found: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
    for number in range(rounds):
        for side in sides if number % 2 == 0 else sides[::-1]:
            command = [sys.executable, "-W", "ignore", script, "--side", side, *arguments]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
            if done.returncode:
                raise SystemExit(f"{side} failed:\n{done.stderr[-3000:]}")
            report = json.loads(done.stdout.strip().splitlines()[-1])
            found[side].append(report)
            print(f"  round {number + 1}, {side}: " + ", ".join(f"{k} {v:.2f}" for k, v in report.items()), flush=True)
    return found


def middle(reports: list[dict[str, float]], name: str) -> float:
    """The median over rounds."""
    return statistics.median(report[name] for report in reports)


def best_of(action: Callable[[], object], rounds: int, device: str = "cpu") -> tuple[float, float]:
    """(median, largest) seconds of an action, after one run that does not count."""
    action()
    times = []
    for _ in range(rounds):
        wait(device)
        start = time.perf_counter()
        action()
        wait(device)
        times.append(time.perf_counter() - start)
    return statistics.median(times), max(times)


def in_turn(
    sides: dict[str, Callable[[Any], object]],
    prepare: Callable[[], Any],
    rounds: int,
    seconds: Callable[[], float] = time.process_time,
) -> dict[str, float]:
    """The median processor seconds of each side: a round runs each once, in an order of its own, on what ``prepare`` makes."""
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side in random.sample(list(sides), len(sides)):
            made = prepare()
            start = seconds()
            sides[side](made)
            if number:  # the first round does not count
                taken[side].append(seconds() - start)
    return {side: statistics.median(times) for side, times in taken.items()}
