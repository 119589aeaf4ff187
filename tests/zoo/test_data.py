"""The dates: written right, read back, and split as stated."""

from __future__ import annotations

import re
from datetime import date
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.dates.alphabet import InputAlphabet, OutputAlphabet, normalize
from zoo.dates.data import HELD_OUT_WRITINGS, KINDS, LOCALES, YEARS, Writing, is_held_out_year, sample, writings
from zoo.dates.reader import MOST_NUMBERS, judge, read, why_unread

ALPHABET = InputAlphabet.of(example.text for example in islice(sample("train", 0), 20_000))


def written(locale: str, kind: str, day: date) -> str:
    return next(writing for writing in writings() if (writing.locale, writing.format) == (locale, kind)).write(day)


@pytest.mark.parametrize(
    ("locale", "kind", "text"),
    [
        ("fr", "long", "3 mai 2019"),
        ("fr", "full", "vendredi 3 mai 2019"),
        ("ja", "long", "2019年5月3日"),
        ("en", "full", "friday, may 3, 2019"),
        ("en", "ordinal 1", "may 3rd, 2019"),
        ("en", "ordinal 2", "3rd of may 2019"),
        ("de", "medium", "03.05.2019"),
        ("ru", "long", "3 мая 2019 г."),
        ("pt", "weekday", "sex., 3 de mai. de 2019"),
    ],
)
def test_third_of_may_2019_is_written_as_people_write_it(locale, kind, text):
    assert written(locale, kind, date(2019, 5, 3)) == text


def test_ordinals_end_as_in_english():
    endings = [written("en", "ordinal 2", date(2018, 1, day)).split()[0] for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)]
    assert endings == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]


def test_no_writing_hides_the_century_or_puts_the_month_first_in_digits():
    day = date(1987, 6, 25)
    for writing in writings():
        assert "1987" in writing.write(day)
        if writing.locale == "en":
            assert "june" in writing.write(day) or "jun" in writing.write(day)


def test_held_out_writings_exist_and_leave_their_locale_others_to_learn_from():
    named = {(writing.locale, writing.format) for writing in writings()}
    assert named >= HELD_OUT_WRITINGS
    assert {locale for locale, _ in named - HELD_OUT_WRITINGS} == set(LOCALES)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_keep_to_the_split(kind):
    for example in islice(sample(kind, 7), 2_000):
        year = int(example.iso[:4])
        assert year in YEARS
        assert is_held_out_year(year) == (kind in {"years", "both"})
        assert ((example.writing.locale, example.writing.format) in HELD_OUT_WRITINGS) == (kind in {"writings", "both"})


def test_no_held_out_text_is_in_training():
    trained = {example.text for example in islice(sample("train", 0), 30_000)}
    for kind in ("years", "writings", "both"):
        assert trained.isdisjoint(example.text for example in islice(sample(kind, 3), 5_000))


def test_no_writing_that_is_trained_on_gives_a_held_out_text():
    trained = [writing for writing in writings() if not writing.held_out]
    for example in islice(sample("writings", 11), 100):
        assert all(writing.write(date.fromisoformat(example.iso)) != example.text for writing in trained)


def test_held_out_texts_use_no_character_that_training_lacks():
    assert not any(ALPHABET.unknown(example.text) for kind in KINDS for example in islice(sample(kind, 5), 2_000))


def test_the_same_seed_gives_the_same_dates():
    first, second, other = (list(islice(sample("train", seed), 50)) for seed in (1, 1, 2))
    assert first == second != other


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_can_be_read_one_way_only(kind):
    for example in islice(sample(kind, 13), 15):
        assert {reading.iso for reading in read(example.text)} == {example.iso}


def test_a_kind_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="kinds are train, years, writings, both"):
        next(sample("test", 0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tomorrow", "no year"),
        ("3 mai 19", "no year"),
        ("mai 2019", "no day"),
        ("monday, may 3, 2019", "day of the week"),
        ("31 feb. 2020", "no such day"),
        ("29 février 2019", "no such day"),
        ("2019 3 mai", "none of the writings"),
    ],
)
def test_a_text_that_cannot_be_read_gets_its_reason(text, reason):
    assert read(text) == []
    assert reason in why_unread(text)
    assert not judge(text, ALPHABET).known


def test_a_verdict_says_what_was_kept_from_training():
    verdict = judge("vendredi 3 mai 2019", ALPHABET)
    assert (verdict.known, verdict.unseen, verdict.expected) == (True, True, "2019-05-03")
    assert verdict.note == "Never seen in training: the year 2019 and this writing (French, full)."
    assert judge("3 mai 2018", ALPHABET).note == ""


def test_a_year_before_1900_is_outside_what_was_learned():
    verdict = judge("3 mai 1789", ALPHABET)
    assert (verdict.known, verdict.expected) == (False, "1789-05-03")
    assert "1900 to 2099" in verdict.note


def test_strange_characters_are_named():
    assert "Never seen in training: ☃ ß" in judge("☃ 3 ß☃ 2019", ALPHABET).note


def test_the_last_week_of_the_calendar_can_be_judged():
    assert not judge("friday, december 30, 9999", ALPHABET).known


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_normalising_twice_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


def test_spaces_case_marks_and_composition_do_not_matter():
    assert normalize("  3\u00a0FE\u0301VRIER\u202f 2019\u200f ") == "3 février 2019"


def test_alphabets_by_hand():
    ids, mask = InputAlphabet("ab").encode(["ba", "?"])
    assert ids.tolist() == [[5, 4], [3, 0]]
    assert mask.tolist() == [[True, True], [True, False]]
    assert OutputAlphabet.encode(["20-"]).tolist() == [[2, 0, 10, 11]]
    assert OutputAlphabet.decode([2, 0, 10, 11, 4]) == "20-"


def test_no_writing_has_more_numbers_than_the_reader_looks_at():
    most = max(len(re.findall("[0-9]+", writing.write(date(2019, 12, day)))) for writing in writings() for day in range(1, 8))
    assert most == MOST_NUMBERS
    assert read("3 mai 2019 " + "1 " * 20) == []


def test_a_writing_can_be_made_by_hand():
    assert Writing("fr", "mine", "EEEE d/M/y").write(date(2019, 5, 3)) == "vendredi 3/5/2019"
