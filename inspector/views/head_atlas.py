"""Head atlas: every head by one measure as a grid, against a second one, and as a table that sorts by any."""

from __future__ import annotations

from inspector.views.registry import VIEWS, View

__all__ = ["HeadAtlas"]


@VIEWS.add("head_atlas", order=45)
class HeadAtlas(View):
    """every head by one measure, against a second one, and as a table that sorts by any; the manifest holds all it needs."""

    name, slug, title = "head_atlas", "head-atlas", "Head atlas"
