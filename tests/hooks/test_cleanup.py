"""However the block ends, nothing stays behind: no hook, patch or mode."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch
from torch import nn
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.modeling_utils import AttentionInterface

from inspector import capture
from inspector.hooks import kernels
from tests.hooks.matching import same_output, state_of
from tests.tiny_models import Family

NAMES = ["LlamaModel", "DebertaModel", "SiglipModel", "LongformerModel", "T5Gemma2Model"]


@pytest.fixture(params=NAMES)
def case(request) -> tuple[nn.Module, dict]:
    family = Family(request.param)
    model = family.model()
    return model, family.feed(model)


def _inside(model: nn.Module, error: BaseException) -> nn.Module:
    """A module deep inside that raises while attention modules are open."""
    for module in reversed(list(model.modules())):
        if isinstance(module, nn.Linear):
            module.register_forward_pre_hook(lambda *_: (_ for _ in ()).throw(error))
    return model


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit()], ids=lambda e: type(e).__name__)
def test_an_error_inside_the_model_leaves_nothing_behind(case, error: BaseException) -> None:
    model, inputs = case
    _inside(model, error)
    before = state_of(model)
    with pytest.raises(type(error)), capture(model):
        model(**inputs)
    assert state_of(model) == before


def test_a_capture_after_a_failed_one_works(case) -> None:
    model, inputs = case
    handle = next(m for m in model.modules() if isinstance(m, nn.Linear)).register_forward_pre_hook(lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError), capture(model):
        model(**inputs)
    handle.remove()
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    assert cap.calls


def test_going_on_after_an_error_in_the_same_block_works(case) -> None:
    model, inputs = case
    handle = next(m for m in model.modules() if isinstance(m, nn.Linear)).register_forward_pre_hook(lambda *_: 1 / 0)
    with torch.no_grad():
        with capture(model) as alone:
            handle.remove()
            model(**inputs)
        handle = next(m for m in model.modules() if isinstance(m, nn.Linear)).register_forward_pre_hook(lambda *_: 1 / 0)
        with capture(model) as cap:
            with pytest.raises(ZeroDivisionError):
                model(**inputs)
            handle.remove()
            model(**inputs)
    assert len([call for call in cap.calls if call.step == 1]) == len(alone.calls)


def test_a_generator_that_is_closed_leaves_nothing_behind() -> None:
    family = Family("DebertaModel")
    model = family.model()
    inputs = family.feed(model)
    before = state_of(model)

    def steps():
        with capture(model) as cap:
            while True:
                model(**inputs)
                yield cap

    running = steps()
    next(running)
    running.close()
    assert state_of(model) == before


def test_a_tap_that_fails_is_reported_and_the_model_goes_on(monkeypatch) -> None:
    family = Family("LlamaModel")
    model = family.model()
    inputs = family.feed(model)
    with torch.no_grad():
        plain = model(**inputs)
    monkeypatch.setattr("inspector.hooks.interface.scores_of", lambda *_: 1 / 0)
    with torch.no_grad(), capture(model) as cap:
        watched = model(**inputs)
    assert same_output(plain, watched)
    assert [miss.name for miss in cap.missing] == ["layers.0.self_attn", "layers.1.self_attn"]
    assert "ZeroDivisionError" in cap.missing[0].reason
    assert kernels


def test_a_wrong_mask_fails_its_proof_with_a_warning(monkeypatch) -> None:
    from inspector.masks import Mask

    family = Family("LlamaModel")
    model = family.model()
    inputs = family.feed(model)
    monkeypatch.setattr("inspector.hooks.kernels._mask", lambda *_: Mask())
    with torch.no_grad(), pytest.warns(UserWarning, match="failed their proof"), capture(model) as cap:
        model(**inputs)
    assert len(cap.failed) == 2
    assert cap.residual is not None
    assert cap.residual > 1e-2


def test_a_kernel_of_an_odd_kind_is_watched_and_let_go() -> None:
    class Kernel:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return sdpa_attention_forward(*args, **kwargs)

    kernel = Kernel()
    gone = weakref.ref(kernel)
    family = Family("LlamaModel")
    model = family.model()
    inputs = family.feed(model)
    AttentionInterface.register("odd", kernel)
    try:
        model.config._attn_implementation = "odd"
        with torch.no_grad(), capture(model) as cap:
            model(**inputs)
    finally:
        AttentionInterface._global_mapping.pop("odd")
    assert [call.source for call in cap.calls] == ["interface:odd"] * len(cap.calls)
    assert cap.calls
    assert not cap.failed
    del kernel
    gc.collect()
    assert gone() is None
