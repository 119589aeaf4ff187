"""What a capture was given: the beginnings of its texts, and what was cut of them; a file may say anything there."""

from __future__ import annotations

import pytest

from inspector import Capture
from inspector.given import KEY, Given, as_info, given_of
from inspector.views.batches import manifest
from inspector.views.manifest import manifest_of


def test_each_item_of_a_batch_is_told_apart(bundled):
    held = bundled(["First of all.", ("Then a pair", "of texts.")[0]])
    assert [manifest_of(held, batch=item)["input"]["text"] for item in (0, 1)] == ["First of all.", "Then a pair"]
    assert manifest(held, {"batch": 1})["manifest"]["input"]["text"] == "Then a pair"
    assert KEY not in manifest_of(held)["model"]


def test_what_was_cut_is_counted_for_each_item(bundled):
    long, short = "grey cats sleep " * 300, "A cat."
    found = bundled([long, short], truncate=True)
    lengths = [len(bundled.tokenizer(text, verbose=False)["input_ids"]) for text in (long, short)]
    assert [given_of(found.info, item).left_out for item in (0, 1)] == [lengths[0] - 512, 0]


def test_the_text_is_kept_in_a_file(bundled, tmp_path):
    bundled("Ein Satz.", "A sentence.").save(tmp_path / "x.safetensors")
    assert given_of(Capture.load(tmp_path / "x.safetensors").info, 0) == Given("Ein Satz.", "A sentence.", 0)


ODD = [
    "",
    "nul",
    "null",
    "7",
    "{}",
    "[]",
    "[[]]",
    '[["a"]]',
    '[["a", 1, 0]]',
    '[["a", "b", -1]]',
    '[["a", "b", 1e400]]',
    "[" * 9000,
]


@pytest.mark.parametrize("said", ODD)
def test_a_file_that_says_something_else_says_nothing(said):
    assert given_of({KEY: said}, 0) is None


def test_no_more_is_kept_than_a_name_needs():
    told = given_of({KEY: as_info([("x" * 10_000, "y" * 10_000)], [3])}, 0)
    assert (len(told.text), len(told.pair), told.left_out) == (200, 200, 3)
