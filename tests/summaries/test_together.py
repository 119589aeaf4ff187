"""Short texts are summarised together: the numbers are those of each text and layer by itself, whatever stands beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inspector import list_metrics, measure
from inspector.captures import AttentionCall, Capture
from inspector.errors import CaptureError
from inspector.masks import Mask
from inspector.metrics import METRICS
from inspector.scores import Given, Scores
from inspector.summaries import together
from inspector.summaries.plan import SHORT
from inspector.summaries.summarize import layers_of
from inspector.summaries.summary import Wanted
from inspector.tokens import Tokens

TEXTS, HEADS, LENGTH = 5, 4, 13
MASKS = {
    "open": Mask,
    "causal": lambda: Mask(right=0),
    "padding": lambda: Mask(right=0, keys=torch.arange(LENGTH)[None] < torch.tensor([LENGTH, 3, 8, 1, 12])[:, None]),
    "left padding": lambda: Mask(keys=torch.arange(LENGTH)[None] >= torch.tensor([0, 3, 8, 1, 12])[:, None]),
    "window": lambda: Mask(right=1, left=2),
    "table a head": lambda: Mask(dense=torch.rand(TEXTS, HEADS, LENGTH, LENGTH) > 0.3),
    "bias": lambda: Mask(bias=torch.randn(1, HEADS, LENGTH, LENGTH)),
}


def tokens(text: int) -> Tokens:
    """Other words, special tokens and segments in every text; the second has no special token, the fourth none that repeats."""
    ids = tuple(range(LENGTH)) if text == 3 else tuple((7 * at + text) % (5 + text) for at in range(LENGTH))
    special = tuple(text != 1 and at in (0, 6 + text % 2) for at in range(LENGTH))
    names, no = tuple(map(str, ids)), (False,) * LENGTH
    return Tokens(names, names, ids, special, no, tuple(int(at > 6) for at in range(LENGTH)), no)


def capture_of(mask: Mask, layers: int = 3, **options) -> Capture:
    torch.manual_seed(5)
    calls = [
        AttentionCall(
            f"layer.{at}",
            Scores(torch.randn(TEXTS, HEADS, LENGTH, 6), torch.randn(TEXTS, 2, LENGTH, 6), 0.5, mask, **options),
            layer_index=at,
        )
        for at in range(layers)
    ]
    return Capture(calls=calls, sequences={"input": tuple(tokens(text) for text in range(TEXTS))})


def by_itself(capture: Capture, name: str, text: int, rows: str) -> tuple[torch.Tensor, int]:
    """The metric over the blocked pass of each layer, one text at a time."""
    layers = layers_of(capture, capture.calls, text, Wanted(how="blocked"), maximum=True)
    chosen = [layer.rows(rows) for layer in layers]
    values = [METRICS[name].compute(layer, mask) for layer, mask in zip(layers, chosen, strict=True)]
    return torch.stack(values), max(int(mask.sum(-1).max()) for mask in chosen)


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("sinks", [None, torch.linspace(-1, 1, HEADS)], ids=["plain", "sinks"])
def test_every_metric_of_every_text_is_what_it_is_by_itself(mask, sinks):
    capture = capture_of(mask(), sinks=sinks)
    assert [len(run) for run in together.runs_of(capture, capture.calls)] == [3]
    for name in list_metrics():
        for text in range(TEXTS):
            for rows in ("content", "all")[: 1 + (text < 2)]:
                found, (expected, count) = measure(capture, name, text, rows), by_itself(capture, name, text, rows)
                torch.testing.assert_close(
                    found.values, expected, atol=3e-6, rtol=1e-5, equal_nan=True, msg=lambda m, w=(name, text, rows): f"{w}: {m}"
                )
                assert found.num_rows == count


def test_the_mean_over_all_texts_is_that_of_each_by_itself():
    capture = capture_of(Mask(right=0))
    each = torch.stack([measure(capture, "entropy", text).values for text in range(TEXTS)])
    torch.testing.assert_close(measure(capture, "entropy", None).values, each.nanmean(0))


def test_what_a_caller_writes_into_is_nobody_elses():
    capture = capture_of(Mask())
    before = measure(capture, "rest", 2).values.clone()
    measure(capture, "rest", 2).values.zero_()
    assert torch.equal(measure(capture, "rest", 2).values, before)


@pytest.mark.parametrize("numbers", [1, HEADS * LENGTH**2 * 2, HEADS * LENGTH**2 * 7])
def test_cut_into_pieces_the_numbers_are_the_same(numbers, monkeypatch):
    whole = [capture_of(Mask(right=0)).summarize(batch=text).layers for text in range(TEXTS)]
    monkeypatch.setattr(together, "NUMBERS", numbers)
    capture = capture_of(Mask(right=0))
    for text, layers in enumerate(whole):
        for one, two in zip(layers, capture.summarize(batch=text).layers, strict=True):
            assert one.call.name == two.call.name
            for name in ("lse", "entropy", "received", "seen", "duplicate"):
                torch.testing.assert_close(getattr(one, name), getattr(two, name), atol=1e-6, rtol=1e-6, equal_nan=True)


def test_a_piece_holds_as_many_layers_and_texts_as_its_numbers_allow(monkeypatch):
    each = HEADS * LENGTH**2
    capture = capture_of(Mask(), layers=5)
    for numbers, runs, texts in (
        (each - 1, [1] * 5, range(3, 4)),
        (2 * each, [2, 2, 1], range(3, 4)),
        (10 * each, [5], range(2, 4)),
    ):
        monkeypatch.setattr(together, "NUMBERS", numbers)
        found = together._grouped(tuple(capture.calls))
        assert [len(run) for run in found] == runs
        assert together.texts_with(found[0], 3) == texts
    assert together.texts_with(found[0], 4) == range(4, 5)  # the last piece ends with the batch


def test_only_calls_that_see_alike_are_taken_together():
    one = capture_of(Mask(right=0)).calls[0]
    keys = torch.arange(LENGTH)[None] > 2
    others = {
        "another mask": {"mask": Mask()},
        "a window": {"mask": Mask(right=0, left=4)},
        "an offset": {"mask": Mask(right=0, offset=1)},
        "keys": {"mask": Mask(right=0, keys=keys)},
        "a table": {"mask": Mask(right=0, dense=keys)},
        "segments": {"mask": Mask(right=0, segments=(torch.zeros(1, LENGTH), torch.zeros(1, LENGTH)))},
        "sinks": {"sinks": torch.zeros(HEADS)},
        "fewer heads": {"query": one.evidence.query[:, :2]},
    }
    for name, changed in others.items():
        other = replace(one, evidence=replace(one.evidence, **changed))
        assert not together._alike(one, other), name
        assert together._alike(other, replace(other, evidence=replace(other.evidence, scale=0.1, softcap=3.0))), name
    assert not together._alike(one, replace(one, kind="cross"))
    assert not together._alike(one, replace(one, axes=("input", "other")))
    again = Scores(one.evidence.query, one.evidence.key, 0.5, Mask(right=0, keys=keys))
    same = replace(again, mask=Mask(right=0, keys=keys.clone()))
    assert together._alike(replace(one, evidence=again), replace(one, evidence=same))
    assert not together._alike(replace(one, evidence=again), replace(one, evidence=replace(same, mask=Mask(right=0, keys=~keys))))


@pytest.mark.parametrize(("queries", "keys", "short"), [(SHORT, SHORT, True), (SHORT + 1, 2, False), (2, SHORT + 1, False)])
def test_a_text_is_short_up_to_as_many_rows_and_keys(queries, keys, short):
    call = AttentionCall("layer", Scores(torch.zeros(1, 1, queries, 2), torch.zeros(1, 1, keys, 2), 1.0), kind="cross")
    assert together.is_short(call) is short


@pytest.mark.parametrize("part", ["query", "key"])
@pytest.mark.parametrize("odd", [float("nan"), float("inf")])
def test_a_text_that_is_not_finite_is_refused_and_the_others_are_measured(part, odd):
    capture, sound = capture_of(Mask()), capture_of(Mask())
    getattr(capture.calls[1].evidence, part)[3, 1, 4, 2] = odd
    with pytest.raises(CaptureError, match=rf"layer\.1.*Its {part} holds 1 numbers that are not finite"):
        measure(capture, "entropy", 3)
    with pytest.raises(CaptureError, match=r"layer\.1"):
        capture.summarize(batch=3)
    for text in (0, 1, 2, 4):
        assert torch.equal(measure(capture, "entropy", text).values, measure(sound, "entropy", text).values)


def test_what_is_not_finite_in_padding_has_no_meaning():
    keys = torch.arange(LENGTH)[None].expand(TEXTS, -1) < 9
    capture = capture_of(Mask(keys=keys))
    capture.calls[0].evidence.query[2, 0, 11] = float("nan")
    capture.calls[0].evidence.key[2, 0, 10] = float("nan")
    found, sound = measure(capture, "entropy", 2), measure(capture_of(Mask(keys=keys)), "entropy", 2)
    assert torch.equal(found.values, sound.values)


def test_weights_a_model_gave_are_summarised_text_by_text_with_their_own_order():
    table = torch.rand(TEXTS, HEADS, LENGTH, LENGTH)
    table[2] = table[2].tril()
    table /= table.sum(-1, keepdim=True)
    capture = replace(capture_of(Mask()), calls=[AttentionCall("layer", Given(table))])
    assert [capture.summarize(batch=text).layers[0].causal for text in range(3)] == [False, False, True]
    assert capture.summarize().layers[0].how == "given"
    for text in range(TEXTS):
        expected, _ = by_itself(capture, "induction", text, "all")
        torch.testing.assert_close(measure(capture, "induction", text, "all").values, expected, atol=1e-6, rtol=0, equal_nan=True)


def test_a_metric_that_looks_at_the_text_is_given_one_at_a_time(monkeypatch):
    seen = []

    def of_text(layer, rows):
        seen.append((layer.call.name, layer.facts.query_ids[0].item()))
        return layer.mean(layer.entropy, rows)

    added = replace(METRICS["entropy"], name="of_text", compute=of_text, together=False)
    monkeypatch.setitem(METRICS._items, "of_text", (999, added))
    capture = capture_of(Mask())
    assert torch.equal(measure(capture, "of_text", 2).values, measure(capture, "entropy", 2).values)
    assert seen == [(f"layer.{at}", 2) for at in range(3)]
