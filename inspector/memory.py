"""The memory this process may use: the machine's, or less where a cgroup (v1 or v2) says so; and giving back what is free."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

__all__ = ["amount", "available", "give_back", "total"]

_UNLIMITED = 2**60  # cgroup v1 writes a number near 2**63 for "no limit"


def amount(size: int | float) -> str:
    """Bytes as a person reads them.

    >>> amount(52_000_000), amount(3 * 2**30)
    ('50 MB', '3.0 GB')
    """
    return f"{size / 2**30:,.1f} GB" if size >= 2**30 / 10 else f"{size / 2**20:,.0f} MB"


def total(root: Path = Path("/")) -> int | None:
    """Bytes this process may use at most; None where that cannot be known."""
    limits = [limit for limit, _ in _groups(root)]
    machine = _machine("total")
    return min([*limits, *([] if machine is None else [machine])], default=None)


def available(root: Path = Path("/")) -> int | None:
    """Bytes that are free for this process now; None where that cannot be known."""
    machine = _machine("available")
    if machine is None:
        return None
    return max(0, min([machine, *(limit - used for limit, used in _groups(root))]))


def give_back() -> None:
    """Hands freed memory back to the system: glibc keeps it otherwise, and a server looks as large as it ever was."""
    gc.collect()
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> ctypes._NamedFuncPointer | None:
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none


def _machine(what: str) -> int | None:
    try:
        import psutil
    except ImportError:  # it comes with accelerate; without it the machine is taken at the caller's word
        return None
    return int(getattr(psutil.virtual_memory(), what))


def _groups(root: Path) -> Iterator[tuple[int, int]]:
    """(limit, used) of the cgroups this process is in, and of those around them; page cache that can be dropped is not used."""
    for folder, limit_name, used_name, cache_name in _folders(root):
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is not None and used is not None and limit < _UNLIMITED:
            yield limit, max(0, used - _cache(folder / "memory.stat", cache_name))


def _folders(root: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Where the limits stand. Inside a container the path of the group often names a folder that only the host sees."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    v2 = next((line[3:] for line in lines if line.startswith("0::")), "/")
    v1 = next((line.split(":", 2)[2] for line in lines if "memory" in line.split(":", 2)[1].split(",")), "/")
    for base, path, names in (
        (root / "sys/fs/cgroup", v2, ("memory.max", "memory.current", "inactive_file")),
        (root / "sys/fs/cgroup/memory", v1, ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
    ):
        here = base / path.strip("/")
        for folder in (here, *(parent for parent in here.parents if parent.is_relative_to(base))):
            yield folder, *names


def _number(path: Path) -> int | None:
    try:
        text = path.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cache(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name} ")), 0)
