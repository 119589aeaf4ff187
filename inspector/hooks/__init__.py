"""The hook layer: the only code that touches a running model."""

from inspector.hooks.capturing import capture

__all__ = ["capture"]
