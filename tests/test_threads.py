"""Whatever may be asked of a capture may be asked from several threads: the answers are those of one thread, to the last bit."""

from __future__ import annotations

import json
import random
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch

from inspector import list_metrics, measure
from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.proofs import Compared, Proof, compare_now
from inspector.scores import Scores
from inspector.summaries.one_head import head_summary
from inspector.views.registry import ANSWERS
from inspector.views.requests import answer

THREADS, LONG, WIDTH = 8, 1283, 16
TEXTS = [
    "The cat sat on the mat.",
    "The cat sat on the mat, for the mat was warm, and the dog that barked at it sat by the door.",
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread_each():
    """Several threads share the cores already; and how many do one product decides its last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def fresh(capture: Capture) -> Capture:
    """The same capture, of which nothing has been computed."""
    calls = [replace(call, proof=_unread(at)) for at, call in enumerate(capture.calls)]
    return replace(capture, calls=calls)


def _unread(seed: int) -> Proof:
    again = torch.randn(3, 4, generator=torch.Generator().manual_seed(seed))
    return Proof(Compared(again, again * (1 + 1e-6)), rows=3)


def long_capture() -> Capture:
    """Two layers whose heads are sent in tiles: grouped and causal, and one with a window, which has no fused pass."""
    torch.manual_seed(3)
    parts = [(torch.randn(1, 4, LONG, WIDTH), torch.randn(1, 2, LONG, WIDTH)) for _ in range(2)]
    masks = [Mask(right=0), Mask(right=0, left=300)]
    return Capture(
        calls=[
            AttentionCall(f"layer.{at}", Scores(query, key, 0.4, mask), layer_index=at)
            for at, ((query, key), mask) in enumerate(zip(parts, masks, strict=True))
        ]
    )


def short_asks(capture: Capture):
    """(what is asked, the question) of every public read of short texts in one batch."""
    for call in capture.calls[::2]:
        at = call.layer_index
        yield f"weights {at}", lambda c, at=at: c.call(at).weights(batch=1)
        yield f"rows {at}", lambda c, at=at: c.call(at).weights(0, [3, 1], slice(2, 9), torch.float64)
        yield f"proof {at}", lambda c, at=at: [c.call(at).residual, c.call(at).proof.passed, c.residual, len(c.failed)]
        for head in (0, 5):
            yield f"tile {at} {head}", lambda c, at=at, h=head: c.call(at).tile(h, queries=slice(0, 17), keys=slice(2, 19))
            yield f"pool {at} {head}", lambda c, at=at, h=head: c.call(at).tile(h, pool=3, batch=0, reduce="max")
        yield f"compare {at}", lambda c, at=at: numbers(c.compare(at, 2, batch=1, window=3))
    for batch in range(2):
        for options in ({}, {"pool": 7}, {"without": [1, 2], "maximum": True}, {"top": [3, -1], "spans": {"a": slice(1, 4)}}):
            yield f"summary {batch} {options}", lambda c, b=batch, o=options: summary(c.summarize(batch=b, **o))
        for name in list_metrics():
            yield f"measure {batch} {name}", lambda c, b=batch, n=name: measure(c, n, b, rows="all").values
    for request in requests():
        yield json.dumps(request), lambda c, r=request: _unnamed(answer(c, dict(r)))


def _unnamed(found: dict) -> dict:
    """BertViz gives each of its pages a name of its own."""
    return found if "html" not in found else {"html": re.sub("bertviz-[0-9a-f]+", "", found["html"])}


def requests():
    """Requests of every kind there is."""
    place = {"group": "self", "layer": 3, "head": 7, "batch": 1}
    yield from ({"kind": "head"} | place | {"head": head} for head in range(4))
    yield {"kind": "head"} | place | {"limit": 4}
    yield {"kind": "rows", "from": 2, "to": 11} | place
    for start in range(4):
        yield {
            "kind": "tile",
            "q0": start,
            "q1": 15,
            "k0": 1,
            "k1": 19 - start,
            "pool": 1 + start % 2,
            "small": start > 1,
        } | place
    yield from ({"kind": kind, "group": "self", "batch": batch} for kind in ("maps", "measures") for batch in range(2))
    yield {"kind": "compare", "window": 2, "hidden": 66} | place  # enough units for the whole head: built, not trained
    yield {"kind": "bertviz", "view": "head_view", "layers": [1]}
    yield from ({"kind": "manifest", "batch": batch} for batch in range(2))
    yield {"kind": "dates"}
    yield from ({"kind": "translate", "text": text} for text in ("7 mai 2018", "4 June 1987"))
    yield {"kind": "five_steps", "text": "7 mai 2018", "attention": "additive"}


def long_asks(capture: Capture):
    """Reads that share what was computed of long heads: rows' sums, prepared queries, one head's numbers and all heads'."""
    for layer in range(2):
        place = {"group": "self", "layer": layer, "head": 1}
        for start in range(0, 900, 150):
            rows = slice(start, start + 380)
            yield f"tile {layer} {start}", lambda c, at=layer, r=rows: c.call(at).tile(1, queries=r, keys=slice(0, 900))
            yield f"means {layer} {start}", lambda c, at=layer, r=rows: c.call(at).tile(2, queries=r, pool=9)
        yield f"map {layer}", lambda c, at=layer: c.call(at).tile(1, pool=20)
        yield f"head {layer}", lambda c, at=layer: summary_of_head(c, at, 2)
        yield f"overview {layer}", lambda c, p=place: answer(c, {"kind": "head", **p})
        yield f"rows {layer}", lambda c, p=place: answer(c, {"kind": "rows", "from": 700, "to": 710, **p})
    yield "summary", lambda c: summary(c.summarize())
    yield "maps", lambda c: answer(c, {"kind": "maps", "group": "self"})
    yield "measures", lambda c: answer(c, {"kind": "measures", "group": "self"})


def summary_of_head(capture: Capture, layer: int, head: int) -> dict:
    found, at = head_summary(capture, capture.call(layer), head)
    return {name: getattr(found, name)[at] for name in ("lse", "entropy", "distance", "received", "local")}


def summary(found) -> list[dict]:
    return [
        {name: value for name, value in numbers(layer).items() if name != "maximum" or value is not None}
        for layer in [*found.layers, *found.top]
    ]


def numbers(thing) -> dict:
    """The numbers of a result by name."""
    return {
        name: value
        for name, value in vars(thing).items()
        if isinstance(value, (torch.Tensor, float, int, str, dict)) or value is None
    }


def same(one, two) -> bool:
    if isinstance(one, torch.Tensor):
        return (
            isinstance(two, torch.Tensor) and one.shape == two.shape and bool(((one == two) | (one.isnan() & two.isnan())).all())
        )
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[name], two[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(two) and all(map(same, one, two))
    return one == two or (one != one and two != two)


@pytest.mark.parametrize("asked", [short_asks, long_asks])
def test_eight_threads_are_answered_what_one_is_answered(bundled, asked):
    capture = bundled(TEXTS) if asked is short_asks else long_capture()
    asks = list(asked(capture))
    alone, together = fresh(capture), fresh(capture)
    expected = {name: ask(alone) for name, ask in asks}
    together_now, wrong = threading.Barrier(THREADS, timeout=60), []

    def work(seed: int) -> None:
        mine = random.Random(seed).sample(asks, len(asks))
        together_now.wait()
        wrong.extend(name for name, ask in mine if not same(expected[name], ask(together)))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(work, range(THREADS)))
    assert not wrong, f"{len(wrong)} of {THREADS * len(asks)} answers differ, such as {sorted(set(wrong))[:9]}"


def test_the_requests_are_of_every_kind():
    assert {request["kind"] for request in requests()} == set(ANSWERS)


@pytest.fixture
def _hasty():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_hasty")
def test_a_proof_may_be_read_while_all_are_compared():
    for _ in range(30):
        proofs = [_unread(at) for at in range(40)]
        start, read = threading.Barrier(3, timeout=20), []

        def compare(proofs=proofs, start=start):
            start.wait()
            compare_now(proofs)

        def look(order, proofs=proofs, start=start, read=read):
            start.wait()
            read.append([proof.residual for proof in proofs[::order]][::order])

        with ThreadPoolExecutor(3) as threads:
            work = [threads.submit(compare), threads.submit(look, 1), threads.submit(look, -1)]
            assert [one.result() for one in work] == [None] * 3
        assert read[0] == read[1] == [_unread(at).residual for at in range(40)]
