"""The hook layer: the only code that touches a running model."""

from inspector.hooks.capturing import capture
from inspector.hooks.carrying import carry

__all__ = ["capture", "carry"]
