"""An implementation by other hands: Keras 3 on its torch backend."""

from __future__ import annotations

import os
import warnings

import numpy as np
import pytest
import torch

from reference import additive_attention, causal_mask, concat_attention, dot_product_attention

os.environ["KERAS_BACKEND"] = "torch"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    keras = pytest.importorskip("keras")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras", "ignore::FutureWarning:keras")
WIDTH = 11


@pytest.fixture
def inputs():
    """Query, key, value in float32, and which keys are real."""
    query, key, value = (torch.randn(2, n, WIDTH) for n in (5, 7, 7))
    return query, key, value, torch.arange(7) < torch.tensor([[7], [4]])


def run(layer, inputs, **options):
    """The layer's context and weights; Keras takes query, value, key."""
    query, key, value, real = inputs
    context, weights = layer([query, value, key], mask=[None, real], return_attention_scores=True, **options)
    return context.detach().cpu(), weights.detach().cpu()


def check(found, expected):
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("causal", [True, False])
def test_additive_attention_with_identity_projections_is_kerass(inputs, causal):
    query, key, value, real = inputs
    layer = keras.layers.AdditiveAttention()
    expected = run(layer, inputs, use_causal_mask=causal)
    mask = real[:, None] & causal_mask(5, 7) if causal else real[:, None]
    eye, v = torch.eye(WIDTH), torch.as_tensor(layer.scale.numpy())
    check(additive_attention(query, key, value, W_q=eye, W_k=eye, v=v, mask=mask), expected)


@pytest.mark.parametrize("causal", [True, False])
def test_dot_product_attention_is_kerass(inputs, causal):
    query, key, value, real = inputs
    expected = run(keras.layers.Attention(score_mode="dot"), inputs, use_causal_mask=causal)
    mask = real[:, None] & causal_mask(5, 7) if causal else real[:, None]
    check(dot_product_attention(query, key, value, mask), expected)


def test_concat_attention_with_one_shared_weight_is_kerass(inputs):
    query, key, value, real = inputs
    layer = keras.layers.Attention(score_mode="concat", use_scale=True)
    layer.build([(2, 5, WIDTH), (2, 7, WIDTH), (2, 7, WIDTH)])
    layer.scale.assign(0.7)
    layer.concat_score_weight.assign(1.3)
    eye = torch.eye(WIDTH) * 0.7
    W, v = torch.cat([eye, eye], 1), torch.full((WIDTH,), 1.3)
    check(concat_attention(query, key, value, real[:, None], W=W, v=v), run(layer, inputs))
