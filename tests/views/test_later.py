"""Measures of a text too long to wait for: computed beside the requests, told how far they are, stopped and resumed."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace

import pytest
import torch

from inspector.cache import at_hand
from inspector.captures import AttentionCall, Capture
from inspector.component import Captures, answer_for
from inspector.errors import CaptureError
from inspector.masks import Mask
from inspector.scores import Scores
from inspector.summaries.one_head import head_summary
from inspector.summaries.summarize import place_of
from inspector.views.later import Later
from inspector.views.manifest import manifest_of, measures_of
from inspector.views.requests import answer
from inspector.views.thumbnails import is_short_work

TOKENS, HEADS, LAYERS, WIDTH = 1283, 5, 7, 48


def long_capture(layers: int = LAYERS, key_heads: int = HEADS) -> Capture:
    """Queries and keys of a causal model: more than a moment's work."""
    query, key = torch.randn(layers, 1, HEADS, TOKENS, WIDTH), torch.randn(layers, 1, key_heads, TOKENS, WIDTH)
    return Capture(
        calls=[
            AttentionCall(f"layer.{i}", Scores(query[i], key[i], WIDTH**-0.5, Mask(right=0)), layer_index=i)
            for i in range(layers)
        ]
    )


def waited(later: Later, capture: Capture, seconds: float = 120) -> list[float]:
    """The shares that were told until all was there."""
    told, end = [], time.monotonic() + seconds
    while (answer := later.pending(capture)) is not None:
        told.append(answer["pending"])
        assert time.monotonic() < end, told
        time.sleep(0.02)
    return told


def waited_for_threads() -> None:
    ends = time.monotonic() + 60
    while any(thread.name == "measuring" for thread in threading.enumerate()):
        assert time.monotonic() < ends
        time.sleep(0.02)


def table(rows: list[list[float | None]]) -> torch.Tensor:
    return torch.tensor([[float("nan") if value is None else value for value in row] for row in rows], dtype=torch.float64)


def test_a_short_text_is_measured_at_once_and_a_long_one_is_not(sentence_capture):
    assert is_short_work(sentence_capture)
    assert not is_short_work(long_capture())
    assert Later().pending(sentence_capture) is None


def test_a_manifest_without_measures_is_the_other_one_less_its_measures():
    capture = long_capture(2)
    plain, full = manifest_of(capture, measured=False), manifest_of(capture)
    assert plain["groups"][0]["measures"] is None
    assert answer(capture, {"kind": "measures", "group": "self"})["measures"] == full["groups"][0]["measures"]
    for group in (*plain["groups"], *full["groups"]):
        del group["measures"]
    assert plain == full


def test_the_share_grows_until_the_measures_are_those_that_were_computed_at_once():
    capture = long_capture()
    told = waited(Later(), capture)
    assert told
    assert told == sorted(told)
    assert all(0 <= share <= 1 for share in told)
    fresh = Capture(calls=[replace(call) for call in capture.calls])
    beside, before = (measures_of(cap, "", "self", 0) for cap in (capture, fresh))
    assert list(beside) == list(before)
    for name in before:
        torch.testing.assert_close(table(beside[name]), table(before[name]), atol=1e-5, rtol=1e-5, equal_nan=True)


def test_work_that_was_stopped_ends_and_goes_on_where_it_was():
    later, capture = Later(), long_capture(40)
    later.pending(capture)
    later.stop(capture)
    waited_for_threads()
    assert len([call for call in capture.calls if at_hand(call, place_of(0))]) < 40
    assert waited(later, capture)[-1] > 0.5


def test_work_nobody_asks_for_is_given_up():
    later, capture = Later(patience=0.0), long_capture(40)
    later.pending(capture)
    waited_for_threads()
    assert len([call for call in capture.calls if at_hand(call, place_of(0))]) < 40


def test_what_cannot_be_measured_is_said_and_does_not_hang():
    broken = long_capture()
    scores = broken.calls[3].evidence
    broken.calls[3] = replace(broken.calls[3], evidence=replace(scores, key=scores.key[..., :24]))
    later = Later()
    with pytest.raises(CaptureError, match="RuntimeError"):
        waited(later, broken)


def test_numbers_that_are_not_finite_end_the_waiting():
    capture = long_capture()
    capture.calls[1].evidence.query[0, 2, 5] = float("nan")
    waited(Later(), capture)
    assert measures_of(capture, "", "self", 0)["entropy"] == [[None] * HEADS] * LAYERS


def test_a_browser_is_told_the_share_and_then_the_measures():
    captures, later = Captures(), Later()
    request = {"kind": "measures", "group": "self", "capture": captures.add(long_capture())}
    shares, ends = [], time.monotonic() + 120
    while "pending" in (given := answer_for(captures, json.dumps(request), later)):
        shares.append(given["pending"])
        assert time.monotonic() < ends
        time.sleep(0.02)
    assert shares
    assert len(given["measures"]["rest"]) == LAYERS
    assert answer_for(captures, json.dumps(request | {"stop": True}), later) == {"pending": 0.0}
    assert set(answer_for(captures, json.dumps(request | {"batch": 7}), later)) == {"error"}
    assert set(answer_for(captures, json.dumps(request | {"group": "nowhere"}), later)) == {"error"}


def test_an_odd_group_and_a_page_do_not_wait_for_the_measures_in_the_request():
    captures, later = Captures(), Later()
    name = captures.add(long_capture())
    odd = {"kind": "measures", "group": "nowhere", "capture": name}
    assert set(answer_for(captures, json.dumps(odd), later)) == {"error"}
    page = answer_for(captures, json.dumps({"kind": "export", "what": "html", "capture": name}), later)
    assert "being measured" in page["error"]["found"]


def test_stopping_and_asking_in_turn_starts_no_second_thread():
    later, capture = Later(), long_capture(40)
    for _ in range(20):
        later.pending(capture)
        later.stop(capture)
    assert sum(thread.name == "measuring" for thread in threading.enumerate()) <= 2
    waited_for_threads()


def test_a_second_text_is_told_that_it_waits():
    later, first, second = Later(), long_capture(40), long_capture()
    later.pending(first)
    ends = time.monotonic() + 60
    while later.pending(first) == {"pending": 0.0, "waiting": True}:
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert later.pending(second) == {"pending": 0.0, "waiting": True}
    later.stop(first)
    later.stop(second)
    waited_for_threads()


def test_one_group_that_cannot_be_measured_does_not_keep_the_others_from_it():
    capture = long_capture()
    capture.calls[0] = replace(capture.calls[0], tower="vision")
    capture.calls[0].evidence.query[0, 2, 5] = float("nan")
    waited(Later(), capture)
    assert all(at_hand(call, place_of(0)) for call in capture.calls[1:])


@pytest.mark.parametrize("key_heads", [HEADS, 1])
def test_one_head_alone_has_the_numbers_it_has_among_all(key_heads):
    capture = long_capture(2, key_heads)
    alone, at = head_summary(capture, capture.calls[1], 3)
    assert (alone.num_heads, at) == (1, 0)
    again, _ = head_summary(capture, capture.calls[1], 3)
    assert again is alone
    whole = capture.summarize().layers[1]
    for name in ("lse", "entropy", "distance", "received", "previous", "itself"):
        torch.testing.assert_close(getattr(alone, name)[0], getattr(whole, name)[3], atol=3e-5, rtol=1e-4, equal_nan=True)
    found, at = head_summary(capture, capture.calls[1], 3)
    assert found.call is capture.calls[1]
    assert at == 3


def test_one_head_of_a_table_of_its_own_bias_mask_and_sink_is_that_head():
    bias, sinks = torch.randn(1, HEADS, TOKENS, TOKENS), torch.randn(HEADS)
    open_ = torch.rand(1, HEADS, 1, TOKENS) > 0.3
    scores = Scores(
        torch.randn(1, HEADS, TOKENS, 8), torch.randn(1, HEADS, TOKENS, 8), 0.3, Mask(bias=bias, dense=open_), sinks=sinks
    )
    head = scores.of_head(2)
    assert head.shape == (1, 1, TOKENS, TOKENS)
    rows = torch.tensor([0, 7, 100])
    torch.testing.assert_close(head.weights(None, None, rows), scores.weights(None, torch.tensor([2]), rows), atol=1e-6, rtol=0)
