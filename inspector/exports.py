"""Files written for a browser to fetch: one for each thing asked for, and no more bytes together than allowed."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import CaptureError, TooLarge
from inspector.memory import amount

__all__ = ["Exports"]

MOST = 4 * 2**30
SPARED = 120.0  # seconds a file is safe once a browser was told of it: the time to begin a download
OLD = 2 * 3600.0  # seconds after which a file goes in any case, also one that a server before this one left behind


@dataclass
class _File:
    path: Path
    size: int
    told: float


class Exports:
    """Files in folders nobody can guess. The ones told of longest ago go when there is no room; never one being fetched.

    Args:
        root: where they lie; made when the first one is written.
        most: bytes, all together; at most a quarter of what is free on that disk.
        spared: seconds a file is safe once a browser was told of it.
        clock: seconds.
    """

    def __init__(
        self, root: Callable[[], Path], most: int = MOST, spared: float = SPARED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._most, self._spared, self._clock = root, most, spared, clock
        self._files: dict[Hashable, _File] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # one at a time: each may take as much memory as its file

    def file(self, key: Hashable, name: str, write: Callable[[Path], object]) -> Path:
        """The file of that key, written by ``write`` unless it is there.

        Raises:
            TooLarge: all the room is taken by files somebody was just told of.
            CaptureError: it could not be written; nothing of it is left.
        """
        known = self._known(key)
        if known is not None:
            return known
        with self._writing:
            return self._known(key) or self._write(key, name, write)

    @property
    def nbytes(self) -> int:
        """Bytes of all files."""
        with self._lock:
            return sum(file.size for file in self._files.values())

    def _known(self, key: Hashable) -> Path | None:
        with self._lock:
            file = self._files.get(key)
            if file is None or not file.path.is_file():
                return None
            file.told = self._clock()
            return file.path

    def _write(self, key: Hashable, name: str, write: Callable[[Path], object]) -> Path:
        folder = None
        try:
            root = self._root()
            root.mkdir(parents=True, exist_ok=True)
            self._forget_old(root)
            folder = root / secrets.token_hex(20)
            folder.mkdir()
            write(folder / name)
            size = (folder / name).stat().st_size
            self._make_room(root, size)
        except BaseException as error:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
            if isinstance(error, OSError) and not isinstance(error, CaptureError):
                found = f"It could not be written: {error.strerror or type(error).__name__}."
                raise CaptureError(
                    "A download was asked for.", found, "Try again when the server has room on its disk."
                ) from error
            raise
        with self._lock:
            self._files[key] = _File(folder / name, size, self._clock())
        return folder / name

    def _make_room(self, root: Path, size: int) -> None:
        most = min(self._most, shutil.disk_usage(root).free // 4 + self.nbytes)
        with self._lock:
            held = sum(file.size for file in self._files.values())
            for key, file in sorted(self._files.items(), key=lambda entry: entry[1].told):
                if held + size <= most or self._clock() - file.told < self._spared:
                    break
                held -= self._remove(key, file)
        if held + size > most:
            raise TooLarge(
                "A download was asked for.",
                f"It takes {amount(size)}, and the server keeps {amount(most)} of downloads, all of them in use.",
                f"Try again in {self._spared / 60:.0f} minutes, or take a smaller capture.",
            )

    def _remove(self, key: Hashable, file: _File) -> int:
        shutil.rmtree(file.path.parent, ignore_errors=True)
        if file.path.exists():  # a system that keeps open files does not free them
            return 0
        del self._files[key]
        return file.size

    def _forget_old(self, root: Path) -> None:
        with self._lock:
            for key, file in list(self._files.items()):
                if self._clock() - file.told > OLD:
                    self._remove(key, file)
            own = {file.path.parent for file in self._files.values()}
        for folder in root.iterdir():
            with contextlib.suppress(OSError):
                if folder not in own and folder.stat().st_mtime < time.time() - OLD:
                    shutil.rmtree(folder, ignore_errors=True)
