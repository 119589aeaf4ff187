"""What a long text's picture does not wait for: measures and small maps of all heads, computed beside the requests.

A page asks again and again and is told the share done, until the numbers are there. When nobody asks any more, or somebody
says stop, the work ends at its next step; what is computed by then is kept.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
import weakref
from dataclasses import dataclass, field

from inspector.captures import Capture
from inspector.errors import Cancelled, CaptureError, InspectorError
from inspector.views.thumbnails import is_short_work, prepare

__all__ = ["Later"]

PATIENCE = 90.0  # seconds without a question after which the work is given up; a page in the background asks once a minute


@dataclass(eq=False)
class _Work:
    """The numbers of one batch item on their way."""

    asked: float = field(default_factory=time.monotonic)
    share: float = 0.0
    done: bool = False
    stopped: bool = False
    error: str = ""


class Later:
    """One text at a time is measured; the others wait. Safe to call from several threads."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._works: weakref.WeakKeyDictionary[Capture, dict[int, _Work]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def share(self, capture: Capture, batch: int = 0) -> float | None:
        """None when the numbers of all heads are there; else the share done, in [0, 1]. Begins the work if it has to.

        Raises:
            CaptureError: they could not be computed.
        """
        if is_short_work(capture):
            return None
        with self._lock:
            works = self._works.setdefault(capture, {})
            work = works.get(batch)
            if work is None or work.stopped:
                work = works[batch] = _Work()
                # a daemon: a server that is told to end does not wait for it
                threading.Thread(
                    target=self._measure, args=(weakref.ref(capture), batch, work), name="measuring", daemon=True
                ).start()
            work.asked = time.monotonic()
        if work.error:
            raise CaptureError("The heads were to be measured.", work.error, "Choose a shorter text, or look at single heads.")
        return None if work.done else work.share

    def stop(self, capture: Capture, batch: int = 0) -> None:
        """Ends the work on a capture; asking for its share begins again where it was."""
        with self._lock:
            work = self._works.get(capture, {}).get(batch)
            if work is not None and not work.done:
                work.stopped = True

    def _measure(self, where: weakref.ref[Capture], batch: int, work: _Work) -> None:
        _give_way()
        with self._turn:
            capture = where()
            if capture is not None:
                self._prepare(capture, batch, work)

    def _prepare(self, capture: Capture, batch: int, work: _Work) -> None:
        def report(share: float) -> bool:
            work.share = share
            work.stopped = work.stopped or time.monotonic() - work.asked > self.patience
            return not work.stopped

        try:
            if not report(0.0):
                return
            prepare(capture, batch, report)
            work.done = True
        except Cancelled:
            work.stopped = True
        except InspectorError:  # scores that are not finite: whoever asks for a measure is told which
            work.done = True
        except Exception as error:
            work.error = f"{type(error).__name__}: {str(error)[:200]}"


def _give_way() -> None:
    """Pictures that somebody waits for come first. Only Linux knows the priority of a single thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
