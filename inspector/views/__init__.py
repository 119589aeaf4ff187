"""Views: what is sent to a browser, and the registry of pictures that can be drawn from it.

Adding a view is one Python file here that calls ``@VIEWS.add`` on a ``View`` subclass, beside ``web/<name>.js`` and ``.css``.
"""

from inspector.views.registry import DEMOS, VIEWS, View, load_views

load_views()

__all__ = ["DEMOS", "VIEWS", "View"]
