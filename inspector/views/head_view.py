"""One head: who looks at whom, as lines between two columns of tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from inspector.views.registry import VIEWS, Request, View

__all__ = ["HeadView"]


@VIEWS.add("head_view", order=10)
class HeadView(View):
    """who looks at whom, as lines between two columns of tokens."""

    name, slug, title = "head_view", "one-head", "One head"

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        for group in manifest["groups"]:
            for layer in group["layers"]:
                for head in range(layer["heads"]):
                    yield {"kind": "head", "group": group["key"], "layer": layer["index"], "head": head}
