"""A fit begins as the head itself: two tanh units a direction, one for the mean query, and nothing left to luck."""

from __future__ import annotations

import math

import pytest
import torch

from inspector import AttentionCall, Capture
from inspector.analyses.additive_fit.baselines import low_rank, position_only, uniform
from inspector.analyses.additive_fit.directions import directions_of, start_from
from inspector.analyses.additive_fit.fitting import _log_weights
from inspector.analyses.additive_fit.result import weights_of
from inspector.analyses.additive_fit.rows import HeadRows, gather
from inspector.analyses.additive_fit.scoring import from_scores, kl_rows, score
from inspector.analyses.additive_fit.training import Recipe
from inspector.masks import Mask
from inspector.scores import Scores


def rows_of(width: int = 5, queries: int = 41, keys: int = 43, texts: int = 3, **options) -> HeadRows:
    generator = torch.Generator().manual_seed(7)
    mix = torch.randn(width, width, generator=generator)
    query = torch.randn(texts, 2, queries, width, generator=generator) @ mix + 0.5
    key = torch.randn(texts, 2, keys, width, generator=generator) @ mix - 0.3
    return gather([Capture([AttentionCall("layer", Scores(query, key, width**-0.5, **options))])], (0, 1, None, None))


def test_the_directions_add_up_to_the_score():
    rows = rows_of()
    found = directions_of(rows)
    x = (rows.query.double() - found.mean_query) @ found.of_query.T
    y = (rows.key.double() - found.mean_key) @ found.of_key.T
    ours = (x * found.strength) @ y.transpose(1, 2) + ((rows.key.double() - found.mean_key) @ found.tilt)[:, None]
    exact = rows.scale * rows.query.double() @ (rows.key.double() - found.mean_key).transpose(1, 2)
    torch.testing.assert_close(ours, exact, rtol=1e-9, atol=1e-9)


def test_directions_have_spread_one_and_the_strongest_come_first():
    rows = rows_of()
    found = directions_of(rows)
    x = (rows.query.double() - found.mean_query)[rows.counts] @ found.of_query.T
    torch.testing.assert_close(x.T @ x / len(x), torch.eye(5, dtype=torch.float64), rtol=1e-6, atol=1e-6)
    assert found.strength.tolist() == sorted(found.strength.tolist(), reverse=True)


def test_twice_the_width_and_one_unit_are_the_head_before_any_training():
    rows = rows_of()
    whole = start_from(directions_of(rows), 2 * 5 + 1)
    assert score(_log_weights(whole), rows).kl < 1e-4
    assert score(_log_weights(whole), rows).top1 > 0.99


def test_fewer_units_keep_the_strongest_directions():
    rows = rows_of()
    found = directions_of(rows)
    kls = [score(_log_weights(start_from(found, hidden)), rows).kl for hidden in (1, 3, 5, 7, 9, 11)]
    assert kls[-1] < 1e-4 < kls[0]
    assert kls[0] > kls[2] > kls[4] > kls[5]


def test_spare_units_change_nothing():
    rows = rows_of()
    found = directions_of(rows)
    eleven, twenty = (score(_log_weights(start_from(found, hidden)), rows).kl for hidden in (11, 20))
    assert eleven == pytest.approx(twenty, abs=1e-6)


def test_fewer_rows_than_the_width_still_begin_as_the_head():
    rows = rows_of(width=13, queries=7, keys=11, texts=1)
    assert score(_log_weights(start_from(directions_of(rows), 27)), rows).kl < 1e-4


@pytest.mark.parametrize(
    "options",
    [
        {"mask": Mask(right=0)},
        {"mask": Mask(bias=torch.linspace(-2, 2, 41 * 43).reshape(1, 1, 41, 43))},
        {"sinks": torch.tensor([0.3, 2.5])},
    ],
    ids=["causal", "bias", "sink"],
)
def test_masks_biases_and_sinks_are_on_both_sides(options):
    rows = rows_of(**options)
    assert score(_log_weights(start_from(directions_of(rows), 12)), rows).kl < 1e-4


def test_kl_by_hand():
    target, other = torch.tensor([[[0.5, 0.5, 0.0]]]), torch.tensor([[[0.25, 0.5, 0.25]]])
    assert kl_rows(target, other.log()).item() == pytest.approx(0.5 * math.log(2), abs=1e-6)
    assert kl_rows(target, target.log()).item() == pytest.approx(0, abs=1e-7)


def test_what_a_sink_takes_stays_with_the_head():
    rows, plain = rows_of(sinks=torch.tensor([0.3, 2.5])), rows_of()
    torch.testing.assert_close(rows.target, plain.target)
    torch.testing.assert_close(plain.mass, torch.ones_like(plain.mass))
    assert rows.mass.min() < 0.9
    drawn = weights_of(start_from(directions_of(rows), 12), rows)
    torch.testing.assert_close(drawn.sum(-1), rows.mass)


def test_the_uniform_baseline_is_log_n_minus_entropy():
    rows = rows_of(mask=Mask(right=0))
    entropy = -torch.xlogy(rows.target, rows.target).sum(-1)
    expected = (rows.allowed.sum(-1).log() - entropy)[rows.counts].mean()
    assert score(uniform, rows).kl == pytest.approx(float(expected), abs=1e-4)


def test_a_positional_head_is_explained_by_position():
    # keys one-hot in position, queries the one before: the weights depend on positions only
    eye = 5 * torch.eye(17)[None, None].repeat(4, 1, 1, 1)
    cap = Capture([AttentionCall("layer", Scores(eye.roll(1, -1), eye, 1.0))])
    rows = gather([cap], (0, 0, None, None))
    assert score(uniform, rows).kl > 2
    assert score(position_only(rows[:3]), rows[3:]).kl < 0.01
    assert score(position_only(rows[:1]), rows[3:]).kl < 0.2, "one text says it by offsets"


def test_position_knows_nothing_of_content():
    rows = rows_of(texts=5)
    assert score(position_only(rows[:4]), rows[4:]).kl > 0.5 * score(uniform, rows[4:]).kl


def test_a_dot_product_of_the_heads_own_width_learns_the_head():
    rows = rows_of()
    model = low_rank(rows, 11, Recipe(80, 1e-1))
    assert model.rank == 5
    assert score(model.log_weights, rows).kl < 0.2 * score(uniform, rows).kl


def test_rows_without_a_choice_and_masked_keys_do_not_count():
    rows = rows_of(mask=Mask(right=0), queries=7, keys=7)
    assert rows.counts[:, 0].any().item() is False
    assert rows.counts[:, 1:].all()
    weights = from_scores(torch.randn_like(rows.target), rows).exp()
    assert weights[~rows.allowed].abs().max() == 0
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights.sum(-1)))
