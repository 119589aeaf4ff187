"""The real app in a process of its own, on a port it found free itself."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
STARTED = re.compile(r"Running on local URL:\s+http://[^:\s]+:(\d+)\b.*To create a public link", re.DOTALL)


class Address(str):
    """Where an app answers, and the process that does."""

    process: subprocess.Popen


@contextlib.contextmanager
def serving(log: Path, *, preexec: Callable[[], None] | None = None, **environment: str) -> Iterator[Address]:
    """The address of a running app: Gradio takes the first port that nobody has, and says which."""
    given = {name: value for name, value in os.environ.items() if name != "GRADIO_SERVER_PORT"}
    env = given | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"} | environment
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "gradio_app.py"],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=preexec,  # noqa: PLW1509
        )
        try:
            address = Address(_wait(process, log))
            address.process = process
            yield address
        finally:
            _stop(process)


def _wait(process: subprocess.Popen, log: Path) -> str:
    for _ in range(1500):
        if process.poll() is not None:
            break
        if said := STARTED.search(log.read_text(errors="replace")):
            url = f"http://127.0.0.1:{said.group(1)}/"
            with contextlib.suppress(OSError, http.client.HTTPException), urllib.request.urlopen(url, timeout=10):
                return url
        time.sleep(0.2)
    raise RuntimeError(f"The app did not start: {log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen) -> None:
    """Asks the app to end, and ends it when it is too busy to hear."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
