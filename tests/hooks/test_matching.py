"""The comparison with the library's own tensors: what it takes for equal, what it explains, and what it lets nobody off."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inspector import AttentionCall, Capture
from inspector.scores import Given, Scores
from tests.hooks.matching import unmatched
from tests.hooks.relations import reason_of

B, H, Q, K = 2, 3, 5, 7


def captured(weights: Tensor) -> Capture:
    return Capture([AttentionCall("attention", Given(weights))])


@pytest.fixture
def scores() -> Tensor:
    torch.manual_seed(0)
    return torch.randn(B, H, Q, K)


def test_the_mean_over_heads_is_found_whether_it_is_returned_once_or_as_every_head(scores: Tensor) -> None:
    mean = scores.softmax(-1).mean(1)
    cap = captured(scores.softmax(-1))
    assert not unmatched(cap, [("once", mean), ("as every head", mean[:, None].expand(-1, H, -1, -1))])


def test_weights_of_one_head_do_not_pass_for_the_mean(scores: Tensor) -> None:
    first = scores.softmax(-1)[:, :1].expand(-1, H, -1, -1)
    assert unmatched(captured(scores.softmax(-1)), [("first head", first)]).keys() == {"first head"}


def test_scores_are_told_from_weights(scores: Tensor) -> None:
    assert reason_of(captured(scores.softmax(-1)), scores) == "scores, before the softmax"


def test_weights_without_their_sink_are_told(scores: Tensor) -> None:
    evidence = Scores(scores, torch.eye(K).expand(B, H, -1, -1), 1.0, sinks=torch.tensor([0.5, 1.0, 2.0]))
    cap = Capture([AttentionCall("attention", evidence)])
    assert reason_of(cap, scores.softmax(-1)) == "weights without the sink that took part"


def test_a_soft_assignment_is_told_from_a_hard_one(scores: Tensor) -> None:
    hard = torch.zeros_like(scores).scatter_(-2, scores.argmax(-2, keepdim=True), 1.0)
    cap = captured(hard / (hard.sum(-1, keepdim=True) + 1))
    assert reason_of(cap, scores.softmax(-2)) == "a soft assignment, where a hard one was used"


def test_an_output_in_the_place_of_weights_is_told(scores: Tensor) -> None:
    assert reason_of(captured(scores.softmax(-1)), torch.randn(B, Q, 11)) == "no weights: some are negative"


def test_wrong_weights_are_explained_by_nothing(scores: Tensor) -> None:
    wrong = (scores * 1.01).softmax(-1)
    assert unmatched(captured(scores.softmax(-1)), [("weights", wrong)])
    assert reason_of(captured(scores.softmax(-1)), wrong) == ""
