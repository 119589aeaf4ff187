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
from typing import Any

from inspector.captures import Capture
from inspector.errors import Cancelled, CaptureError, InspectorError
from inspector.views.thumbnails import is_short_work, prepare

__all__ = ["Later"]

PATIENCE = 90.0  # seconds without a question after which the work is given up; a page in the background asks once a minute
SHORT = 10.0  # the same while another text waits for its turn


@dataclass(eq=False)
class _Work:
    """The numbers of one batch item on their way; ``share`` is None until it is their turn."""

    asked: float = field(default_factory=time.monotonic)
    share: float | None = None
    done: bool = False
    stopped: bool = False
    ended: bool = False
    error: str = ""


class Later:
    """One text at a time is measured; the others wait. Safe to call from several threads."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._works: weakref.WeakKeyDictionary[Capture, dict[int, _Work]] = weakref.WeakKeyDictionary()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting = 0

    def pending(self, capture: Capture, batch: int = 0) -> dict[str, Any] | None:
        """None when the numbers of all heads are there; else ``{"pending": share done}``. Begins the work if it has to.

        ``"waiting": True`` says that another text is measured first.

        Raises:
            CaptureError: they could not be computed; asking again tries again.
        """
        if is_short_work(capture):
            return None
        with self._lock:
            works = self._works.setdefault(capture, {})
            work = works.get(batch)
            if work is not None and work.error:
                del works[batch]
                raise CaptureError(
                    "The heads were to be measured.", work.error, "Choose a shorter text, or look at single heads."
                )
            if work is None or (work.ended and not work.done):
                work = works[batch] = self._begin(capture, batch)
            work.asked, work.stopped = time.monotonic(), False
        if work.done:
            return None
        return {"pending": 0.0, "waiting": True} if work.share is None else {"pending": work.share}

    def stop(self, capture: Capture, batch: int = 0) -> None:
        """Ends the work on a capture at its next step; asking again goes on where it was."""
        with self._lock:
            work = self._works.get(capture, {}).get(batch)
            if work is not None:
                work.stopped = True

    def _begin(self, capture: Capture, batch: int) -> _Work:
        work = _Work()
        self._waiting += 1
        arguments = (weakref.ref(capture), batch, work)
        # a daemon: a server that is told to end does not wait for it
        threading.Thread(target=self._measure, args=arguments, name="measuring", daemon=True).start()
        return work

    def _measure(self, where: weakref.ref[Capture], batch: int, work: _Work) -> None:
        _give_way()
        with self._turn:
            with self._lock:
                self._waiting -= 1
            capture = where()
            if capture is not None:
                self._prepare(capture, batch, work)

    def _prepare(self, capture: Capture, batch: int, work: _Work) -> None:
        def report(share: float) -> bool:
            work.share = share
            with self._lock:  # whoever asks after this finds the work going on, or ended
                patience = min(SHORT, self.patience) if self._waiting else self.patience
                work.ended = work.stopped or time.monotonic() - work.asked > patience
            return not work.ended

        try:
            if report(0.0):
                prepare(capture, batch, report)
                work.done = True
        except Cancelled:
            pass
        except InspectorError:  # scores that are not finite: those heads have no measures, and their picture shows where
            work.done = True
        except Exception as error:
            work.error = f"{type(error).__name__}: {str(error)[:200]}."
        finally:
            work.ended = True


def _give_way() -> None:
    """Pictures that somebody waits for come first. Only Linux knows the priority of a single thread."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
