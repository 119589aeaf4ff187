"""Progress of a long computation, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable

from inspector.errors import Cancelled

__all__ = ["Progress"]


class Progress:
    """Tells ``report`` the share done, in [0, 1]; a ``report`` that answers False, or raises, stops the work.

    >>> seen = []
    >>> progress = Progress(seen.append, 2.0)
    >>> progress.step(1.0), progress.step(0.5)
    (None, None)
    >>> seen
    [0.5, 0.75]
    """

    def __init__(self, report: Callable[[float], object] | None = None, total: float = 1.0) -> None:
        self.report, self.total, self.done = report, total, 0.0

    def step(self, more: float) -> None:
        """``more`` units of ``total`` are done.

        Raises:
            Cancelled: the report answered False.
        """
        self.done += more
        if self.report is not None and self.report(min(1.0, self.done / self.total)) is False:
            raise Cancelled(
                "A summary was being computed.",
                f"It was cancelled at {self.done / self.total:.0%}.",
                "Ask again when it is wanted.",
            )
