"""Texts to fit a head on when none are given: prose that is on every machine already, with nothing downloaded.

Training and held-out texts are pieces of Python's own language reference, which comes with every Python
(``pydoc_data.topics``, PSF licence), split by topic, so that no topic is on both sides. Texts of another domain are the
licences of the installed packages.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from typing import Any

__all__ = ["Texts", "default_texts"]

_LICENCES = ("transformers", "torch", "numpy", "pillow", "requests", "certifi", "idna", "regex", "tqdm", "packaging", "filelock")


@dataclass(frozen=True)
class Texts:
    """Texts to learn from, texts to be judged on, and texts of another domain.

    Attributes:
        train, held_out, other: texts; no document is in two of them.
        source: what they are, for a reader.
    """

    train: tuple[str, ...]
    held_out: tuple[str, ...]
    other: tuple[str, ...] = ()
    source: str = "texts given by the caller"


def default_texts(
    tokenizer: Any, *, tokens: int = 128, train: int = 96, held_out: int = 28, other: int = 12, seed: int = 0
) -> Texts:
    """Texts of at most ``tokens`` tokens each from Python's language reference and from package licences.

    Args:
        tokenizer: counts the tokens.
        train, held_out, other: how many of each.
        seed: which topics are held out, and the order.
    """
    from pydoc_data.topics import topics

    drawn = random.Random(seed)
    names = sorted(topics)
    drawn.shuffle(names)
    kept_back = len(names) * held_out // max(1, train + held_out)
    sides = []
    for some, number in ((names[kept_back:], train), (names[:kept_back], held_out)):
        pieces = [_pieces(topics[name], tokenizer, tokens) for name in some]
        sides.append(_spread(pieces, number))
    licences = [_pieces(text, tokenizer, tokens) for text in map(_licence, _LICENCES) if text]
    source = "Python's language reference (pydoc topics), other domain: licences of installed packages"
    return Texts(tuple(sides[0]), tuple(sides[1]), tuple(_spread(licences, other)), source)


def _spread(documents: list[list[str]], number: int) -> list[str]:
    """The first piece of each document, then the second of each, until there are enough."""
    longest = max(map(len, documents), default=0)
    rounds = (document[n] for n in range(longest) for document in documents if n < len(document))
    return [piece for piece, _ in zip(rounds, range(number), strict=False)]


def _pieces(text: str, tokenizer: Any, tokens: int) -> list[str]:
    """``text`` cut between words into pieces of nearly ``tokens`` tokens; what is shorter than half of that is left out."""
    words = re.sub(r"[*=~^-]{3,}", " ", text).split()
    pieces: list[str] = []
    while words:
        length = _longest_prefix(words, tokenizer, tokens)
        if len(tokenizer(" ".join(words[:length]))["input_ids"]) >= tokens // 2:
            pieces.append(" ".join(words[:length]))
        words = words[length:]
        if len(pieces) >= 12:
            break
    return pieces


def _longest_prefix(words: list[str], tokenizer: Any, tokens: int) -> int:
    low, high = 1, min(len(words), tokens)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(tokenizer(" ".join(words[:middle]))["input_ids"]) <= tokens
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _licence(package: str) -> str:
    try:
        found = [file for file in files(package) or [] if "LICEN" in file.name.upper()]
        return found[0].read_text(encoding="utf-8") if found else ""
    except (PackageNotFoundError, OSError, UnicodeDecodeError):
        return ""
