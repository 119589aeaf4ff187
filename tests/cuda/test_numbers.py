"""Numbers, tiles, views and files from a capture on a CUDA device are those of the same queries and keys on the processor."""

from __future__ import annotations

import base64
import json
import math
from typing import Any

import numpy as np
import pytest
import torch
import transformers

from inspector import Capture, capture, list_metrics, measure
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from tests.devices import DEVICE, on_device, tiny
from tests.tiny_models import padding

pytestmark = on_device

FIELDS = ("lse", "entropy", "distance", "previous", "following", "itself", "local", "duplicate", "induction", "maximum",
          "received", "seen", "allowed", "pooled")  # fmt: skip
TYPES = {"f32": np.float32, "u8": np.uint8, "i32": np.int32, "u16": np.uint16}


def long_gpt2(length: int) -> Capture:
    torch.manual_seed(0)
    config = transformers.GPT2Config(n_embd=48, n_head=3, n_layer=2, vocab_size=31, n_positions=2048)
    model = transformers.GPT2LMHeadModel(config).eval().to(DEVICE)
    with torch.no_grad(), capture(model) as cap:
        model(torch.randint(0, 31, (1, length), device=DEVICE))
    return cap


def small(name: str, kernel: str | None = None, dtype: torch.dtype = torch.float32) -> Capture:
    model, inputs = tiny(name, kernel, dtype)
    if "attention_mask" in inputs:
        inputs["attention_mask"] = padding(inputs["attention_mask"].shape[1]).to(DEVICE)
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
    return cap


CASES = {
    "gpt2 150": lambda: long_gpt2(150),
    "gpt2 1100": lambda: long_gpt2(1100),
    "bert": lambda: small("BertModel"),
    "llama": lambda: small("LlamaModel"),
    "llama bf16": lambda: small("LlamaModel", dtype=torch.bfloat16),
    "mistral": lambda: small("MistralModel"),
    "gemma2": lambda: small("Gemma2Model", "eager"),
    "gpt-oss": lambda: small("GptOssModel", "eager"),
    "t5": lambda: small("T5Model"),
    "deberta": lambda: small("DebertaModel"),
    "siglip": lambda: small("SiglipModel"),
}


@pytest.fixture(scope="module", params=CASES)
def pair(request, tmp_path_factory) -> tuple[Capture, Capture]:
    """A capture on the device, and the same read back from a file, which is on the processor."""
    cap = CASES[request.param]()
    path = tmp_path_factory.mktemp("saved") / "capture.safetensors"
    cap.save(path)
    return cap, Capture.load(path)


def close(ours: torch.Tensor, theirs: torch.Tensor, what: str, atol: float = 2e-5, rtol: float = 1e-5) -> None:
    torch.testing.assert_close(ours.cpu(), theirs, atol=atol, rtol=rtol, equal_nan=True, msg=lambda text: f"{what}: {text}")


def same(ours: Any, theirs: Any, where: str, atol: float = 1e-4) -> None:
    """Two answers of plain data; packed numbers are unpacked, bytes of pictures may differ by one step."""
    if isinstance(theirs, dict) and set(theirs) == {"dtype", "shape", "data"}:
        one, two = (np.frombuffer(base64.b64decode(side["data"]), TYPES[side["dtype"]]).astype(float) for side in (ours, theirs))
        assert ours["shape"] == theirs["shape"], where
        np.testing.assert_allclose(one, two, atol=1 if theirs["dtype"] == "u8" else atol, err_msg=where)
    elif isinstance(theirs, dict):
        assert ours.keys() == theirs.keys(), where
        for name in theirs:
            same(ours[name], theirs[name], f"{where}.{name}", atol)
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), where
        for at, (one, two) in enumerate(zip(ours, theirs, strict=True)):
            same(one, two, f"{where}[{at}]", atol)
    elif isinstance(theirs, float) and isinstance(ours, float):
        assert math.isclose(ours, theirs, abs_tol=atol, rel_tol=1e-4), (where, ours, theirs)
    else:
        assert ours == theirs, (where, ours, theirs)


def test_a_file_gives_back_every_tensor_and_proof(pair) -> None:
    for ours, theirs in zip(*(cap.calls for cap in pair), strict=True):
        assert ours.evidence.device.type == DEVICE
        assert theirs.evidence.device.type == "cpu"
        for name, tensor in theirs.evidence.tensors().items():
            assert torch.equal(ours.evidence.tensors()[name].cpu(), tensor), name
        assert ours.residual == theirs.residual


def test_weights_and_tiles_are_those_of_the_processor(pair) -> None:
    for ours, theirs in zip(*(cap.calls for cap in pair), strict=True):
        heads, queries, keys = ours.shape[1:]
        rows = [0, queries // 2, -1]
        close(ours.weights(0, None, rows), theirs.weights(0, None, rows), "rows", 2e-6)
        close(ours.weights(-1, heads - 1, slice(0, 3)), theirs.weights(-1, heads - 1, slice(0, 3)), "slice", 2e-6)
        part = {"queries": slice(queries // 2, queries), "keys": slice(0, keys - 1)}
        for options in ({}, {"pool": 3}, {"pool": 3, "reduce": "max"}, part):
            close(ours.tile(heads - 1, **options), theirs.tile(heads - 1, **options), f"tile {options}")


@pytest.mark.parametrize("how", ["auto", "blocked"])
def test_summaries_are_those_of_the_processor(pair, how: str) -> None:
    ours, theirs = (cap.summarize(how=how, maximum=True, top=[0, -1]) for cap in pair)
    for one, two in zip(ours.layers, theirs.layers, strict=True):
        assert one.how == two.how
        for name in FIELDS:
            if (wanted := getattr(two, name)) is not None:
                assert getattr(one, name).device.type == "cpu"
                tolerance = 2e-5 * (wanted.shape[-1] if name in ("distance", "received") else 1)  # sums over all keys
                close(getattr(one, name), wanted, f"{one.call.name} {name}", tolerance)
        for name, mass in two.mass.items():
            close(one.mass[name], mass, f"{one.call.name} mass {name}")
    for one, two in zip(ours.top, theirs.top, strict=True):
        close(one.weights, two.weights, "top")


def test_fused_and_blocked_passes_agree(pair) -> None:
    fused, blocked = (pair[0].summarize(how=how) for how in ("auto", "blocked"))
    for one, two in zip(fused.layers, blocked.layers, strict=True):
        for name in ("lse", "entropy", "previous", "local", "pooled"):
            if getattr(two, name) is not None:
                close(getattr(one, name), getattr(two, name), f"{one.call.name} {name}")


def test_measures_are_those_of_the_processor(pair) -> None:
    for tower, kind in pair[0].towers:
        for name in list_metrics():
            ours, theirs = (measure(cap, name, tower=tower, kind=kind).values for cap in pair)
            close(ours, theirs, f"{tower} {kind} {name}", 1e-4, 1e-4)


def test_a_browser_is_told_the_same(pair) -> None:
    same(*(json.loads(json.dumps(manifest_of(cap), allow_nan=False)) for cap in pair), "manifest")
    group = manifest_of(pair[0])["groups"][0]
    layer = group["layers"][0]
    base = {"group": group["key"], "layer": layer["index"], "head": layer["heads"] - 1}
    corner = {"q0": 0, "q1": min(layer["queries"], 300), "k0": 0, "k1": min(layer["keys"], 300)}
    for request in (
        {"kind": "head"},
        {"kind": "head", "limit": 1},
        {"kind": "rows", "from": 0, "to": 2},
        {"kind": "tile", "pool": 1, **corner},
        {"kind": "tile", "pool": 5, "largest": True, "small": True, **corner},
        {"kind": "maps"},
    ):
        ours, theirs = (answer(cap, base | request) for cap in pair)
        assert "error" not in theirs, theirs
        same(ours, theirs, str(request))


def test_the_comparison_with_the_reference_is_that_of_the_processor(pair) -> None:
    group = manifest_of(pair[0])["groups"][0]
    base = {"kind": "compare", "group": group["key"], "layer": group["layers"][0]["index"], "head": 1}
    ours, theirs = (answer(cap, base) for cap in pair)
    assert ours.keys() == theirs.keys()
    if "error" not in theirs:
        assert json.dumps(ours)


def test_a_page_is_written(pair) -> None:
    views = [view["name"] for view in manifest_of(pair[0])["views"] if view["name"] in ("head_view", "model_view", "heat_map")]
    page = pair[0].to_html(views)
    assert page.startswith("<!")
    assert len(page) > 10_000
