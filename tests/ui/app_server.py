"""The real app in a process of its own, on a free port."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def serving(log: Path, **environment: str) -> Iterator[str]:
    """The address of a running app."""
    port = free_port()
    env = (
        os.environ
        | {"GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
        | environment
    )
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, "gradio_app.py"], cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            yield _wait(f"http://127.0.0.1:{port}/", process, log)
        finally:
            process.terminate()
            process.wait(20)


def _wait(url: str, process: subprocess.Popen, log: Path) -> str:
    for _ in range(600):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            if answer.status == 200:
                return url
        time.sleep(0.2)
    raise RuntimeError(f"The app did not start: {log.read_text()[-2000:]}")
