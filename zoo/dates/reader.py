"""Reads a date the long way: by writing every date it could be, and looking for the text.

This is the judge beside the models, not a model: it knows every writing of :mod:`zoo.dates.data` and nothing else, so it says
exactly which texts lie within what the models were trained for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from babel import Locale

from zoo.dates.alphabet import InputAlphabet, normalize
from zoo.dates.data import YEARS, Writing, is_held_out_year, writings

__all__ = ["Reading", "Verdict", "judge", "read", "why_unread"]

MOST_NUMBERS = 4
"""Year, month and day, and in Vietnamese the day of the week."""


@dataclass(frozen=True)
class Reading:
    """One way the text can be read: the ISO date, and the writing that gives the text."""

    iso: str
    writing: Writing

    @property
    def year(self) -> int:
        """The year."""
        return int(self.iso[:4])

    @property
    def unseen(self) -> bool:
        """Whether the year or the writing was kept from training."""
        return self.writing.held_out or is_held_out_year(self.year)


@dataclass(frozen=True)
class Verdict:
    """Whether a text is one that the models were made for, and if not, why; see :class:`zoo.dates.translation.Translation`."""

    known: bool
    note: str
    expected: str | None = None
    unseen: bool = False


def judge(text: str, alphabet: InputAlphabet) -> Verdict:
    """The verdict on a text, for a model with this alphabet."""
    readings = read(text)
    if not readings:
        never = alphabet.unknown(normalize(text))
        strange = f" Never seen in training: {' '.join(never)}" if never else ""
        return Verdict(False, f"This text is outside what the model learned: {why_unread(text)} The answer is a guess.{strange}")
    first = min(readings, key=lambda reading: reading.unseen)
    if first.year not in YEARS:
        note = f"The year {first.year} is outside what the model learned, {YEARS[0]} to {YEARS[-1]}. The answer is a guess."
        return Verdict(False, note, first.iso, True)
    return Verdict(True, _kept_from_training(first), first.iso, first.unseen)


def read(text: str) -> list[Reading]:
    """Every reading of the text, in any year of four digits; empty where no writing gives it."""
    text = normalize(text)
    return [
        Reading(day.isoformat(), writing) for day in _candidates(text) for writing in writings() if writing.write(day) == text
    ]


def why_unread(text: str) -> str:
    """Why no writing gives the text, in plain words."""
    text = normalize(text)
    if not re.search(r"(?<!\d)\d{4}(?!\d)", text):
        return "it has no year of four digits."
    if not re.search(r"(?<!\d)\d{1,2}(?!\d)", text):
        return "it has no day in digits."
    if read(re.sub(r"(?<!\d)(29|3[0-9])(?!\d)", "28", text)):
        return "that month has no such day."
    days = _candidates(text)
    if any(_on_weekday(writing, day, shift) == text for writing in writings() for day in days for shift in range(1, 7)):
        return "its day of the week does not belong to that date."
    return "none of the writings it was taught gives this text."


def _kept_from_training(reading: Reading) -> str:
    """Which part of a readable text training never showed; empty if it was all there."""
    parts = []
    if is_held_out_year(reading.year):
        parts.append(f"the year {reading.year}")
    if reading.writing.held_out:
        language = Locale.parse(reading.writing.locale).get_display_name("en")
        parts.append(f"this writing ({language}, {reading.writing.format})")
    return f"Never seen in training: {' and '.join(parts)}." if parts else ""


def _candidates(text: str) -> list[date]:
    """Every date whose year and day, in digits, stand in the text; none where more numbers do than any writing has."""
    numbers = re.findall(r"[0-9]+", text)
    if len(numbers) > MOST_NUMBERS:
        return []
    years = {int(number) for number in numbers if len(number) == 4 and int(number)}
    days = {int(number) for number in numbers if len(number) <= 2}
    possible = (_date(year, month, day) for year, month, day in product(sorted(years), range(1, 13), sorted(days)))
    return [day for day in possible if day]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _on_weekday(writing: Writing, day: date, shift: int) -> str | None:
    """The date written with another day of the week in place of its own; None where the writing has none."""
    field = re.search(r"E+", writing.pattern)
    if not field:
        return None
    weekday = Writing(writing.locale, writing.format, field[0])
    try:
        other = day + timedelta(days=shift)
    except OverflowError:
        other = day - timedelta(days=shift)
    return writing.write(day).replace(weekday.write(day), weekday.write(other), 1)
