"""What was computed about a call is kept beside it, and goes when the call goes."""

from __future__ import annotations

from typing import Any

from inspector.captures import AttentionCall

__all__ = ["kept"]


def kept(call: AttentionCall, name: str) -> dict[Any, Any]:
    """The call's own drawer of that name: a dictionary that lives as long as the call.

    It lies in the instance and not in a table of weak references: a summary refers to its call, and would keep it alive.
    """
    return vars(call).setdefault(f"_kept_{name}", {})
