"""fit_additive on the bundled model: near the head on texts it has not seen, seeded, honest about what it stands beside."""

from __future__ import annotations

import pytest
import torch

from inspector import AttentionCall, Capture
from inspector.analyses import fit_additive, fit_shown
from inspector.analyses.additive_fit import Texts, default_texts, fitting
from inspector.analyses.additive_fit.training import Recipe
from inspector.errors import CaptureError, OutOfRange
from inspector.scores import Given, Scores


@pytest.fixture(scope="module")
def texts(bundled) -> Texts:
    return default_texts(bundled.tokenizer, tokens=40, train=12, held_out=6, other=3)


@pytest.fixture(scope="module")
def small(bundled, texts):
    """A fit of sixteen units to the head that looks at the same word elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fitting, "RANK", Recipe(60, 1e-2))
        return fit_additive(bundled, 2, 9, 16, texts=texts, steps=80)


def test_with_units_for_every_direction_the_fit_is_the_head(bundled, texts):
    fit = fit_additive(bundled, 2, 9, texts=texts, steps=20, baselines=False)
    assert fit.hidden == 66
    assert fit.held_out.kl <= 0.0014
    assert fit.held_out.top1 >= 0.98
    assert fit.held_out.content_kl <= 0.0019
    assert fit.other.kl <= 0.01
    assert fit.explained > 0.99
    assert fit.missed == []


def test_training_brings_a_small_fit_nearer(small):
    assert small.held_out.kl < 0.7 * small.start.kl
    assert small.held_out.kl < small.baselines["uniform"].kl
    assert len(small.losses) == small.steps == 80
    assert small.train.texts == 12
    assert small.held_out.texts == 6


def test_a_training_that_leads_away_is_dropped(bundled, texts):
    few = Texts(texts.train[:3], texts.held_out[:1])
    fit = fit_additive(bundled, 2, 9, texts=few, steps=3, learning_rate=0.1, baselines=False)
    assert fit.steps == 0
    assert fit.held_out == fit.start


def test_the_baselines_that_are_owed_are_there(small):
    assert list(small.baselines) == ["uniform", "position only", "dot product, rank 16"]
    assert small.explained == pytest.approx(1 - small.held_out.kl / small.baselines["position only"].kl)


def test_what_a_small_fit_misses_is_listed(small):
    ranks, shares = zip(*small.missed, strict=True)
    assert ranks == tuple(range(7, 32))
    assert list(shares) == sorted(shares, reverse=True)
    assert 0 < sum(shares) < 1


def test_it_prints_what_it_is(small):
    said = str(small)
    assert said.startswith("Additive attention with 16 units in place of layer 2 head 9, on held-out texts:")
    for part in ("before training", "position only", "dot product, rank 16", "explained beyond position", "seed 0", "pydoc"):
        assert part in said


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(bundled, texts):
    few = Texts(texts.train[:4], texts.held_out[:2])
    one, again, other = (fit_additive(bundled, 2, 9, 8, texts=few, steps=12, baselines=False, seed=seed) for seed in (1, 1, 2))
    assert one.losses == again.losses
    assert torch.equal(one.attention.v, again.attention.v)
    assert one.losses != other.losses


def test_the_article_formula_without_bias_can_be_fitted_too(bundled, texts):
    fit = fit_additive(bundled, 2, 9, 8, texts=Texts(texts.train[:4], texts.held_out[:2]), steps=40, bias=False, baselines=False)
    assert fit.attention.W_q.bias is None
    assert fit.held_out.kl < fit.start.kl


def test_progress_is_told_each_step_of_both_trainings(bundled, texts, monkeypatch, capsys):
    monkeypatch.setattr(fitting, "RANK", Recipe(3, 1e-2))
    seen, few = [], Texts(texts.train[:3], texts.held_out[:1])
    fit_additive(bundled, 0, 2, 4, texts=few, steps=5, progress=lambda step, total, loss: seen.append((step, total, loss)))
    assert [step for step, _, _ in seen] == list(range(1, 9))
    assert {total for _, total, _ in seen} == {8}
    assert all(loss >= 0 for _, _, loss in seen)
    fit_additive(bundled, 0, 2, 4, texts=few, steps=5, baselines=False, progress=True)
    assert "Fitting additive attention" in capsys.readouterr().err


def test_captures_can_be_given_instead_of_texts(bundled, texts):
    captures = [bundled(text) for text in texts.train[:4]]
    fit = fit_additive(captures, 2, 9, steps=0, baselines=False)
    assert (fit.train.texts, fit.held_out.texts) == (3, 1)
    assert fit.held_out.kl < 0.01


def test_its_weights_can_be_drawn_in_place_of_the_heads(bundled, sentence_capture):
    (fit,) = fit_shown(sentence_capture, 2, 9, [66])
    found, head = fit.weights(sentence_capture), sentence_capture.call(2).weights(batch=0, heads=9)[0, 0]
    assert found.shape == head.shape
    torch.testing.assert_close(found.sum(-1), torch.ones(len(found)))
    content = torch.tensor(sentence_capture.query_tokens(sentence_capture.call(2)).content)
    assert (found - head)[content].abs().max() < 0.02


def test_shown_fits_get_nearer_with_more_units(sentence_capture):
    fits = fit_shown(sentence_capture, 2, 9, seconds=600.0)
    assert [fit.hidden for fit in fits] == [2, 8, 66]
    assert fits[0].held_out.kl > fits[1].held_out.kl > fits[2].held_out.kl
    assert fits[2].held_out.kl < 1e-3
    assert fits[2].steps == 0
    assert all(fit.seen and "on the texts it was fitted to" in str(fit) for fit in fits)


def test_padding_in_a_batch_changes_nothing(bundled):
    short, long = "The cat sat on the mat.", "A dog ran after the cat, and the cat ran after the mouse in the house."
    alone, padded = fit_shown(bundled(short), 2, 9, [4]), fit_shown(bundled([short, long]), 2, 9, [4])
    assert alone[0].start.kl == pytest.approx(padded[0].start.kl, rel=1e-3)
    assert alone[0].held_out.rows == padded[0].held_out.rows


def test_special_rows_are_not_scored_and_special_keys_are(sentence_capture):
    (fit,) = fit_shown(sentence_capture, 2, 9, [66])
    assert fit.held_out.rows == sum(sentence_capture.query_tokens(sentence_capture.call(2)).content)


def test_no_document_is_on_two_sides_and_texts_fit_their_length(bundled):
    texts = default_texts(bundled.tokenizer, tokens=64, train=30, held_out=9, other=5)
    assert (len(texts.train), len(texts.held_out), len(texts.other)) == (30, 9, 5)
    assert all(
        len(bundled.tokenizer(text)["input_ids"]) <= 64 for side in (texts.train, texts.held_out, texts.other) for text in side
    )
    train, held_out = (
        {tuple(words[i : i + 12]) for text in side for words in [text.split()] for i in range(len(words) - 11)}
        for side in (texts.train, texts.held_out)
    )
    assert len(held_out) > 200
    assert len(train & held_out) <= 0.02 * len(held_out), "no twelve words in a row are on both sides, but for stock phrases"


@pytest.mark.parametrize(
    ("attempt", "error", "message"),
    [
        (lambda i, t: fit_additive(i, 2, 9, texts=["One."]), CaptureError, r"A fit on 1 texts .* takes two\. Give more texts"),
        (lambda i, t: fit_additive(i, 2, 9, 0, texts=t), CaptureError, r"0 hidden units .* Give 1 or more"),
        (lambda i, t: fit_additive(i, 6, 0, texts=t), OutOfRange, r"Layer 6"),
        (lambda i, t: fit_additive(i, 2, 12, texts=t), OutOfRange, r"Head 12"),
        (
            lambda i, t: fit_additive([i("A cat sat.")] * 2, 2, 9, texts=["a b", "c d"]),
            CaptureError,
            r"captures and to texts .* Give",
        ),
        (
            lambda i, t: fit_shown(Capture([AttentionCall("x", Given(torch.rand(1, 1, 5, 7)))]), 0, 0),
            CaptureError,
            r"q·k does not explain them",
        ),
        (
            lambda i, t: fit_shown(
                Capture([AttentionCall("x", Scores(torch.randn(1, 1, 5, 3), torch.randn(1, 1, 1, 3), 1.0))]), 0, 0
            ),
            CaptureError,
            r"Layer 0 head 0 was to be fitted\. None of its rows has two keys",
        ),
    ],
    ids=["one text", "no units", "no layer", "no head", "captures and texts", "weights only", "one key"],
)
def test_what_cannot_be_fitted_is_refused_in_three_sentences(bundled, texts, attempt, error, message):
    with pytest.raises(error, match=message):
        attempt(bundled, texts)


@pytest.mark.parametrize("text", ["Hi", "the the the the the", "a b"])
def test_a_text_of_hardly_a_word_is_fitted_too(bundled, text):
    fits = fit_shown(bundled(text), 2, 9)
    assert fits[-1].held_out.kl < 1e-3
    assert all(fit.attention.v.isfinite().all() and fit.held_out.kl >= 0 for fit in fits)
    assert fits[1].held_out.kl <= fits[1].start.kl + 1e-6
