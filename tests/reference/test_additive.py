"""Additive attention: by hand, by loop, the article's class, and the module's ways of being called."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from reference import AdditiveAttention, additive_attention, additive_scores


class ArticleAttention(nn.Module):
    """The attention of the tutorial article: W_k, W_q and v are linear layers, and one query is asked at a time."""

    def __init__(self, key_size: int, query_size: int, hidden_size: int) -> None:
        super().__init__()
        self.W_k = nn.Linear(key_size, hidden_size)
        self.W_q = nn.Linear(query_size, hidden_size)
        self.v = nn.Linear(hidden_size, 1, bias=False)

    def forward(self, keys: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
        energy = torch.tanh(self.W_k(keys) + self.W_q(query.unsqueeze(1)))
        weights = torch.softmax(self.v(energy).squeeze(-1), dim=1)
        return torch.bmm(weights.unsqueeze(1), keys).squeeze(1), weights


def test_two_keys_by_hand():
    # e = 2·tanh(3·0 + 1·0.5) = 0.924234 and 2·tanh(3·(−0.25) + 0.5) = −0.489837
    query, key = torch.tensor([[[0.5]]]), torch.tensor([[[0.0], [-0.25]]])
    parameters = {"W_q": torch.tensor([[1.0]]), "W_k": torch.tensor([[3.0]]), "v": torch.tensor([2.0])}
    scores = additive_scores(query, key, **parameters)
    assert scores.flatten().tolist() == pytest.approx([0.9242343, -0.4898374], abs=1e-6)
    context, weights = additive_attention(query, key, **parameters)
    first = 1 / (1 + math.exp(-0.4898374 - 0.9242343))
    assert weights.flatten().tolist() == pytest.approx([first, 1 - first], abs=1e-6)
    assert context.item() == pytest.approx(-0.25 * (1 - first), abs=1e-6)


def test_equal_keys_share_equally():
    context, weights = AdditiveAttention(3, 2, 5)(torch.ones(1, 4, 3), torch.randn(1, 2))
    torch.testing.assert_close(weights, torch.full((1, 4), 0.25))
    torch.testing.assert_close(context, torch.ones(1, 3))


@pytest.mark.parametrize("bias", [True, False])
def test_equals_the_loop(tensors, by_loop, dot, bias):
    module = AdditiveAttention(11, 11, 13, bias=bias).double()
    W_q, W_k, v = module.W_q.weight.tolist(), module.W_k.weight.tolist(), module.v.tolist()
    b = (module.W_q.bias + module.W_k.bias).tolist() if bias else [0.0] * 13

    def score(q, k, i, j):
        return sum(v[n] * math.tanh(dot(W_q[n], q) + dot(W_k[n], k) + b[n]) for n in range(13))

    context, weights = module(tensors["key"], tensors["query"], tensors["value"], tensors["mask"])
    expected_context, expected_weights = by_loop(score, *tensors.values())
    torch.testing.assert_close(weights, expected_weights, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(context, expected_context, rtol=1e-12, atol=1e-13)


def test_a_state_dict_of_the_articles_class_gives_its_numbers():
    theirs, ours = ArticleAttention(17, 11, 13), AdditiveAttention(17, 11, 13)
    state = theirs.state_dict()
    ours.load_state_dict(state)
    assert set(state) == set(theirs.state_dict()), "the caller's dictionary stays as it was"
    keys, query = torch.randn(2, 7, 17), torch.randn(2, 11)
    for mine, articles in zip(ours(keys, query), theirs(keys, query), strict=True):
        torch.testing.assert_close(mine, articles, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(13,), (1, 13), (13, 1)])
def test_v_loads_as_a_vector_a_row_or_a_column(shape):
    module, v = AdditiveAttention(2, 3, 13), torch.randn(13)
    module.load_state_dict({**module.state_dict(), "v": v.reshape(shape)})
    assert torch.equal(module.v, v)


def test_a_bias_of_v_changes_nothing_and_is_dropped():
    module = AdditiveAttention(2, 3, 13)
    state = {**module.state_dict(), "v.weight": torch.randn(1, 13), "v.bias": torch.randn(1)}
    del state["v"]
    module.load_state_dict(state)
    assert torch.equal(module.v, state["v.weight"][0])


def test_a_module_saved_here_loads_here_inside_another_module():
    one, two = (nn.ModuleDict({"attention": AdditiveAttention(2, 3, 5)}) for _ in range(2))
    two.load_state_dict(one.state_dict())
    assert torch.equal(one["attention"].v, two["attention"].v)
    assert sorted(one.state_dict()) == [f"attention.{name}" for name in ("W_k.bias", "W_k.weight", "W_q.bias", "W_q.weight", "v")]


def test_bias_false_has_the_articles_three_parameters():
    assert {name for name, _ in AdditiveAttention(2, 3, 5, bias=False).named_parameters()} == {"W_k.weight", "W_q.weight", "v"}


def test_without_bias_the_score_is_odd():
    parameters = {"W_q": torch.randn(5, 2), "W_k": torch.randn(5, 3), "v": torch.randn(5)}
    query, key = torch.randn(1, 2, 2), torch.randn(1, 3, 3)
    torch.testing.assert_close(additive_scores(-query, -key, **parameters), -additive_scores(query, key, **parameters))
