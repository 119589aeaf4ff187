"""A demonstration as a page of its own: the models it was made with, and no capture of anybody else's."""

from __future__ import annotations

from inspector.html import answers_of, document
from inspector.views import DEMOS
from inspector.views.manifest import manifest_of
from inspector.views.registry import listed
from inspector.views.translate import own_capture

__all__ = ["demo_page"]


def demo_page(*names: str) -> str:
    """The HTML of a page with these demonstrations (all of them by default), for any browser, offline.

    Raises:
        RegistryError: no such demonstration.
    """
    chosen = {name: DEMOS[name] for name in names or DEMOS}
    own = own_capture()
    manifest = manifest_of(own) | {"views": [], "demos": listed(chosen)}
    data = {"manifest": manifest, "answers": answers_of(own, manifest, chosen)}
    return document(data, " · ".join(demo.title for demo in chosen.values()))
