"""Charts hold the numbers they are made of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from inspector import Inspector, charts, list_metrics, measure
from inspector.errors import ShapeError


def test_a_grid_has_a_cell_for_every_head_and_a_title_with_the_unit(sentence_capture):
    for name in list_metrics():
        scores = measure(sentence_capture, name)
        figure = charts.grid(scores)
        np.testing.assert_allclose(np.array(figure.data[0].z, dtype=float), scores.values.numpy())
        assert scores.title in figure.layout.title.text


def test_a_scatter_puts_every_head_where_its_two_measures_are(sentence_capture):
    entropy, rest = measure(sentence_capture, "entropy"), measure(sentence_capture, "rest")
    points = charts.scatter(rest, entropy).data[0]
    assert points.text[3 * 12 + 1] == "layer 3, head 1"
    assert points.x[3 * 12 + 1] == pytest.approx(float(rest.values[3, 1]))
    assert points.y[3 * 12 + 1] == pytest.approx(float(entropy.values[3, 1]))


def test_different_heads_are_not_drawn_against_each_other(sentence_capture):
    from transformers import GPT2Config, GPT2Model

    torch.manual_seed(0)
    model = GPT2Model(GPT2Config(n_embd=12, n_head=3, n_layer=2, vocab_size=31)).eval()
    other = Inspector(model)({"input_ids": torch.arange(7)[None]})
    with pytest.raises(ShapeError, match=r"\[6, 12\] and \[2, 3\]"):
        charts.scatter(measure(sentence_capture, "entropy"), measure(other, "entropy"))
