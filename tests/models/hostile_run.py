"""Loads changed files, uses those that load, and prints what came of it; a process of its own, whose memory is bounded.

python -m tests.models.hostile_run 20000
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path

import torch

from inspector import Capture
from inspector.errors import InspectorError
from inspector.html import embedded
from inspector.views.steps import one_forward
from tests.models.hostile import captures, mutations
from tests.saved import differences, saved_and_loaded

SPARE = 256 * 2**20  # bytes of address space beyond what the process has after it has used each original


def use(capture: Capture, folder: Path) -> None:
    """Drawn, measured, laid out and saved; what JSON does not know (Infinity, NaN) is an error."""
    json.dumps(embedded(one_forward(capture), ["head_view", "model_view", "heat_map"]), allow_nan=False)
    repr(capture)
    assert not differences(capture, saved_and_loaded(capture, folder))  # reads as_hf and every weight


def bound() -> None:
    """From here on the process cannot grow by more than SPARE; PyTorch's own memory counts."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE,) * 2)


def is_bounded() -> bool:
    """Whether one allocation beyond the bound fails."""
    try:
        torch.zeros(SPARE // 2, dtype=torch.float32)
    except RuntimeError:
        return True
    return False


def main(count: int) -> None:
    """Prints counts by outcome, and every error that is not one of ours."""
    found: Counter[str] = Counter()
    used: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for capture in captures():
            use(capture, folder)
        bound()
        for what, content in mutations(folder, count):
            (folder / "x").write_bytes(content)
            try:
                capture = Capture.load(folder / "x")
                found["loaded"] += 1
                if what not in used:
                    used.add(what)
                    use(capture, folder)
            except InspectorError as error:
                found["refused" if error.asked and error.found and error.do else "half an error"] += 1
            except Exception as error:
                found[f"{what}: {type(error).__name__}: {error}"[:300]] += 1
    print(json.dumps(found | {"used": len(used), "bounded": is_bounded()}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]))
