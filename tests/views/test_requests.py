"""What a browser is sent: exactly the capture's numbers, and clear errors for requests that make no sense."""

from __future__ import annotations

import base64
import json
import re

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, GptOssConfig, GptOssForCausalLM

from inspector import Inspector
from inspector.views import VIEWS
from inspector.views.manifest import manifest_of
from inspector.views.packing import pack
from inspector.views.requests import answer

TYPES = {"f32": np.float32, "u8": np.uint8, "i32": np.int32, "u16": np.uint16}


def unpack(packed: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["data"]), TYPES[packed["dtype"]]).reshape(packed["shape"])


@pytest.fixture(scope="module")
def gpt2() -> Inspector:
    torch.manual_seed(0)
    return Inspector(GPT2LMHeadModel(GPT2Config(n_embd=12, n_head=3, n_layer=2, vocab_size=31, n_positions=2048)).eval())


def ids(length: int) -> dict[str, torch.Tensor]:
    return {"input_ids": torch.arange(length)[None] % 31}


def from_scores(found: dict) -> np.ndarray:
    """The weights a browser computes from queries and keys, in float64."""
    query, key = (unpack(found[name]).astype(np.float64) for name in ("query", "key"))
    scores = query @ key.T * found["scale"]
    if found["softcap"]:
        scores = np.tanh(scores / found["softcap"]) * found["softcap"]
    rule, rows, cols = found["mask"], np.arange(len(query))[:, None], np.arange(len(key))[None]
    allowed = np.ones_like(scores, dtype=bool)
    if rule["left"] is not None:
        allowed &= cols >= rows + rule["offset"] - rule["left"]
    if rule["right"] is not None:
        allowed &= cols <= rows + rule["offset"] + rule["right"]
    if "keys" in rule:
        allowed &= unpack(rule["keys"]).astype(bool)[None]
    scores = np.where(allowed, scores, -np.inf if rule["fill"] is None else rule["fill"])
    sink = np.full((len(query), 1), -np.inf if found["sink"] is None else found["sink"])
    weights = np.exp(np.concatenate([scores, sink], 1) - np.maximum(scores.max(1, keepdims=True), sink))
    return (weights / weights.sum(1, keepdims=True))[:, :-1]


def test_packed_numbers_come_back():
    table = torch.randn(3, 5, 7)
    assert np.array_equal(unpack(pack(table)), table.numpy())


@pytest.mark.parametrize("length", [5, 67])
def test_a_head_is_sent_as_its_exact_weights_or_what_they_follow_from(gpt2, length):
    cap = gpt2(ids(length))
    found = answer(cap, {"kind": "head", "group": "self", "layer": 1, "head": 2})
    assert found["form"] == ("dense" if length == 5 else "scores")
    weights = unpack(found["weights"]) if length == 5 else from_scores(found)
    np.testing.assert_allclose(weights, cap.calls[1].weights(0, 2)[0, 0].numpy(), atol=1e-6)


def test_padding_and_learned_sinks_reach_the_browser(bundled):
    cap = bundled(["Short.", "A rather longer text than the first one. " * 12])
    found = answer(cap, {"kind": "head", "group": "self", "layer": 3, "head": 1, "batch": 0})
    assert found["form"] == "scores"
    np.testing.assert_allclose(from_scores(found), cap.calls[3].weights(0, 1)[0, 0].numpy(), atol=1e-5)
    config = GptOssConfig(
        hidden_size=12, head_dim=4, num_attention_heads=3, num_key_value_heads=3, num_hidden_layers=1, vocab_size=31,
        intermediate_size=8, num_local_experts=2, num_experts_per_tok=1, sliding_window=7, layer_types=["full_attention"],
    )  # fmt: skip
    torch.manual_seed(0)
    sunk = Inspector(GptOssForCausalLM(config).eval())(ids(13))
    found = answer(sunk, {"kind": "head", "group": "self", "layer": 0, "head": 1})
    weights = unpack(found["weights"]) if found["form"] == "dense" else from_scores(found)
    np.testing.assert_allclose(weights, sunk.calls[0].weights(0, 1)[0, 0].numpy(), atol=1e-6)
    assert weights.sum(1).max() < 1


def test_a_long_head_is_sent_as_margins_and_its_rows_and_tiles_on_request(gpt2):
    cap = gpt2(ids(1100))
    weights = cap.calls[0].weights(0, 1)[0, 0].double()
    found = answer(cap, {"kind": "head", "group": "self", "layer": 0, "head": 1})
    assert found["form"] == "remote"
    shown = weights[1:] if manifest_of(cap)["axes"]["input"]["rest"] else weights
    np.testing.assert_allclose(unpack(found["received"]), shown.mean(0).numpy(), atol=1e-6)
    rows = answer(cap, {"kind": "rows", "group": "self", "layer": 0, "head": 1, "from": 900, "to": 903})
    np.testing.assert_allclose(unpack(rows["weights"]), weights[900:903].numpy(), atol=1e-6)
    tile = answer(
        cap, {"kind": "tile", "group": "self", "layer": 0, "head": 1, "q0": 512, "q1": 576, "k0": 0, "k1": 64, "pool": 16}
    )
    mean = weights[512:576, :64].reshape(4, 16, 4, 16).mean((1, 3))
    np.testing.assert_allclose(unpack(tile["values"]), mean.numpy(), atol=1e-6)
    assert len(json.dumps(found)) < 200_000


@pytest.mark.parametrize("length", [7, 150])
def test_small_maps_are_means_over_blocks_of_shown_tokens(gpt2, length):
    cap = gpt2(ids(length))
    found = answer(cap, {"kind": "maps", "group": "self"})
    maps = (unpack(found["maps"]) / 255.0) ** 2
    rest = manifest_of(cap)["axes"]["input"]["rest"]
    kept = [at for at in range(length) if at not in rest]
    weights = cap.calls[1].weights(0, 0)[0, 0][kept][:, kept].double().numpy()
    blocks = np.arange(len(kept)) * min(len(kept), 64) // len(kept)
    pooled = np.array([[weights[blocks == r][:, blocks == c].mean() for c in range(maps.shape[3])] for r in range(maps.shape[2])])
    assert found["pooled"] is (len(kept) > 64)
    assert np.abs(np.sqrt(maps[1, 0]) - np.sqrt(pooled)).max() <= 0.5 / 255 + 1e-6


BAD = [
    {"kind": "nonsense"},
    {},
    {"kind": "head"},
    {"kind": "head", "group": "self", "layer": 99, "head": 0},
    {"kind": "head", "group": "self", "layer": 0, "head": -1},
    {"kind": "head", "group": "self", "layer": 0, "head": "0; import os"},
    {"kind": "head", "group": "self", "layer": 0, "head": True},
    {"kind": "head", "group": "self", "layer": 0, "head": 0, "batch": 9},
    {"kind": "head", "group": "self", "layer": 0, "head": 0, "batch": "x"},
    {"kind": "rows", "group": "self", "layer": 0, "head": 0, "from": 3, "to": 2},
    {"kind": "rows", "group": "self", "layer": 0, "head": 0, "from": 0, "to": 10**9},
    {"kind": "tile", "group": "self", "layer": 0, "head": 0, "q0": 0, "q1": 5, "k0": 0, "k1": 5, "pool": 0},
    {"kind": "maps", "group": "__class__"},
    {"kind": "maps", "group": "self", "batch": 9},
    {"kind": "bertviz", "view": "neuron_view"},
    {"kind": "bertviz", "view": "head_view", "layers": [99]},
    {"kind": "compare", "group": "self", "layer": 0, "head": 0, "window": -1},
    {"kind": "compare", "group": "self", "layer": 0, "head": 0, "hidden": 10**9},
]


@pytest.mark.parametrize("request_", BAD)
def test_a_request_that_makes_no_sense_is_answered_with_an_error(gpt2, request_):
    found = answer(gpt2(ids(5)), request_)
    assert set(found) == {"error"}
    assert all(isinstance(found["error"][part], str) and found["error"][part] for part in ("asked", "found", "do"))


def test_the_manifest_is_json_and_names_every_head_and_view(sentence_capture):
    manifest = json.loads(json.dumps(manifest_of(sentence_capture), allow_nan=False))
    assert [view["name"] for view in manifest["views"]] == list(VIEWS)
    assert manifest["views"][-1]["name"] == "bertviz"
    group = manifest["groups"][0]
    assert [layer["heads"] for layer in group["layers"]] == [12] * 6
    assert all(len(row) == 12 for values in group["measures"].values() for row in values)
    assert manifest["axes"]["input"]["rest"] == [0, 24]
    assert manifest["axes"]["input"]["rest_name"] == "[CLS] and [SEP]"
    assert manifest["proof"]["state"] == "passed"


def test_no_view_reaches_for_the_network():
    from inspector.views.assets import script

    addresses = set(re.findall(r"https?://[\w./-]+", script()))
    assert all(address.startswith("http://www.w3.org/") for address in addresses), addresses
    assert not re.search(r"\b(eval|new Function|innerHTML|insertAdjacentHTML|document\.write)\b", script())
