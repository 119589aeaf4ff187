"""Files that somebody made by hand, or changed: refused in a sentence, or of full use; memory bounded by their bytes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNT = 20_000


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="address space can be bounded on Linux only")
def test_what_is_changed_is_refused_in_a_sentence_or_of_full_use():
    command = [sys.executable, "-m", "tests.models.hostile_run", str(COUNT)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found.pop("bounded")
    assert found.pop("used") > 80
    assert found["loaded"] > COUNT / 10
    assert found["loaded"] + found["refused"] >= COUNT
    assert found.keys() == {"loaded", "refused"}
