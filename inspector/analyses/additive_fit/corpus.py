"""Texts to fit a head on when none are given: prose that is on every machine already, with nothing downloaded.

Training and held-out texts are pieces of Python's own language reference, which comes with every Python
(``pydoc_data.topics``, PSF licence), split by topic. Topics quote one another, so a paragraph is used once only: what the
held-out side has, the training side has not. Texts of another domain are the licences of the installed packages.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

__all__ = ["Texts", "default_texts"]

_LICENCES = ("transformers", "torch", "numpy", "pillow", "requests", "certifi", "idna", "regex", "tqdm", "packaging", "filelock")
_NAMES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")


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
    used: set[str] = set()
    sides = []
    for some, number in ((names[:kept_back], held_out), (names[kept_back:], train)):
        pieces = [_pieces(_unused(topics[name], used), tokenizer, tokens) for name in some]
        sides.append(_spread(pieces, number))
    licences = [_pieces(text, tokenizer, tokens) for text in map(_licence, _LICENCES) if text]
    source = "Python's language reference (pydoc topics), other domain: licences of installed packages"
    return Texts(tuple(sides[1]), tuple(sides[0]), tuple(_spread(licences, other)), source)


def _unused(text: str, used: set[str]) -> str:
    """``text`` without the paragraphs that were used before; those of it that are new count as used from now on."""
    new = []
    for paragraph in re.split(r"\n\s*\n", text):
        plain = " ".join(paragraph.split())
        if plain not in used:
            new.append(plain)
            used.add(plain)
    return "\n\n".join(new)


def _spread(documents: list[Iterator[str]], number: int) -> list[str]:
    """The first piece of each document, then the second of each, until there are enough."""
    found: list[str] = []
    while documents and len(found) < number:
        pieces = [next(document, None) for document in documents]
        documents = [document for document, piece in zip(documents, pieces, strict=True) if piece is not None]
        found += [piece for piece in pieces if piece is not None]
    return found[:number]


def _pieces(text: str, tokenizer: Any, tokens: int) -> Iterator[str]:
    """``text`` cut between words into pieces of nearly ``tokens`` tokens; what is shorter than half of that is left out."""
    words = re.sub(r"[*=~^-]{3,}", " ", text).split()
    while words:
        length = _longest_prefix(words, tokenizer, tokens)
        piece, words = " ".join(words[:length]), words[length:]
        if len(tokenizer(piece)["input_ids"]) >= tokens // 2:
            yield piece


def _longest_prefix(words: list[str], tokenizer: Any, tokens: int) -> int:
    low, high = 1, min(len(words), tokens)
    while low < high:
        middle = (low + high + 1) // 2
        fits = len(tokenizer(" ".join(words[:middle]))["input_ids"]) <= tokens
        low, high = (middle, high) if fits else (low, middle - 1)
    return low


def _licence(package: str) -> str:
    """The text of a package's licence, "" where it is not installed or keeps it elsewhere."""
    try:
        installed = distribution(package)
    except PackageNotFoundError:
        return ""
    found = (installed.read_text(folder + name) for folder in ("licenses/", "") for name in _NAMES)
    return next((text for text in found if text), "")
