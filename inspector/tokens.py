"""What stands along an axis of an attention map: one sequence of tokens, as the model sees it and as a person reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Tokens", "from_encoding", "numbered", "readable"]

_SPACES = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
# Characters that draw nothing or turn the writing direction around: they are shown as their code point.
_INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_JOINERS = {"\u200d", "\u200c"}


@dataclass(frozen=True)
class Tokens:
    """One sequence: every field has one entry per token.

    Attributes:
        tokens: the tokenizer's own pieces ("##ing", "Ġthe").
        labels: what a person reads: no piece marks, white space and control characters made visible.
        ids: vocabulary ids; −1 where there is none.
        special: added by the tokenizer, not by the writer ([CLS], <s>).
        continues: the piece goes on with the word before it.
        segments: 0 for the first text, 1 for the second, −1 for neither.
        padding: positions that only fill up a batch.
    """

    tokens: tuple[str, ...]
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    special: tuple[bool, ...]
    continues: tuple[bool, ...]
    segments: tuple[int, ...]
    padding: tuple[bool, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def content(self) -> tuple[bool, ...]:
        """True for tokens that are neither special nor padding."""
        return tuple(not (s or p) for s, p in zip(self.special, self.padding, strict=True))


def readable(text: str) -> str:
    """``text`` with white space, control and direction marks made visible, so that a token can only be read, never act.

    >>> readable("a\\n"), readable("\\u202ex"), readable("") == "∅"
    ('a⏎', '⟨U+202E⟩x', True)
    """
    if not text:
        return "∅"
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char in _SPACES:
        return _SPACES[char]
    if char not in _JOINERS and unicodedata.category(char) in _INVISIBLE:
        return f"⟨U+{ord(char):04X}⟩"
    return char


def numbered(length: int, ids: Sequence[int] | None = None) -> Tokens:
    """Tokens with no text behind them: the label is the id where known, else the position."""
    names = tuple(map(str, ids if ids is not None else range(length)))
    no = (False,) * length
    return Tokens(names, names, tuple(ids) if ids is not None else (-1,) * length, no, no, (0,) * length, no)


def from_encoding(
    tokenizer: Any, ids: Sequence[int], mask: Sequence[int] | None = None, segments: Sequence[int] | None = None
) -> Tokens:
    """The tokens of one sequence of ids, read with ``tokenizer``.

    Args:
        tokenizer: a Transformers tokenizer.
        ids: vocabulary ids.
        mask: the attention mask; 0 marks padding.
        segments: token type ids, used only when they tell two texts apart.
    """
    ids = [int(i) for i in ids]
    pieces = [
        str(piece) if piece is not None else f"id {i}" for piece, i in zip(tokenizer.convert_ids_to_tokens(ids), ids, strict=True)
    ]
    special_ids = set(tokenizer.all_special_ids)
    special = tuple(i in special_ids for i in ids)
    padding = tuple(not m for m in mask) if mask is not None else (False,) * len(ids)
    continues, labels = _words(tokenizer, pieces, special)
    return Tokens(tuple(pieces), labels, tuple(ids), special, continues, _segments(ids, special, padding, segments), padding)


def _segments(
    ids: Sequence[int], special: Sequence[bool], padding: Sequence[bool], types: Sequence[int] | None
) -> tuple[int, ...]:
    neither = [s or p for s, p in zip(special, padding, strict=True)]
    given = [0] * len(ids) if types is None else [min(int(t), 1) for t in types]
    return tuple(-1 if out else segment for out, segment in zip(neither, given, strict=True))


def _words(tokenizer: Any, pieces: list[str], special: Sequence[bool]) -> tuple[tuple[bool, ...], tuple[str, ...]]:
    """Which pieces go on with a word, and the label of each."""
    marked = any(p.startswith(("Ġ", "▁")) for p, s in zip(pieces, special, strict=True) if not s)
    continues, labels = [], []
    for at, (piece, is_special) in enumerate(zip(pieces, special, strict=True)):
        before = at > 0 and not special[at - 1]
        if is_special:
            goes_on, text = False, piece
        elif piece.startswith("##") and len(piece) > 2:
            goes_on, text = True, piece[2:]
        elif marked and piece.startswith(("Ġ", "▁")):
            goes_on, text = False, _decoded(tokenizer, piece)
            text = text[1:] if len(text) > 1 and text[0] in " ▁" else text
        else:
            goes_on, text = (
                marked and before and piece[:1].isalnum() and pieces[at - 1][-1:].isalnum(),
                _decoded(tokenizer, piece),
            )
            if piece.endswith("</w>"):
                text = text.removesuffix("</w>").rstrip() or text
        continues.append(bool(goes_on))
        labels.append(readable(text))
    return tuple(continues), tuple(labels)


def _decoded(tokenizer: Any, piece: str) -> str:
    """The text of one piece; a byte-level piece that is only part of a character keeps its raw form."""
    try:
        text = tokenizer.convert_tokens_to_string([piece])
    except Exception:  # a foreign tokenizer may refuse single pieces; the raw piece is always true
        return piece
    if not isinstance(text, str) or not text or "\ufffd" in text:
        return piece.replace("▁", " ") if text == "" else piece
    return text if text.strip() or not piece.strip("Ġ▁") else piece
