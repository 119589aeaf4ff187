"""All heads: every layer × head as a small map on one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.views.registry import VIEWS, Request, View

__all__ = ["ModelView"]


@VIEWS.add("model_view", order=20)
class ModelView(View):
    """every layer × head as a small map on one screen."""

    name, slug, title = "model_view", "all-heads", "All heads"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        for group in manifest["groups"]:
            yield {"kind": "maps", "group": group["key"]}
