"""What a run was given, for whoever shows it: the beginning of each text, and how many tokens of it were cut."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inspector.tokens import Tokens

__all__ = ["KEY", "Given", "as_info", "given_of", "read_from"]

KEY = "input"  # where a capture's info holds it, as JSON
_SHOWN, _ITEMS = 200, 1000  # a name needs no more of a text, and nobody steps through more texts


@dataclass(frozen=True)
class Given:
    """One item of a batch.

    Attributes:
        text: how the text begins.
        pair: how the second text begins, or "".
        left_out: tokens of both that the model was not given, because it takes no more.
    """

    text: str
    pair: str = ""
    left_out: int = 0


def as_info(items: Sequence[tuple[str, str | None]], left_out: Sequence[int]) -> str:
    """The beginnings of a batch of texts as JSON."""
    some = zip(items[:_ITEMS], left_out[:_ITEMS], strict=True)
    return json.dumps([[_start(text), _start(pair or ""), cut] for (text, pair), cut in some], ensure_ascii=False)


def _start(text: str) -> str:
    return text[:_SHOWN].encode("utf-8", "replace").decode("utf-8")  # half a character is none in a file


def given_of(info: Mapping[str, str], batch: int, rows: int = 1) -> Given | None:
    """What row ``batch`` of ``rows`` was given; None where that is not known. A file may say anything there.

    A text may have several rows: beams, samples, windows.
    """
    try:
        items = json.loads(info.get(KEY, "null"))
        several = len(items) < rows and len(items) < _ITEMS
        text, pair, left_out = items[batch * len(items) // rows if several else batch]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    if not (isinstance(text, str) and isinstance(pair, str) and isinstance(left_out, int) and 0 <= left_out < 2**53):
        return None
    return Given(text[:_SHOWN], pair[:_SHOWN], int(left_out))


def read_from(tokens: Tokens) -> Given:
    """The same read back from the tokens, with a space before every piece that begins a word; "" where they have no text."""
    if all(label.isdigit() for label in tokens.labels):
        return Given("")
    texts = ["", ""]
    for at, (label, segment) in enumerate(zip(tokens.labels, tokens.segments, strict=True)):
        if tokens.content[at] and len(texts[segment == 1]) < _SHOWN:
            texts[segment == 1] += ("" if tokens.continues[at] or not texts[segment == 1] else " ") + label
    return Given(texts[0][:_SHOWN], texts[1][:_SHOWN])
