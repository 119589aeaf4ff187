"""The items of a batch: what a page asks to show another one."""

from __future__ import annotations

from typing import Any

from inspector.captures import Capture
from inspector.views.manifest import manifest_of
from inspector.views.registry import ANSWERS, Request
from inspector.views.thumbnails import is_short_work

__all__ = ["manifest"]


@ANSWERS.add("manifest")
def manifest(capture: Capture, request: Request) -> dict[str, Any]:
    """Tokens, measures and proof of one item of the batch; the measures of a long text are asked for."""
    measured = bool(request.get("limit")) or is_short_work(capture)  # a page carries all of them
    return {"manifest": manifest_of(capture, batch=request.get("batch", 0), measured=measured)}
