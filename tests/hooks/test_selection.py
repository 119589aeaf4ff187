"""``capture(model, layers=…)``: what is asked for is kept, the rest keeps nothing."""

from __future__ import annotations

import pytest
import torch

from inspector import capture
from inspector.errors import OutOfRange
from tests.tiny_models import Family


def places(name: str, layers: object) -> list[tuple[str, str, int]]:
    family = Family(name)
    model = family.model()
    with torch.no_grad(), capture(model, layers=layers) as cap:
        model(**family.feed(model))
    return [(call.tower, call.kind, call.layer_index) for call in cap.calls]


ENCODER, DECODER, CROSS = ("encoder", "self"), ("decoder", "self"), ("decoder", "cross")


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        (1, [(*ENCODER, 1), (*DECODER, 1), (*CROSS, 1)]),
        (-1, [(*ENCODER, 1), (*DECODER, 1), (*CROSS, 1)]),
        (range(1), [(*ENCODER, 0), (*DECODER, 0), (*CROSS, 0)]),
        (slice(1, None), [(*ENCODER, 1), (*DECODER, 1), (*CROSS, 1)]),
        ("cross", [(*CROSS, 0), (*CROSS, 1)]),
        ("encoder", [(*ENCODER, 0), (*ENCODER, 1)]),
        ("decoder.block.1", [(*DECODER, 1), (*CROSS, 1)]),
        ("*.block.0.*.SelfAttention", [(*ENCODER, 0), (*DECODER, 0)]),
        (["encoder", 1], [(*ENCODER, 0), (*ENCODER, 1), (*DECODER, 1), (*CROSS, 1)]),
        (lambda place: place.layer_index == 0 and place.kind == "cross", [(*CROSS, 0)]),
    ],
    ids=lambda value: "a function" if callable(value) else str(value),
)
def test_layers_are_chosen_by_number_range_tower_kind_name_or_function(layers: object, wanted: list) -> None:
    assert places("T5Model", layers) == wanted


@pytest.mark.parametrize("name", ["LlamaModel", "DebertaModel", "FalconModel", "LongformerModel"])
def test_every_tap_obeys_the_selection(name: str) -> None:
    assert places(name, 1) == [("", "self", 1)]


def test_a_tower_of_a_multimodal_model_can_be_chosen() -> None:
    assert {tower for tower, _, _ in places("SiglipModel", "vision")} == {"vision"}


@pytest.mark.parametrize("layers", [7, "vision", "layer.9"])
def test_what_is_not_there_is_said_before_the_model_runs(layers: object) -> None:
    with pytest.raises(OutOfRange, match=r"layers 0 to 1"):
        places("LlamaModel", layers)


def test_unselected_modules_get_no_hook() -> None:
    model = Family("DebertaModel").model()
    with capture(model, layers=1):
        assert not model.encoder.layer[0].attention.self._forward_hooks
        assert model.encoder.layer[1].attention.self._forward_hooks
