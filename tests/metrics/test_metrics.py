"""Metrics: hand-computed values, the bundled model's known heads, and what a reader is told about each."""

from __future__ import annotations

import math

import pytest
import torch

from inspector import Inspector, list_metrics, measure
from inspector.captures import AttentionCall, Capture
from inspector.errors import InputError, InspectorError, OutOfRange, RegistryError, ShapeError
from inspector.masks import Mask
from inspector.metrics import METRICS, head_distance
from inspector.metrics.concentration import gini
from inspector.scores import Given, Scores
from inspector.tokens import Tokens


def given(table, ids=(), special=(), padding=()) -> Capture:
    """A capture of one head whose weights are written down."""
    weights = torch.tensor(table)[None, None]
    n = weights.shape[-1]
    names = tuple(str(i) for i in range(n))
    flags, pads = (tuple(i in where for i in range(n)) for where in (special, padding))
    tokens = Tokens(names, names, tuple(ids) or (-1,) * n, flags, (False,) * n, (0,) * n, pads)
    return Capture(calls=[AttentionCall("layer", Given(weights))], sequences={"input": (tokens,)})


BACK = [[1.0, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]


def value(cap, name, **options) -> float:
    return measure(cap, name, **options).values.item()


def test_a_head_that_looks_one_back_scores_one_on_previous_token_and_on_distance():
    cap = given(BACK)
    assert value(cap, "previous_token") == pytest.approx(1.0)
    assert value(cap, "distance") == pytest.approx(1.0)
    assert value(cap, "entropy") == 0.0
    assert value(cap, "confidence") == 1.0
    assert value(cap, "locality") == 1.0
    assert value(cap, "self_token") == 0.0


def test_a_row_with_a_single_key_is_left_out_of_every_mean():
    cap = given([[1.0, 0, 0], [0.5, 0.5, 0], [0.5, 0.25, 0.25]])
    assert value(cap, "rest") == pytest.approx(0.5)  # without the first row, which had no choice
    assert measure(cap, "rest").num_rows == 2


def test_special_tokens_are_where_attention_rests_and_are_no_rows():
    cap = given([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.25, 0.25, 0.5]], special=(0, 2))
    assert value(cap, "rest") == pytest.approx(0.7)
    assert value(cap, "rest", rows="all") == pytest.approx((0.8 + 0.7 + 0.75) / 3)


def test_a_repeated_word_is_counted_over_the_rows_that_have_one():
    cap = given([[0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.6, 0.1, 0.3]], ids=(5, 7, 5))
    assert value(cap, "duplicate_token") == pytest.approx((0.5 + 0.6) / 2)
    assert math.isnan(value(cap, "induction"))  # this head sees later tokens


def test_induction_is_what_followed_the_token_before():
    rows = [[1.0, 0, 0, 0], [0.5, 0.5, 0, 0], [0.2, 0.7, 0.1, 0], [0.1, 0.3, 0.2, 0.4]]
    cap = given(rows, ids=(5, 7, 5, 7))
    assert value(cap, "induction") == pytest.approx((0.7 + 0.2) / 2)


def test_one_key_that_receives_everything_has_the_largest_gini():
    assert value(given([[1.0, 0, 0], [1, 0, 0], [1, 0, 0]]), "concentration") == pytest.approx(2 / 3)
    assert value(given([[1 / 3] * 3] * 3), "concentration") == pytest.approx(0.0, abs=1e-6)


def test_gini_equals_the_mean_difference_of_all_pairs():
    values = torch.rand(23, dtype=torch.float64)
    pairs = (values[:, None] - values[None]).abs().mean() / (2 * values.mean())
    assert gini(values).item() == pytest.approx(pairs.item(), rel=1e-6)


def test_early_keys_of_uniform_causal_attention_do_not_win_by_standing_early():
    zero = torch.zeros(1, 1, 200, 4)
    cap = Capture(calls=[AttentionCall("layer", Scores(zero, zero, 1.0, Mask(right=0)))])
    received = cap.summarize().layers[0]
    assert received.seen[0, 0] == 200
    mean = [sum(1 / (i + 1) for i in range(j, 200)) / (200 - j) for j in range(200)]  # of the rows that may see the key
    pairs = sum(abs(a - b) for a in mean for b in mean) / (2 * 200 * sum(mean))
    assert value(cap, "concentration") == pytest.approx(pairs, abs=1e-5)


def test_without_special_tokens_attention_rests_on_the_first_token_that_is_no_padding():
    table = [[1.0, 0, 0, 0], [0.7, 0.3, 0, 0], [0.1, 0.2, 0.7, 0], [0.1, 0.3, 0.4, 0.2]]
    assert value(given(table, ids=(9, 8, 7, 6)), "rest") == pytest.approx((0.7 + 0.1 + 0.1) / 3)
    padded = given(table, ids=(0, 8, 7, 6), padding=(0,))
    assert value(padded, "rest") == pytest.approx((0.2 + 0.3) / 2)  # the row that sees one key has no choice


def test_padding_on_the_left_changes_no_number():
    from transformers import GPT2Config, GPT2Model

    torch.manual_seed(0)
    model = GPT2Model(GPT2Config(n_layer=2, n_head=3, n_embd=24, vocab_size=19, n_positions=64)).eval()
    ids = torch.randint(1, 19, (1, 23))
    ids[0, 14:20] = ids[0, 3:9]
    pads = torch.zeros(1, 4, dtype=torch.long)
    mask = torch.cat([pads, torch.ones_like(ids)], 1)
    alone = Inspector(model)({"input_ids": ids})
    padded = Inspector(model)(
        {"input_ids": torch.cat([pads, ids], 1), "attention_mask": mask, "position_ids": (mask.cumsum(-1) - 1).clamp_min(0)}
    )
    for name in list_metrics():
        torch.testing.assert_close(
            measure(padded, name).values, measure(alone, name).values, atol=2e-5, rtol=0, equal_nan=True, msg=name
        )


def test_the_bundled_models_known_heads_are_found(sentence_capture):
    assert measure(sentence_capture, "previous_token").top(1)[0][:2] == (0, 2)
    assert measure(sentence_capture, "previous_token").values[0, 2] > 0.99
    assert (2, 9) in [head[:2] for head in measure(sentence_capture, "duplicate_token").top(3)]


def test_metrics_equal_means_over_the_models_own_weights(sentence_capture):
    call, tokens = sentence_capture.call(3), sentence_capture.sequences["input"][0]
    weights = call.weights(0, dtype=torch.float64)[0][:, torch.tensor(tokens.content)]
    special = torch.tensor(tokens.special)
    for name, exact in {
        "entropy": torch.special.entr(weights).sum(-1),
        "confidence": weights.amax(-1),
        "rest": weights[..., special].sum(-1),
    }.items():
        found = measure(sentence_capture, name).values[3].double()
        torch.testing.assert_close(found, exact.mean(-1), atol=1e-5, rtol=0)


def test_padding_changes_no_number(bundled):
    short = "The cat sat on the mat."
    alone, padded = bundled(short), bundled([short, "A much longer sentence that makes the first one wait for it at the end."])
    for name in list_metrics():
        one, two = measure(alone, name), measure(padded, name, batch=0)
        assert one.num_rows == two.num_rows
        torch.testing.assert_close(one.values, two.values, atol=2e-5, rtol=0, equal_nan=True)


def test_a_decoder_has_induction_and_nothing_ahead():
    from transformers import GPT2Config, GPT2Model

    torch.manual_seed(0)
    model = GPT2Model(GPT2Config(n_layer=2, n_head=3, n_embd=24, vocab_size=19, n_positions=64)).eval()
    cap = Inspector(model)({"input_ids": torch.randint(0, 19, (1, 41))})
    assert measure(cap, "next_token").values.isnan().all()
    assert not measure(cap, "induction").values.isnan().any()
    assert measure(cap, "rest").num_rows == 40


def test_every_metric_lies_in_its_range_and_says_what_it_is(sentence_capture):
    for name, metric in METRICS.items():
        found = measure(sentence_capture, name)
        values = found.values[~found.values.isnan()]
        assert bool((values >= metric.low).all()), name
        assert metric.high is None or bool((values <= metric.high + 1e-6).all()), name
        assert metric.title, name
        assert metric.text.endswith("."), name
        assert metric.source, name
        assert found.values.shape == (6, 12)
        assert (found.unit, found.title) == (metric.unit, metric.title)


def test_the_list_starts_with_what_the_views_show_first():
    assert [METRICS[name].title for name in list_metrics()[:6]] == [
        "On special tokens", "Previous token", "Same word elsewhere", "What followed it before", "Sharpness", "Distance",
    ]  # fmt: skip


def test_one_summary_serves_all_metrics(sentence_capture):
    before = sentence_capture.summarize().layers
    for name in list_metrics():
        measure(sentence_capture, name, rows="all")
    assert all(
        a.entropy.data_ptr() == b.entropy.data_ptr() for a, b in zip(before, sentence_capture.summarize().layers, strict=True)
    )


def test_heads_a_layer_lacks_are_nan():
    calls = [
        AttentionCall(f"layer.{i}", Scores(torch.randn(1, h, 7, 3), torch.randn(1, h, 7, 3), 1.0), layer_index=i)
        for i, h in enumerate((2, 3))
    ]
    found = measure(Capture(calls=calls), "entropy").values
    assert found.isnan().tolist() == [[False, False, True], [False, False, False]]


def test_groups_are_measured_one_at_a_time():
    calls = [
        AttentionCall(t, Scores(torch.randn(1, 2, q, 3), torch.randn(1, 2, k, 3), 1.0), kind=kind, tower=t, axes=axes)
        for t, kind, q, k, axes in (
            ("encoder", "self", 7, 7, ("input", "input")),
            ("decoder", "cross", 5, 7, ("target", "input")),
        )
    ]
    cap = Capture(calls=calls)
    assert (measure(cap, "entropy").tower, measure(cap, "entropy").kind) == ("encoder", "self")
    cross = measure(cap, "distance", tower="decoder", kind="cross")
    assert (cross.tower, cross.kind) == ("decoder", "cross")
    assert cross.values.isnan().all()
    assert not measure(cap, "entropy", kind="cross").values.isnan().any()


def test_an_unknown_metric_is_told_its_neighbour(sentence_capture):
    with pytest.raises(RegistryError, match="Did you mean 'entropy'"):
        measure(sentence_capture, "entropi")


@pytest.mark.parametrize(
    ("options", "error"), [({"batch": 1}, OutOfRange), ({"tower": "decoder"}, OutOfRange), ({"rows": "odd"}, InputError)]
)
def test_what_does_not_exist_is_refused(sentence_capture, options, error):
    with pytest.raises(error):
        measure(sentence_capture, "entropy", **options)


def test_a_head_is_at_no_distance_from_itself_and_disjoint_heads_are_log_two_apart(sentence_capture):
    assert head_distance(sentence_capture, sentence_capture).values.abs().max() < 1e-6
    one, two = given([[1.0, 0], [1, 0]]), given([[0.0, 1], [0, 1]])
    assert head_distance(one, two).values.item() == pytest.approx(math.log(2))


def test_head_distance_is_the_jensen_shannon_divergence_of_the_rows():
    a, b = torch.softmax(torch.randn(5, 5), -1), torch.softmax(torch.randn(5, 5), -1)
    m = (a + b) / 2
    expected = ((a * (a / m).log()).sum(-1) + (b * (b / m).log()).sum(-1)).mean() / 2
    assert head_distance(given(a.tolist()), given(b.tolist())).values.item() == pytest.approx(expected.item(), abs=1e-6)


def test_heads_of_captures_that_do_not_match_are_not_compared(sentence_capture):
    with pytest.raises(ShapeError, match="captures"):
        head_distance(sentence_capture, given(BACK))


def test_scores_that_are_not_finite_are_named():
    query = torch.randn(1, 2, 5, 3)
    query[0, 1, 2, 0] = float("nan")
    cap = Capture(calls=[AttentionCall("layer.7", Scores(query, torch.randn(1, 2, 5, 3), 1.0))])
    with pytest.raises(InspectorError, match=r"layer\.7.*1 numbers that are not finite"):
        measure(cap, "entropy")


def test_several_measures_are_a_dictionary_of_what_each_gives_alone(sentence_capture):
    several = measure(sentence_capture, ["entropy", "rest"])
    assert list(several) == ["entropy", "rest"]
    for name, scores in several.items():
        assert torch.equal(scores.values, measure(sentence_capture, name).values)
    with pytest.raises(RegistryError):
        measure(sentence_capture, ["entropy", "entropi"])
    with pytest.raises(InputError, match="is no name"):
        measure(sentence_capture, [])


def test_all_texts_of_a_batch_are_measured_by_the_mean_of_each_alone(bundled):
    texts = ["The cat sat.", "A much longer sentence that makes the first one wait for it, wait for it.", "One two one two one."]
    together = bundled(texts)
    for name in list_metrics():
        alone = [measure(bundled(text), name) for text in texts]
        found = measure(together, name, batch=None)
        expected = torch.stack([scores.values for scores in alone]).nanmean(0)
        torch.testing.assert_close(found.values, expected, atol=2e-5, rtol=0, equal_nan=True)
        assert found.num_rows == sum(scores.num_rows for scores in alone)
    assert torch.equal(measure(together, "rest", batch=-1).values, measure(together, "rest", batch=2).values)


def test_layers_that_fold_their_items_differently_are_measured_where_they_have_one():
    calls = [
        AttentionCall(f"layer.{i}", Scores(torch.randn(b, 2, 7, 3), torch.randn(b, 2, 7, 3), 1.0), layer_index=i)
        for i, b in enumerate((2, 4))
    ]
    cap = Capture(calls=calls)
    found = measure(cap, "entropy", batch=None).values
    for at, call in enumerate(calls):
        alone = Capture(calls=[call])
        each = [measure(alone, "entropy", batch=item).values[0] for item in range(call.shape[0])]
        torch.testing.assert_close(found[at], torch.stack(each).mean(0))


def test_scores_are_an_array_to_whoever_takes_one(sentence_capture):
    import numpy as np
    import pandas as pd

    scores = measure(sentence_capture, "previous_token")
    assert (scores.shape, len(scores)) == ((6, 12), 6)
    assert scores[0, 2] == scores.values[0, 2].item()
    assert isinstance(scores[0, 2], float)
    assert torch.equal(scores[1:3], scores.values[1:3])
    array = np.asarray(scores)
    assert array.dtype == np.float32
    assert np.array_equal(array, scores.values.numpy(), equal_nan=True)
    assert np.asarray(scores, dtype=np.float64).dtype == np.float64
    assert np.array(scores) is not scores.values.numpy()
    assert np.ma.masked_invalid(np.array(scores, subok=True)).shape == (6, 12)  # what matplotlib's imshow does with its argument
    frame = pd.DataFrame(scores)
    assert frame.shape == (6, 12)
    assert frame[2][0] == pytest.approx(scores[0, 2])
    assert [row.tolist() for row in scores] == scores.values.tolist()
    for wrong in ((6, 0), (0, 12), "x", 1.5):
        with pytest.raises(OutOfRange, match="6 layers × 12 heads"):
            scores[wrong]


def test_printed_scores_show_their_numbers_and_the_layers_they_are_of(bundled):
    cap = bundled("The cat sat on the mat.", layers=[2, 5])
    scores = measure(cap, "entropy")
    lines = repr(scores).splitlines()
    assert "2 layers × 12 heads" in lines[0]
    assert [line.split()[1] for line in lines[1:]] == ["2", "5"]
    assert f"{scores[1, 0]:.3f}" in lines[2]
    assert {layer for layer, _, _ in scores.top(24)} == {2, 5}
    layer, head, value = scores.top(1)[0]
    assert value == scores[[2, 5].index(layer), head]
    assert cap.call(layer).layer_index == layer


def test_heads_on_different_texts_are_not_compared_unless_that_is_meant(bundled):
    one, two = bundled("The cat sat on the mat."), bundled("The dog sat on the mat.")
    assert one.calls[0].shape == two.calls[0].shape
    with pytest.raises(InputError, match="1 of their 9 tokens differ, the first at 2: 'cat' and 'dog'"):
        head_distance(one, two)
    assert head_distance(one, two, check_tokens=False).values.max() > 0
    again = Inspector(bundled.model)(bundled.encode("The cat sat on the mat."))  # read without a tokenizer: by ids
    assert head_distance(one, again).values.max() < 1e-6
    with pytest.raises(OutOfRange, match="There are 1"):
        head_distance(one, one, batch=1)
    with pytest.raises(InputError, match="'odd' was given as rows"):
        head_distance(one, one, rows="odd")
