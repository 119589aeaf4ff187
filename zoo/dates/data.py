"""Dates as people write them, and which of them a model may learn from.

A *writing* is one (locale, format) pair: Babel turns a date into text with it, after the Unicode CLDR. The task is to turn that
text back into ISO 8601, character by character: ``"vendredi 3 mai 2019"`` → ``"2019-05-03"``.

The split, stated once and used by the training script, the tests and the app:

- **years** 1900 to 2099; every year whose remainder by 7 is 3 (…, 2012, 2019, 2026, …) is never trained on;
- **writings** in :data:`HELD_OUT_WRITINGS` are never trained on, in any year (French weekdays in full, say: the models have met
  French months and other languages' weekdays in that place, not these).

Left out on purpose, because no reader could tell: two-digit years, and the month-first numbers of the United States
(``5/3/2019`` is 5 March here; American dates are learned with the month's name).
"""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from babel import Locale
from babel.dates import parse_pattern

from zoo.dates.alphabet import normalize
from zoo.errors import ZooError

__all__ = ["HELD_OUT_WRITINGS", "KINDS", "LOCALES", "YEARS", "Example", "Writing", "is_held_out_year", "sample", "writings"]

# fmt: off
LOCALES = (
    "ar", "cs", "da", "de", "el", "en", "en_GB", "es", "fi", "fr", "he", "hi", "hu", "id", "is",
    "it", "ja", "ko", "nb", "nl", "pl", "pt", "ro", "ru", "sv", "tr", "uk", "vi", "zh",
)
# fmt: on
YEARS = range(1900, 2100)

HELD_OUT_WRITINGS = frozenset(
    {
        ("de", "weekday"),
        ("el", "weekday"),
        ("en", "full"),
        ("es", "weekday"),
        ("fr", "full"),
        ("hu", "weekday"),
        ("it", "weekday"),
        ("ja", "weekday"),
        ("ko", "long"),
        ("nl", "weekday"),
        ("pl", "weekday"),
        ("ru", "weekday"),
        ("sv", "full"),
        ("tr", "full"),
    }
)
"""(locale, format) pairs kept from training; the other formats of the same locale are learned."""

KINDS = ("train", "years", "writings", "both")
"""What a sample may be drawn from: all seen, held-out years, held-out writings, or held out in both respects."""

_STYLES = ("full", "long", "medium", "short")
_SKELETONS = {"weekday": "yMMMEd", "numeric": "yMd"}
_ORDINALS = ("MMMM d{}, y", "d{} 'of' MMMM y")


@dataclass(frozen=True)
class Writing:
    """One way to write a date: a locale, the name of a format, and its CLDR pattern, with ``{}`` for "st", "nd", "rd" or "th"."""

    locale: str
    format: str
    pattern: str

    def write(self, day: date) -> str:
        """The date in this writing, normalised as the models read it: lower case, plain spaces, no direction marks."""
        pattern = self.pattern.format(f"'{_ordinal(day.day)}'") if "{}" in self.pattern else self.pattern
        return normalize(_compiled(pattern).apply(day, _locale(self.locale)))

    @property
    def held_out(self) -> bool:
        """Whether training never sees this writing."""
        return (self.locale, self.format) in HELD_OUT_WRITINGS


@dataclass(frozen=True)
class Example:
    """One date written: the text, its ISO form and how it was made."""

    text: str
    iso: str
    writing: Writing


def is_held_out_year(year: int) -> bool:
    """Whether training never sees this year."""
    return year % 7 == 3


@cache
def writings() -> tuple[Writing, ...]:
    """Every writing of every locale, each pattern once per locale, in a fixed order."""
    return tuple(writing for name in LOCALES for writing in _writings_of(name))


def sample(kind: str, seed: int) -> Iterator[Example]:
    """Endless examples of one kind (see :data:`KINDS`), the same ones for the same seed.

    A writing is drawn first, then a year, then a day of it, each uniformly: rare scripts get as much practice as common ones.
    """
    if kind not in KINDS:
        raise ZooError(f"A sample of {kind!r} was asked for.", f"The kinds are {', '.join(KINDS)}.", "Choose one of them.")
    draw = random.Random(f"{kind} {seed}")
    pool = [writing for writing in writings() if writing.held_out == (kind in {"writings", "both"})]
    years = [year for year in YEARS if is_held_out_year(year) == (kind in {"years", "both"})]
    while True:
        writing, year = draw.choice(pool), draw.choice(years)
        month = draw.randint(1, 12)
        day = date(year, month, draw.randint(1, calendar.monthrange(year, month)[1]))
        yield Example(writing.write(day), day.isoformat(), writing)


def _writings_of(name: str) -> Iterator[Writing]:
    """The distinct patterns of one locale that say the whole year and cannot be read two ways."""
    locale = _locale(name)
    patterns = {style: locale.date_formats[style].pattern for style in _STYLES}
    patterns |= {kind: str(locale.datetime_skeletons[skeleton].pattern) for kind, skeleton in _SKELETONS.items()}
    if name == "en":
        patterns |= {f"ordinal {number}": pattern for number, pattern in enumerate(_ORDINALS, 1)}
    seen = set()
    for kind, pattern in patterns.items():
        if pattern not in seen and not _is_ambiguous(name, pattern):
            seen.add(pattern)
            yield Writing(name, kind, pattern)


def _is_ambiguous(locale: str, pattern: str) -> bool:
    """Two digits for the year, or the month in digits before the day in the United States."""
    return ("yy" in pattern and "yyyy" not in pattern) or (locale == "en" and "MMM" not in pattern)


def _ordinal(day: int) -> str:
    """The English ending of an ordinal: 1st, 2nd, 3rd, 11th."""
    return "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@lru_cache(maxsize=4096)
def _compiled(pattern: str):
    return parse_pattern(pattern)
