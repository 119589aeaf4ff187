"""Small maps whose numbers can be worked out on paper."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest
import torch

from inspector.captures import AttentionCall, Capture
from inspector.masks import Mask
from inspector.scores import Given

_spec = importlib.util.spec_from_file_location("dense", Path(__file__).with_name("dense.py"))
dense = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(dense)

WAYS = ["fused", "blocked"]


def uniform(n: int, mask: Mask | None = None, **options) -> Capture:
    """A capture whose scores are all 0."""
    zero = torch.zeros(1, 1, n, 3)
    return dense.capture_of(zero, zero, mask=mask, **options)


@pytest.mark.parametrize("how", WAYS)
def test_uniform_attention_has_entropy_log_n(how):
    layer = uniform(7).summarize(how=how).layers[0]
    torch.testing.assert_close(layer.entropy, torch.full((1, 7), math.log(7)), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.lse, torch.full((1, 7), math.log(7)), atol=1e-6, rtol=0)


@pytest.mark.parametrize("how", WAYS)
def test_uniform_attention_over_seven_keys_is_two_tokens_away_from_the_second(how):
    layer = uniform(7).summarize(how=how).layers[0]
    expected = torch.tensor([21, 16, 13, 12, 13, 16, 21]) / 7  # Σ|i − j| / 7
    torch.testing.assert_close(layer.distance[0], expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("how", WAYS)
def test_uniform_causal_attention_looks_half_way_back(how):
    layer = uniform(5, Mask(right=0)).summarize(how=how).layers[0]
    torch.testing.assert_close(layer.distance[0], torch.tensor([0, 0.5, 1.0, 1.5, 2.0]), atol=1e-5, rtol=0)
    torch.testing.assert_close(layer.entropy[0], torch.tensor([1.0, 2, 3, 4, 5]).log(), atol=1e-6, rtol=0)
    assert layer.allowed.tolist() == [[1, 2, 3, 4, 5]]


@pytest.mark.parametrize("how", WAYS)
def test_keys_of_uniform_causal_attention_receive_harmonic_sums(how):
    layer = uniform(3, Mask(right=0)).summarize(how=how).layers[0]
    torch.testing.assert_close(layer.received[0], torch.tensor([1 + 1 / 2 + 1 / 3, 1 / 2 + 1 / 3, 1 / 3]), atol=1e-6, rtol=0)
    assert layer.seen.tolist() == [[3, 2, 1]]


@pytest.mark.parametrize("how", WAYS)
def test_neighbours_of_uniform_attention_get_an_even_share(how):
    layer = uniform(5).summarize(how=how).layers[0]
    assert layer.previous[0].isnan().tolist() == [True, False, False, False, False]
    assert layer.following[0].isnan().tolist() == [False, False, False, False, True]
    torch.testing.assert_close(layer.itself[0], torch.full((5,), 0.2), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.previous[0, 1:], torch.full((4,), 0.2), atol=1e-6, rtol=0)


@pytest.mark.parametrize("how", WAYS)
def test_a_repeated_token_is_found_by_its_id(how):
    tokens = dense.tokens_of([5, 8, 5, 9, 5])
    layer = uniform(5, Mask(right=0), tokens=tokens).summarize(how=how).layers[0]
    # row 2 sees one earlier 5 among 3 keys; row 4 sees two among 5
    expected = [math.nan, math.nan, 1 / 3, math.nan, 2 / 5]
    torch.testing.assert_close(layer.duplicate[0], torch.tensor(expected), atol=1e-6, rtol=0, equal_nan=True)
    # what followed: row 2 → key 1; row 4 → keys 1 and 3
    expected = [math.nan, math.nan, 1 / 3, math.nan, 2 / 5]
    torch.testing.assert_close(layer.induction[0], torch.tensor(expected), atol=1e-6, rtol=0, equal_nan=True)
    assert layer.partners["duplicate"].tolist() == [[0, 0, 1, 0, 2]]


@pytest.mark.parametrize("how", WAYS)
def test_a_token_repeated_at_once_is_no_induction(how):
    layer = uniform(3, Mask(right=0), tokens=dense.tokens_of([4, 4, 6])).summarize(how=how).layers[0]
    assert layer.induction.isnan().all()
    assert layer.duplicate[0].isnan().tolist() == [True, False, True]


@pytest.mark.parametrize("how", WAYS)
def test_mass_is_told_apart_by_special_tokens_texts_and_spans(how):
    tokens = dense.tokens_of([1, 7, 8, 2, 9, 9, 2], special=(0, 3, 6), segments=(-1, 0, 0, -1, 1, 1, -1))
    layer = uniform(7, tokens=tokens).summarize(how=how, spans={"middle": slice(2, 4), "ends": [0, -1]}).layers[0]
    for name, count in {"special": 3, "first": 1, "text A": 2, "text B": 2, "middle": 2, "ends": 2}.items():
        torch.testing.assert_close(layer.mass[name][0], torch.full((7,), count / 7), atol=1e-6, rtol=0)


@pytest.mark.parametrize("how", WAYS)
def test_a_learned_sink_as_strong_as_a_key_takes_an_even_share(how):
    layer = uniform(4, sinks=torch.zeros(1)).summarize(how=how).layers[0]
    torch.testing.assert_close(layer.mass["sink"][0], torch.full((4,), 0.2), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.entropy[0], torch.full((4,), math.log(5)), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.rest[0], torch.full((4,), 0.4), atol=1e-6, rtol=0)  # the first key and the sink


@pytest.mark.parametrize("how", WAYS)
def test_the_pooled_map_of_uniform_attention_is_even_and_leaves_special_tokens_out(how):
    tokens = dense.tokens_of(list(range(9)), special=(0, 8))
    layer = uniform(9, tokens=tokens).summarize(how=how, pool=3).layers[0]
    torch.testing.assert_close(layer.pooled[0], torch.full((3, 3), 1 / 9), atol=1e-6, rtol=0)
    assert layer.pooled_keys.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_the_pooled_map_leaves_out_what_is_named():
    layer = uniform(6, Mask(right=0)).summarize(pool=64, without=[0]).layers[0]
    assert layer.pooled.shape == (1, 5, 5)
    assert layer.pooled[0, 0, 0].item() == pytest.approx(1 / 2)


def test_no_pooled_map_is_made_when_none_is_asked_for():
    assert uniform(5).summarize(pool=0).layers[0].pooled is None


def test_weights_a_model_gave_are_summarised_as_they_are():
    table = torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0], [0.25, 0.25, 0.5]])[None, None]
    cap = Capture(calls=[AttentionCall("layer", Given(table))])
    layer = cap.summarize().layers[0]
    assert layer.how == "given"
    assert layer.causal
    assert layer.allowed.tolist() == [[1, 2, 3]]
    torch.testing.assert_close(layer.entropy[0], torch.tensor([0, math.log(2), 1.5 * math.log(2)]), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.received[0], torch.tensor([1.75, 0.75, 0.5]), atol=1e-6, rtol=0)


@pytest.mark.parametrize("how", WAYS)
def test_cross_attention_has_no_neighbours_and_no_distance(how):
    cap = dense.capture_of(torch.randn(1, 2, 5, 3), torch.randn(1, 2, 7, 3), kind="cross")
    layer = cap.summarize(how=how).layers[0]
    for name in ("distance", "previous", "following", "itself", "local", "duplicate", "induction"):
        assert getattr(layer, name).isnan().all(), name
    assert layer.received.shape == (2, 7)
    torch.testing.assert_close(layer.received.sum(-1), torch.tensor([5.0, 5.0]))
    assert not layer.entropy.isnan().any()
