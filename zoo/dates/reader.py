"""Reads a date the long way: by writing every date it could be, and looking for the text.

This is the judge beside the models, not a model: it knows every writing of :mod:`zoo.dates.data` and nothing else, so it says exactly
which texts lie within what the models were trained for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from .alphabet import normalize
from .data import YEARS, Writing, is_held_out_year, writings

__all__ = ["Reading", "outside_years", "read", "why_unread"]


@dataclass(frozen=True)
class Reading:
    """One way the text can be read: the ISO date, the writing that gives the text, and whether training never saw the like."""

    iso: str
    writing: Writing

    @property
    def unseen(self) -> bool:
        """Whether the year or the writing was kept from training."""
        return self.writing.held_out or is_held_out_year(int(self.iso[:4]))


def read(text: str) -> list[Reading]:
    """Every reading of the text, in any year of four digits; empty where no writing gives it."""
    text = normalize(text)
    return [
        Reading(day.isoformat(), writing) for day in _candidates(text) for writing in writings() if writing.write(day) == text
    ]


def why_unread(text: str) -> str:
    """Why a text lies outside the writings, in plain words."""
    text = normalize(text)
    if not text:
        return "The text is empty."
    if not re.search(r"(?<!\d)\d{4}(?!\d)", text):
        return "It has no year of four digits."
    if not re.search(r"(?<!\d)\d{1,2}(?!\d)", text):
        return "It has no day in digits."
    days = list(_candidates(text))
    if not days:
        return "No calendar has such a day."
    shifted = (
        writing
        for day, week in product(days, range(1, 7))
        for writing in _with_weekday()
        if _on_weekday(writing, day, week) == text
    )
    if next(shifted, None):
        return "The day of the week does not belong to that date."
    return "None of the writings it learned from gives this text."


def outside_years(iso: str) -> bool:
    """Whether the year lies outside those the writings were drawn from."""
    return int(iso[:4]) not in YEARS


def _candidates(text: str) -> list[date]:
    """Every date whose year and day, in digits, stand in the text."""
    numbers = re.findall(r"\d+", text)
    years = {int(number) for number in numbers if len(number) == 4 and int(number)}
    days = {int(number) for number in numbers if len(number) <= 2}
    possible = (_date(year, month, day) for year, month, day in product(sorted(years), range(1, 13), sorted(days)))
    return [day for day in possible if day]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _with_weekday() -> list[Writing]:
    return [writing for writing in writings() if "E" in writing.pattern]


def _on_weekday(writing: Writing, day: date, shift: int) -> str | None:
    """The date written with the name of another weekday in place of its own."""
    pattern = re.match(r"(.*?)(E+)(.*)", writing.pattern)
    if not pattern:
        return None
    other = Writing(writing.locale, writing.format, pattern[2]).write(day + timedelta(days=shift))
    own = Writing(writing.locale, writing.format, pattern[2]).write(day)
    return writing.write(day).replace(own, other, 1)
