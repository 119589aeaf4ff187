"""Pictures: CLS, registers and distillation tokens have names and are no content; patches stand in rows and columns."""

from __future__ import annotations

import pytest
import torch
import transformers

from inspector import Capture, capture
from tests.tiny_families import special_of
from tests.tiny_models import FAMILIES, Family


def captured(name: str, **config: int) -> Capture:
    special = special_of(getattr(transformers, name))
    known = next((family for family in FAMILIES if family.cls == name), Family(name, special.config, special.inputs))
    family = Family(name, {**known.config, **config}, known.inputs) if config else known
    model = family.model()
    with torch.no_grad(), capture(model) as cap:
        model(**family.feed(model))
    return cap


@pytest.mark.parametrize(
    ("name", "before", "after", "config"),
    [
        ("ViTModel", ["CLS"], [], {}),
        ("DeiTModel", ["CLS", "distillation"], [], {}),
        ("Dinov2Model", ["CLS"], [], {}),
        ("Dinov2WithRegistersModel", ["CLS", *(f"register {i}" for i in range(1, 5))], [], {}),
        ("DINOv3ViTModel", ["CLS", "register 1", "register 2"], [], {"num_register_tokens": 2}),
        ("YolosModel", ["CLS"], ["detection 1", "detection 2"], {"num_detection_tokens": 2}),
        ("CLIPModel", ["CLS"], [], {}),
        ("SiglipModel", [], [], {}),
    ],
)
def test_every_position_of_a_picture_has_a_name(name: str, before: list, after: list, config: dict) -> None:
    cap = captured(name, **config)
    call = cap.calls[0]
    grid = [f"row {row}, column {column}" for row in range(1, 5) for column in range(1, 5)]
    for row in range(call.shape[0]):
        for tokens in (cap.query_tokens(call, row), cap.key_tokens(call, row)):
            assert list(tokens.labels) == before + grid + after
            assert list(tokens.special) == [True] * len(before) + [False] * (16 + len(after))


def test_patches_are_counted_where_the_picture_enters_not_in_the_configuration() -> None:
    model = Family("Dinov2Model").model()
    with torch.no_grad(), capture(model) as cap:
        model(pixel_values=torch.randn(1, 3, 16, 32))
    assert cap.query_tokens(cap.calls[0]).labels[1:] == tuple(f"row {r}, column {c}" for r in (1, 2) for c in (1, 2, 3, 4))


def test_a_patch_of_a_named_row_sees_what_its_pixels_change() -> None:
    model = Family("ViTModel").model()
    picture = torch.randn(1, 3, 32, 32)
    other = picture.clone()
    other[..., 8:16, 24:] += 1  # row 2, column 4, in patches of 8 pixels
    keys = []
    for pixels in (picture, other):
        with torch.no_grad(), capture(model) as cap:
            model(pixel_values=pixels)
        keys.append(cap.calls[0].evidence.key)
    changed = (keys[0] != keys[1]).any(-1).any(1)[0].nonzero().flatten().tolist()
    assert [cap.key_tokens(cap.calls[0]).labels[at] for at in changed] == ["row 2, column 4"]
