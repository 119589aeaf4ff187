"""A capture begins where it is opened and ends where it is closed, whatever is given, copied, compiled or run beside it."""

from __future__ import annotations

import contextlib
import copy
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from transformers import pipeline

from inspector import Capture, Inspector, capture
from inspector.errors import CaptureError
from inspector.hooks import carry
from tests.hooks.matching import state_of
from tests.tiny_models import Family

IDS = torch.randint(5, 90, (2, 7), generator=torch.Generator().manual_seed(3))


def test_a_capture_that_another_thread_closed_does_not_go_on() -> None:
    model = Family("BertModel").model()
    before = state_of(model)
    opened = capture(model)
    found: Capture = opened.__enter__()
    with torch.no_grad():
        model(IDS)
        other = threading.Thread(target=opened.__exit__, args=(None, None, None))
        other.start()
        other.join()
        model(IDS)
    assert len(found.calls) == 2
    assert state_of(model) == before


def test_work_of_a_thread_that_ends_after_the_block_is_no_part_of_it() -> None:
    model = Family("BertModel").model()
    go, done = threading.Event(), threading.Event()
    with torch.no_grad(), capture(model) as found:

        def late() -> None:
            go.wait()
            with torch.no_grad():
                model(IDS)
            done.set()

        threading.Thread(target=carry(late)).start()
        model(IDS)
    go.set()
    done.wait()
    assert len(found.calls) == 2


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_captures_end_one_by_one_in_any_order(order: tuple[int, int]) -> None:
    models = [Family("BertModel").model() for _ in range(2)]
    opened = [capture(model) for model in models]
    found = [one.__enter__() for one in opened]
    with torch.no_grad():
        for at in order:
            opened[at].__exit__(None, None, None)
            for model in models:
                model(IDS)
    assert len(found[order[0]].calls) == 0
    assert len(found[order[1]].calls) == 2
    assert not [one for model in models for one in model.modules() if one._forward_hooks or one._forward_pre_hooks]


@pytest.mark.parametrize("name", ["BertModel", "BloomModel", "BigBirdModel"])
@pytest.mark.parametrize("how", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copied", "pickled"])
def test_a_copy_made_inside_a_capture_is_a_plain_model(name: str, how: Any) -> None:
    model = Family(name).model()
    with torch.no_grad():
        plain = model(IDS)[0]
        with capture(model) as found:
            other = how(model)
            assert torch.equal(other(IDS)[0], plain)
            assert not found.calls
            model(IDS)
        assert len(found.calls) == 2
        assert not [one for one in other.modules() if one._forward_hooks or one._forward_pre_hooks]
        assert [set(vars(one)) for one in other.modules()] == [set(vars(one)) for one in model.modules()]
        with capture(other) as again:
            other(IDS)
    assert torch.equal(again.calls[0].weights(), found.calls[0].weights())


class Holder(nn.Module):
    """A model inside a module of somebody's own."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.model(ids)[0]


@pytest.fixture(scope="module")
def compiled() -> Any:
    """A compiled holder of a model, already traced."""
    holder = torch.compile(Holder(Family("BertModel").model()), backend="eager")
    with torch.no_grad():
        holder(IDS)
    return holder


@pytest.mark.parametrize("whole", [True, False], ids=["the holder", "the model"])
def test_a_compiled_wrapper_shows_what_it_holds(compiled: Any, whole: bool) -> None:
    with torch.no_grad(), capture(compiled._orig_mod if whole else compiled.model) as found:
        compiled(IDS)
    assert len(found.calls) == 2
    assert found.calls[0].layer_index == 0
    assert "uncompiled" in found.info["note"]
    assert found.sequences["input"][1].ids == tuple(IDS[1].tolist())


def test_a_model_that_ran_out_of_sight_is_said_to_have(compiled: Any) -> None:
    model = compiled.model
    run = torch.compile(lambda ids: model(ids)[0], backend="eager")
    with torch.no_grad():
        plain = run(IDS)
        with capture(model) as found:
            assert torch.equal(run(IDS), plain)
    assert found.calls or "did not run where" in found.missing[0].reason


def test_a_model_without_numbers_says_so() -> None:
    model = Family("BertModel").model().to("meta")
    with torch.no_grad(), capture(model) as found:
        model(IDS.to("meta"))
    assert not found.calls
    assert {entry.reason for entry in found.missing} == {
        "It ran on the meta device, which has shapes and no numbers: load the weights first."
    }


@pytest.mark.parametrize("given", [None, "bundled", Path("gpt2"), nn.Linear, 3, [1]], ids=str)
def test_what_holds_no_model_is_refused_in_three_sentences(given: Any) -> None:
    with pytest.raises(CaptureError, match="A model was to be watched") as caught, capture(given):
        pass
    assert caught.value.asked
    assert caught.value.found
    assert caught.value.do


def test_a_pipeline_and_an_inspector_are_watched_with_their_own_words(bundled: Inspector) -> None:
    pipe = pipeline("feature-extraction", model=bundled.model, tokenizer=bundled.tokenizer, device="cpu")
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(capture(pipe))
        second = stack.enter_context(capture(bundled))
        pipe("The cat sat.")
    for found in (first, second):
        assert found.tokens == [["[CLS]", "the", "cat", "sat", ".", "[SEP]"]]
        assert len(found.calls) == 6
