"""Heat map: one head as a zoomable map of cells."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.views.head_view import HeadView
from inspector.views.registry import VIEWS, Request, View

__all__ = ["HeatMap"]


@VIEWS.add("heat_map", order=30)
class HeatMap(View):
    """one head as a zoomable map of cells."""

    name, slug, title = "heat_map", "heat-map", "Heat map"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        yield from HeadView().embeds(manifest)
