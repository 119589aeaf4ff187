"""Which row of a call a page shows, and what a person calls it: a text, one answer of several, a window of a picture."""

from __future__ import annotations

from inspector.captures import AttentionCall, Capture

__all__ = ["item_of", "row_name", "row_of"]


def row_of(capture: Capture, call: AttentionCall, batch: int) -> int:
    """The row of ``call`` beside row ``batch`` of the call that has most: an encoder's stands for all answers to its text."""
    widest = max(other.shape[0] for other in capture.calls)
    return batch * call.shape[0] // widest


def item_of(capture: Capture, call: AttentionCall, batch: int) -> int:
    """The batch item of ``call`` that row belongs to; its windows are parts of one."""
    return row_of(capture, call, batch) // capture.parts(call)


def row_name(capture: Capture, call: AttentionCall, batch: int) -> str:
    """What that row is, as a person counts; "" where there is only one."""
    row, rows, parts = row_of(capture, call, batch), call.shape[0], capture.parts(call)
    if rows == 1:
        return ""
    known = [items for axis in call.axes if (items := capture.sequences.get(axis))]
    whole = "picture" if known and any(label.startswith(("row ", "frame ")) for label in known[0][0].labels) else "text"
    if parts > 1:
        part = "window" if whole == "picture" else "block"
        return _named(part, row % parts, parts, whole, row // parts, rows // parts)
    inputs = min((len(items) for items in known if rows % len(items) == 0), default=rows)
    if inputs < rows:
        return _named("answer", row % (rows // inputs), rows // inputs, whole, row // (rows // inputs), inputs)
    return f"{whole.capitalize()} {row + 1} of {rows}"


def _named(part: str, at: int, parts: int, whole: str, item: int, items: int) -> str:
    of = f", {whole} {item + 1} of {items}" if items > 1 else ""
    return f"{part.capitalize()} {at + 1} of {parts}{of}"
