"""Where models live on a machine with a CUDA device: placed by a device map, split with the processor, autocast, threads."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import transformers

from inspector import Inspector, capture
from inspector.captures import AttentionCall, Capture
from inspector.errors import TooLarge
from inspector.limits import check, estimate, free_memory
from inspector.masks import Mask
from inspector.scores import Scores
from tests.devices import DEVICE, on_device, placed, tiny
from tests.hooks.matching import same_output, state_of
from tests.tiny_models import Family

pytestmark = on_device

HERE = 0 if DEVICE == "cuda" else "cpu"
SPLITS = {
    "whole": {"": HERE},
    "last layer on the processor": {
        "embed_tokens": HERE, "rotary_emb": HERE, "layers.0": HERE, "layers.1": "cpu", "norm": HERE,
    },
    "first layer on the processor": {
        "embed_tokens": "cpu", "rotary_emb": HERE, "layers.0": "cpu", "layers.1": HERE, "norm": HERE,
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("llama")
    Family("LlamaModel").model().save_pretrained(path)
    return str(path)


@pytest.mark.parametrize("split", SPLITS)
def test_a_model_placed_by_a_device_map_is_inspected(split: str, folder: str) -> None:
    family = Family("LlamaModel")
    inputs = {"input_ids": family.feed(family.model())["input_ids"]}
    plain_model = family.model()
    with torch.no_grad(), capture(plain_model, proof_rows=None) as plain_cap:
        plain_model(**inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = transformers.AutoModel.from_pretrained(folder, device_map=SPLITS[split]).eval()
    before = state_of(model)
    cap = Inspector(model)(inputs)
    assert state_of(model) == before
    assert not cap.missing
    assert not cap.failed
    assert len(cap.calls) == 2
    for ours, theirs in zip(cap.calls, plain_cap.calls, strict=True):
        torch.testing.assert_close(ours.weights().cpu(), theirs.weights(), atol=1e-5, rtol=0)
    assert cap.summarize().stack("entropy").shape == (2, 4, 7)
    assert len(cap.to_html("head_view")) > 10_000


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["BertModel", "BloomModel", "SiglipModel", "LlamaModel"])
def test_autocast_changes_nothing(name: str, dtype: torch.dtype) -> None:
    model, inputs = tiny(name)
    if DEVICE == "cpu" and dtype == torch.float16:
        pytest.skip("for a CUDA device")
    with torch.autocast(DEVICE, dtype=dtype), torch.no_grad():
        plain = model(**inputs)
        with capture(model, proof_rows=None) as cap:
            watched = model(**inputs)
    assert same_output(plain, watched)
    assert cap.calls
    assert not cap.failed


def test_two_captures_in_two_threads_never_see_each_other() -> None:
    model, inputs = tiny("LlamaModel")

    def run(length: int) -> tuple[set, bool]:
        with torch.no_grad(), capture(model, proof_rows=None) as cap:
            model(**{name: value[:, :length] for name, value in inputs.items()})
        return {call.shape[2] for call in cap.calls}, not cap.failed

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(run, [3, 5] * 4))
    assert found == [({3}, True), ({5}, True)] * 4


def test_tokens_are_those_that_were_fed_although_they_are_read_later() -> None:
    model, inputs = tiny("LlamaModel")
    fed = inputs["input_ids"].tolist()
    with torch.no_grad(), capture(model) as cap:
        model(**inputs)
        inputs["input_ids"].zero_()
    assert [list(tokens.ids) for tokens in cap.sequences["input"]] == fed


def test_estimates_reckon_with_the_memory_of_the_device() -> None:
    model, _ = tiny("LlamaModel")
    free = free_memory(next(model.parameters()).device)
    assert free is not None
    assert free > 2**28
    assert check(model, 64).fits
    assert estimate(model, 64).free is not None
    with pytest.raises(TooLarge, match=r"GB"):
        check(model, 2**34)


@pytest.mark.skipif(DEVICE != "cuda", reason="about torch's cache of device memory")
def test_memory_that_torch_holds_and_does_not_use_counts_as_free() -> None:
    device = torch.device("cuda")
    before = free_memory(device)
    torch.empty(2**30, dtype=torch.uint8, device=device)
    assert abs(before - free_memory(device)) < 2**26


def test_an_estimate_of_what_a_capture_keeps_is_what_it_keeps() -> None:
    model, inputs = tiny("LlamaModel")
    with torch.no_grad(), capture(model) as cap:
        model(inputs["input_ids"][:1], use_cache=False)
    assert estimate(model, 7).capture == sum(t.nbytes for c in cap.calls for t in (c.evidence.query, c.evidence.key))


def test_a_capture_can_be_offloaded_while_the_model_runs(tmp_path) -> None:
    model, inputs = tiny("BertModel")
    with torch.no_grad():
        with capture(model) as plain:
            model(**inputs)
        with capture(model, offload_to=tmp_path) as cap:
            model(**inputs)
    for one, two in zip(plain.calls, cap.calls, strict=True):
        assert two.evidence.device.type == "cpu"
        assert torch.equal(one.evidence.query.cpu(), two.evidence.query)
        assert one.residual == two.residual


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("mask", [Mask(right=0), Mask(), Mask(right=0, left=100)], ids=["causal", "open", "window"])
def test_a_long_call_is_summarised_and_tiled_as_on_the_processor(mask: Mask, dtype: torch.dtype) -> None:
    query, key = torch.randn(1, 4, 2053, 64).to(dtype), torch.randn(1, 2, 2053, 64).to(dtype)
    calls = [AttentionCall("layer", Scores(*placed([query, key], where), 0.125, mask)) for where in ("cpu", DEVICE)]
    layers = [Capture(calls=[call]).summarize(maximum=True).layers[0] for call in calls]
    for name in ("lse", "entropy", "distance", "previous", "local", "maximum", "received", "pooled"):
        tolerance = 2e-5 * (2053 if name in ("distance", "received") else 1)  # sums over all keys
        torch.testing.assert_close(getattr(layers[0], name), getattr(layers[1], name), atol=tolerance, rtol=0, equal_nan=True)
    for options in ({"pool": 16}, {"queries": slice(900, 1200), "keys": slice(300, 1100)}):
        tiles = [AttentionCall("layer", call.evidence).tile(3, **options) for call in calls]
        torch.testing.assert_close(*tiles, atol=2e-6, rtol=1e-5)
