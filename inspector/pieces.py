"""What a person reads of a tokenizer's pieces: no piece marks, whole characters, nothing that acts.

Byte-level tokenizers spell bytes as letters ("Ġ" is a space, "æĹ¥" is 日), and SentencePiece falls back to "<0xE6>". Their
pieces are read as the bytes they stand for; where a character is split over several, the first shows it and the others say
that they go on with it ("…日").
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["read_pieces", "readable"]

_SPACES = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
# Characters that draw nothing or turn the writing direction around: they are shown as their code point.
_INVISIBLE = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"}
_JOINERS = {"\u200d", "\u200c"}
_REPLACEMENT = "\ufffd"
_FALLBACK = re.compile(r"<0x([0-9A-Fa-f]{2})>")
# Scripts written without spaces: a piece that begins with one of their characters begins anew.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")


def readable(text: str) -> str:
    """``text`` with white space, control and direction marks made visible, so that a token can only be read, never act.

    >>> readable("a\\n"), readable("\\u202ex"), readable("") == "∅"
    ('a⏎', '⟨U+202E⟩x', True)
    """
    if not text:
        return "∅"
    return text if text.isalnum() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    if char in _SPACES:
        return _SPACES[char]
    if char == _REPLACEMENT or (char not in _JOINERS and unicodedata.category(char) in _INVISIBLE):
        return f"⟨U+{ord(char):04X}⟩"
    return char


@dataclass
class _Part:
    """What one piece stands for.

    Attributes:
        text: its characters; a character that later pieces end stands with the first of them.
        goes_on: it begins inside a character; ``text`` then begins with that character.
        piece: as the tokenizer writes it.
    """

    text: str
    piece: str
    goes_on: bool = False


def read_pieces(
    tokenizer: Any, ids: Sequence[int], pieces: Sequence[Any], special: Sequence[bool]
) -> tuple[tuple[bool, ...], tuple[str, ...]]:
    """Which pieces go on with a word, and the label of each.

    Args:
        tokenizer: whose pieces they are.
        ids: the pieces' ids.
        pieces: as the tokenizer writes them.
        special: pieces that are no part of the text and are shown as they are.
    """
    added = _added(tokenizer)
    apart = [flag or i in added for i, flag in zip(ids, special, strict=True)]
    style = _Style.of(tokenizer, [str(p) for p, out in zip(pieces, apart, strict=True) if not out])
    raw = [None if out else style.bytes_of(piece) for piece, out in zip(pieces, apart, strict=True)]
    parts = _characters(pieces, raw)
    continues, labels = [], []
    for at, part in enumerate(parts):
        before = parts[at - 1] if at and not apart[at - 1] else None
        text, joined = (part.piece, False) if apart[at] else style.read(tokenizer, part, before, raw[at] is not None)
        continues.append(part.goes_on or joined)
        labels.append(("…" if part.goes_on else "") + readable(text))
    return tuple(continues), tuple(labels)


@dataclass(frozen=True)
class _Style:
    """How a tokenizer marks where words begin or end.

    Attributes:
        starts: a space, or a mark that stands for one, begins a word.
        ends: the mark at the end of a word ("</w>"), or "".
        splits: the mark at the end of a piece that is not a word's last ("@@"), or "".
        letters: bytes are spelled as letters, as GPT-2 does.
        single: every piece is one byte, as its character (ByT5).
    """

    starts: bool
    ends: str = ""
    splits: str = ""
    letters: bool = False
    single: bool = False

    @classmethod
    def of(cls, tokenizer: Any, pieces: Sequence[str]) -> _Style:
        """The style of a tokenizer, as far as it says, and of the pieces of one text."""
        letters = _spells_bytes(tokenizer)
        spaced = letters or any(p.startswith("▁") for p in pieces)  # then marks at the end are what somebody wrote
        pieces = [] if spaced and not any(p.endswith("</w>") and len(p) > 4 for p in pieces) else pieces
        return cls(
            starts=spaced,
            ends="</w>" if any(p.endswith("</w>") and len(p) > 4 for p in pieces) else "",
            splits="@@" if any(p.endswith("@@") and len(p) > 2 for p in pieces) and not spaced else "",
            letters=letters,
            single=getattr(tokenizer, "_utf_vocab_size", None) == 256,
        )

    def bytes_of(self, piece: Any) -> bytes | None:
        """The bytes a piece stands for; None where it is text itself."""
        if isinstance(piece, bytes):
            return piece
        if self.letters:
            table, spelled = _table(), piece.removesuffix(self.ends)
            return bytes(table[char] for char in spelled) if all(char in table for char in spelled) else None
        fallback = _FALLBACK.fullmatch(piece)
        if fallback:
            return bytes([int(fallback[1], 16)])
        return bytes([ord(piece)]) if self.single and len(piece) == 1 and ord(piece) < 256 else None

    def read(self, tokenizer: Any, part: _Part, before: _Part | None, as_bytes: bool) -> tuple[str, bool]:
        """The text of a piece without its marks, and whether it goes on with the word before it."""
        piece = part.piece
        if self.ends or self.splits:
            goes_on = before is not None and before.piece.endswith(self.ends or self.splits) == bool(self.splits)
            return (part.text if as_bytes else piece.removesuffix(self.ends).removesuffix(self.splits)) or piece, goes_on
        if as_bytes:
            return _unspaced(part.text), not part.text[:1].isspace() and _joined(before, part)
        if piece.startswith("##") and len(piece) > 2:
            return piece[2:], True
        if self.starts and piece.startswith("▁"):
            return _unspaced(piece.replace("▁", " ")), False
        return (piece.replace("▁", " ") if self.starts else _decoded(tokenizer, piece)), self.starts and _joined(before, part)


def _unspaced(text: str) -> str:
    """The space that stands before a word is no part of it."""
    return text[1:] if text[:1] == " " and text.strip() else text


def _joined(before: _Part | None, part: _Part) -> bool:
    """Whether no boundary of words lies between two pieces."""
    last, first = (before.text[-1:] if before else ""), part.text[:1]
    if not last or not first:
        return False
    if last == "\u200d" or first in _JOINERS or unicodedata.category(first).startswith("M") or _SKIN.match(first):
        return not last.isspace()
    return _of_word(last) and _of_word(first) and not _UNSPACED.match(first)


def _of_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


def _characters(pieces: Sequence[Any], raw: Sequence[bytes | None]) -> list[_Part]:
    """The pieces with whole characters: runs of bytes are read together."""
    parts: list[_Part] = [_Part(str(piece), str(piece)) for piece in pieces]
    at = 0
    while at < len(parts):
        if raw[at] is None:
            at += 1
            continue
        end = at
        while end < len(parts) and raw[end] is not None:
            end += 1
        for offset, (text, goes_on) in enumerate(_spelled([some for some in raw[at:end] if some is not None])):
            parts[at + offset] = _Part(text, parts[at + offset].piece, goes_on)
        at = end
    return parts


def _spelled(run: Sequence[bytes]) -> list[tuple[str, bool]]:
    """What each of several pieces of UTF-8 reads, and whether it begins inside a character.

    >>> _spelled(["日".encode()[:2], "日".encode()[2:] + b"!", b"\\xff"])
    [('日', False), ('日!', True), ('⟨0xFF⟩', False)]
    """
    whole, owner = b"".join(run), [at for at, some in enumerate(run) for _ in some]
    texts, inside = [""] * len(run), [False] * len(run)
    at = 0
    while at < len(whole):
        char, length = _character(whole, at)
        for piece in dict.fromkeys(owner[at : at + length]):
            inside[piece] = inside[piece] or piece != owner[at]
            texts[piece] += char
        at += length
    return list(zip(texts, inside, strict=True))


def _character(whole: bytes, at: int) -> tuple[str, int]:
    """The character that begins at a byte and how many bytes it takes; the byte by its number where none does."""
    for length in range(1, 5):
        try:
            return whole[at : at + length].decode("utf-8"), min(length, len(whole) - at)
        except UnicodeDecodeError:
            continue
    return f"⟨0x{whole[at]:02X}⟩", 1


def _spells_bytes(tokenizer: Any) -> bool:
    """Whether a tokenizer writes bytes as letters, as GPT-2 does."""
    if hasattr(tokenizer, "byte_decoder"):
        return True
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return any("ByteLevel" in repr(getattr(backend, part, None)) for part in ("decoder", "pre_tokenizer"))


@functools.cache
def _table() -> dict[str, int]:
    """The byte behind each letter of a byte-level vocabulary: printable ones stand for themselves, the others from U+0100 on."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + at): byte for at, byte in enumerate(hidden)}


def _added(tokenizer: Any) -> set[int]:
    """Tokens that were added whole: their pieces are text, whatever letters they have."""
    return set(getattr(tokenizer, "added_tokens_decoder", None) or ())


def _decoded(tokenizer: Any, piece: str) -> str:
    """The text of one piece as the tokenizer itself writes it; the raw piece where it makes nothing of it."""
    try:
        text = tokenizer.convert_tokens_to_string([piece])
    except Exception:  # a foreign tokenizer may refuse single pieces; the raw piece is always true
        return piece
    return text if isinstance(text, str) and text.strip() and _REPLACEMENT not in text else piece
