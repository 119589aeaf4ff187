"""What a server keeps: the first screen for ever, others while they are looked at, and nothing for a guess."""

from __future__ import annotations

import json

import pytest

from inspector.component import Captures, answer_for
from inspector.errors import OutOfRange

ODD = [5, None, [1, 2], {"a": 1}, "5", "null", "[]", '"x"', "{", "[" * 9000, '{"kind": "export", "what": "html", "view": []}']
ODD_OF_ONE = [
    {"kind": "head", "group": "self", "layer": 0, "head": 0, "batch": "x"},
    {"kind": "head", "group": "self", "layer": [], "head": {}},
    {"kind": "export", "what": ["html"]},
    {"kind": "export", "what": "../../etc/passwd"},
    {"kind": []},
    {"kind": "tile", "group": "self", "layer": 0, "head": 0, "q0": 0, "q1": 5, "k0": 0, "k1": 5, "pool": 1e308},
]


def test_a_pinned_capture_outlives_all_others(sentence_capture):
    captures = Captures(kept_bytes=2 * sentence_capture.nbytes)
    first = captures.add(sentence_capture, pinned=True)
    names = [captures.add(sentence_capture) for _ in range(5)]
    assert captures.get(first) is sentence_capture
    assert captures.get(names[-1]) is sentence_capture
    with pytest.raises(OutOfRange, match="Press Inspect again"):
        captures.get(names[0])


def test_a_capture_larger_than_all_may_be_together_is_kept_alone(sentence_capture):
    captures = Captures(kept_bytes=10)
    old, new = captures.add(sentence_capture), captures.add(sentence_capture)
    assert captures.get(new) is sentence_capture
    with pytest.raises(OutOfRange):
        captures.get(old)


def test_looking_at_a_capture_keeps_it(sentence_capture):
    now = [0.0]
    captures = Captures(seconds=10.0, timer=lambda: now[0])
    name = captures.add(sentence_capture)
    for now[0] in (6.0, 12.0, 18.0):
        assert captures.get(name) is sentence_capture
    now[0] = 40.0
    with pytest.raises(OutOfRange):
        captures.get(name)


@pytest.mark.parametrize("request_", ODD, ids=repr)
def test_an_odd_request_is_an_error_and_no_failure(request_):
    assert set(answer_for(Captures(), request_)) == {"error"}


@pytest.mark.parametrize("request_", ODD_OF_ONE, ids=repr)
def test_an_odd_request_with_a_valid_name_is_an_error_and_no_failure(sentence_capture, request_):
    captures = Captures()
    name = captures.add(sentence_capture)
    assert set(answer_for(captures, json.dumps(request_ | {"capture": name}))) == {"error"}


def test_how_much_is_sent_at_once_is_not_the_browsers_to_say(bundled):
    captures = Captures()
    cap = bundled("word " * 200)
    name = captures.add(cap)
    request = {"kind": "head", "group": "self", "layer": 0, "head": 0, "limit": 1, "capture": name}
    assert answer_for(captures, json.dumps(request))["form"] == "scores"
