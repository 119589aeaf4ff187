"""Every number of a summary against whole float64 maps, over random shapes, masks, groups, sinks and dtypes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.masks import Mask

_spec = importlib.util.spec_from_file_location("dense", Path(__file__).with_name("dense.py"))
dense = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(dense)

SETTINGS = settings(max_examples=30, deadline=None, derandomize=True)


EASY = ["plain", "padding", "padded table", "key bias"]
HARD = ["window", "table", "head table", "bias", "softcap", "segments", "holes"]


def cases(kinds):
    """The random choices a capture is built from."""
    return st.fixed_dictionaries(
        {
            "seed": st.integers(0, 2**16),
            "heads": st.sampled_from([(1, 1), (1, 3), (2, 1), (2, 2), (3, 2)]),  # key heads, heads for each
            "n": st.integers(2, 97),
            "width": st.sampled_from([1, 5, 8, 24]),
            "spread": st.sampled_from([0.1, 1.0, 4.0]),
            "dtype": st.sampled_from([torch.float32, torch.bfloat16, torch.float16, torch.float64]),
            "kind": st.sampled_from(kinds),
            "share": st.floats(0, 1),
            "ids": st.sampled_from([2, 7, 60]),
            **{name: st.booleans() for name in ("causal", "left", "flag", "sinks", "special")},
        }
    )


def padded(case, allowed, mask):
    """Two items, the second padded at one end: as a key mask, or as the boolean table sdpa is given."""
    n = case["n"]
    short = 1 + int(case["share"] * (n - 2))
    padding = range(n - short) if case["left"] else range(short, n)
    keep = torch.ones(2, n, dtype=torch.bool)
    keep[1, list(padding)] = False
    allowed = allowed & keep[1]
    if case["kind"] == "padding":
        return allowed, mask.with_(keys=keep), padding
    table = dense.band(n, n, right=0 if case["causal"] else None)[None, None] & keep[:, None, None]
    table[1, 0, list(padding)] = case["flag"]  # what padding rows see has no meaning
    return allowed, Mask(dense=table), padding


def situation(case):
    """(capture, its second item's tokens, and everything the dense definitions need)."""
    torch.manual_seed(case["seed"])
    (kv_heads, group), n, kind = case["heads"], case["n"], case["kind"]
    heads = kv_heads * group
    query, key = ((torch.randn(2, h, n, case["width"]) * case["spread"]).to(case["dtype"]) for h in (heads, kv_heads))
    right = 0 if case["causal"] else None
    mask, allowed = Mask(right=right), dense.band(n, n, right=right)[None]
    bias, padding = None, range(0)
    if kind.startswith("padd") and n > 3:
        allowed, mask, padding = padded(case, allowed, mask)
    elif kind == "window":
        left = int(case["share"] * n)
        mask, allowed = mask.with_(left=left), dense.band(n, n, left, right)[None]
    elif kind.endswith("table") and kind != "padded table":
        table = torch.rand(2, 1 if kind == "table" else heads, n, n) > 0.4
        mask, allowed = mask.with_(dense=table), allowed & table[1]
    elif kind == "holes":
        keep = (torch.rand(1, n) > 0.3) | (torch.arange(n) == n // 2)
        mask, allowed, padding = mask.with_(keys=keep), allowed & keep, (~keep[0]).nonzero().flatten().tolist()
    elif kind == "segments":
        numbers = (torch.arange(n) // max(1, n // 3))[None]
        mask, allowed = mask.with_(segments=(numbers, numbers)), allowed & (numbers[0][:, None] == numbers[0][None])[None]
    elif kind in ("bias", "key bias"):
        bias = torch.randn(heads if case["flag"] else 1, n if kind == "bias" else 1, n)
        mask = mask.with_(bias=bias[None])
    sinks = torch.randn(heads) * 2 if case["sinks"] else None
    special = {0, n // 2} - set(padding) if case["special"] else set()
    ids = torch.randint(0, case["ids"], (n,)).tolist()
    tokens = dense.tokens_of(ids, special, padding)
    softcap = 2.5 if kind == "softcap" else None
    cap = dense.capture_of(query, key, 0.37, mask, softcap, sinks, [dense.tokens_of(ids, special), tokens])
    return cap, tokens, query[1], key[1], allowed, case["causal"], bias, softcap, sinks, kind


def check(case, how):
    cap, tokens, query, key, allowed, causal, bias, softcap, sinks, kind = situation(case)
    layer = cap.summarize(batch=1, how=how, maximum=True, pool=13).layers[0]
    weights, sink, largest = dense.dense_weights(query, key, 0.37, allowed, bias, softcap, sinks)
    expected = dense.dense_numbers(weights, sink, allowed, tokens, causal, pool=13)
    limit = dense.bound(largest)
    for name, values in expected.items():
        if (name == "sink" and sinks is None) or (name == "induction" and not causal):
            continue
        found = layer.mass[name] if name in layer.mass else getattr(layer, name)
        if name == "seen":
            values = values[: found.shape[0]]
        if name == "received":  # compared as what it is used for: the mean over the rows that may see the key
            found, values = (t / expected["seen"].clamp_min(1) for t in (found, values))
        tolerance = limit * (len(tokens) if name == "distance" else 1)
        torch.testing.assert_close(
            found.double(), values.double(), atol=tolerance, rtol=0, equal_nan=True, msg=lambda m, n=name: f"{n} ({kind}): {m}"
        )


@SETTINGS
@given(cases(EASY + HARD))
def test_the_blocked_pass_is_exact_for_every_mask(case):
    check(case, "blocked")


@SETTINGS
@given(cases(EASY))
def test_the_fused_pass_is_exact_where_it_is_used(case):
    check(case, "fused")


@SETTINGS
@given(cases(EASY + HARD))
def test_the_way_chosen_is_exact(case):
    check(case, "auto")


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("how", ["fused", "blocked"])
def test_a_longer_text_in_many_blocks_stays_within_the_bound(causal, how):
    n, heads = 1531, 3
    query, key = torch.randn(1, heads, n, 32) * 2, torch.randn(1, 1, n, 32) * 2
    tokens = dense.tokens_of(torch.randint(0, 300, (n,)).tolist(), special=(0,))
    cap = dense.capture_of(query, key, 0.2, Mask(right=0 if causal else None), tokens=[tokens])
    layer = cap.summarize(how=how, maximum=True).layers[0]
    assert layer.how == how
    allowed = dense.band(n, n, right=0 if causal else None)[None]
    weights, sink, largest = dense.dense_weights(query[0], key[0], 0.2, allowed)
    for name, values in dense.dense_numbers(weights, sink, allowed, tokens, causal).items():
        if name == "sink" or (name == "induction" and not causal):
            continue
        found = layer.mass[name] if name in layer.mass else getattr(layer, name)
        scale = {"distance": n, "received": float(values.max())}.get(name, 1)
        values = values[: found.shape[0]]
        torch.testing.assert_close(
            found.double(), values, atol=dense.bound(largest) * scale, rtol=0, equal_nan=True, msg=lambda m, n=name: f"{n}: {m}"
        )
