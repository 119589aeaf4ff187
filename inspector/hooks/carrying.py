"""Takes a capture into another thread: a worker thread starts with an empty context and sees no capture of its own."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["carry"]

T = TypeVar("T")


def carry(function: Callable[..., T]) -> Callable[..., T]:
    """``function``, to be called in any thread and still seen by the captures that are open here.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from inspector import Inspector, capture
    >>> inspector = Inspector.from_pretrained("bundled")
    >>> inputs = inspector.tokenizer("Hello there", return_tensors="pt")
    >>> with capture(inspector.model) as cap, ThreadPoolExecutor(1) as pool:
    ...     _ = pool.submit(carry(inspector.model), **inputs).result()
    >>> len(cap.calls)
    6
    """
    here = contextvars.copy_context()

    def carried(*args: Any, **kwargs: Any) -> T:
        return here.copy().run(function, *args, **kwargs)

    return carried
