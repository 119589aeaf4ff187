"""What a view is to Python: a name, a title, and the answers a page must carry to draw it without a server."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from inspector.captures import Capture
from inspector.registry import Registry

__all__ = ["ANSWERS", "DEMOS", "VIEWS", "Answer", "View", "listed", "load_views"]

Request = dict[str, Any]
Answer = Callable[[Capture, Request], dict[str, Any]]


class View:
    """One picture. Drawn by ``web/<name>.js``; this class only says what it is called and what it needs.

    Attributes:
        name: registry name, also of the JavaScript and CSS files.
        slug: how it is written in a link.
        title: the tab's text.
    """

    name: ClassVar[str]
    slug: ClassVar[str]
    title: ClassVar[str]

    def embeds(self, manifest: dict[str, Any]) -> Iterator[Request]:
        """The requests whose answers a standalone page must carry."""
        return iter(())

    def offered(self, capture: Capture) -> bool:
        """Whether the view has anything to show of this capture."""
        return True


VIEWS: Registry[type[View]] = Registry("view")
"""Pictures of a capture."""
DEMOS: Registry[type[View]] = Registry("demonstration")
"""Pages that teach, with input and models of their own: tabs of the app beside the views, and never a picture of a capture."""
ANSWERS: Registry[Answer] = Registry("request")


def listed(views: dict[str, type[View]]) -> list[dict[str, str]]:
    """What a browser is told of some views or demonstrations: name, slug and title, in order."""
    return [{"name": name, "slug": view.slug, "title": view.title} for name, view in views.items()]


def load_views() -> None:
    """Imports every module of this package, so that each registers itself."""
    package = importlib.import_module("inspector.views")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"inspector.views.{module.name}")
