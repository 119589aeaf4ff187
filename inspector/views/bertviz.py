"""BertViz's own pictures, in a frame that can reach nothing of the page around it."""

from __future__ import annotations

from typing import Any

from inspector.bertviz import LIMITS, to_bertviz
from inspector.captures import Capture
from inspector.errors import OutOfRange
from inspector.views.registry import ANSWERS, VIEWS, Request, View

__all__ = ["BertViz"]

# Said inside the frame when a script of BertViz's does not arrive, where there would be an empty box.
_OFFLINE = """<script>addEventListener("error", (event) => {
  const say = () => { document.body.textContent = "BertViz loads its scripts from cdnjs.cloudflare.com, which cannot be reached. "
    + "The other views need no network."; };
  if (event.target.tagName !== "SCRIPT") return;
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", say); else say();
}, true);</script>"""


@VIEWS.add("bertviz", order=900)
class BertViz(View):
    """Drawn on demand only: BertViz fetches its scripts from a CDN, and its pages are large."""

    name, slug, title = "bertviz", "bertviz", "BertViz"


@ANSWERS.add("bertviz")
def page(capture: Capture, request: Request) -> dict[str, Any]:
    """BertViz's page for one of its views and some layers."""
    view, layers = request.get("view"), request.get("layers")
    if view not in LIMITS or not (layers is None or (isinstance(layers, list) and all(isinstance(n, int) for n in layers))):
        raise OutOfRange("A BertViz page was asked for.", "The request names no view or layer of it.", "Reload the page.")
    return {"html": _OFFLINE + to_bertviz(capture, view, layers, batch=request.get("batch", 0))}
