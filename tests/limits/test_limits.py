"""Estimates before a run, refusals that say what would fit, and captures whose queries and keys lie on disk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import transformers

from inspector import Inspector, capture
from inspector.captures import AttentionCall, Capture
from inspector.errors import CaptureError, TooLarge
from inspector.limits import check, estimate, free_memory
from inspector.masks import Mask
from inspector.offloading import Shelf
from inspector.scores import Scores

GB = 2**30


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=97, hidden_size=48, intermediate_size=64, num_hidden_layers=5, num_attention_heads=6, num_key_value_heads=2,
        max_position_embeddings=512,
    )  # fmt: skip
    return transformers.LlamaForCausalLM(config).eval()


def test_the_estimate_of_what_a_capture_keeps_is_what_it_keeps(decoder, bundled):
    with torch.no_grad(), capture(decoder) as cap:
        decoder(input_ids=torch.randint(0, 97, (1, 211)), use_cache=False)
    kept = sum(t.nbytes for call in cap.calls for t in (call.evidence.query, call.evidence.key))
    assert estimate(decoder, 211).capture == kept == 5 * 211 * (6 + 2) * 8 * 4
    cap = bundled("The cat sat.")
    assert estimate(bundled.model, 6).capture == sum(c.evidence.query.nbytes + c.evidence.key.nbytes for c in cap.calls)


KEEPING = {
    "gpt2": ("GPT2Model", {"n_layer": 2, "n_head": 3, "n_embd": 24, "vocab_size": 19}),  # q, k and v in one product
    "bloom": (
        "BloomModel",
        {"n_layer": 2, "n_head": 2, "hidden_size": 24, "vocab_size": 19},
    ),  # its own arithmetic: weights are kept
    "t5": ("T5Model", {"d_model": 24, "d_kv": 8, "num_heads": 3, "num_layers": 2, "num_decoder_layers": 3, "vocab_size": 19}),
}


@pytest.mark.parametrize("name", KEEPING)
def test_what_other_kinds_of_models_keep_is_estimated(name):
    kind, sizes = KEEPING[name]
    model = getattr(transformers, kind)(getattr(transformers, kind.replace("Model", "Config"))(**sizes)).eval()
    ids = torch.randint(0, 19, (2, 61))
    inputs = {"input_ids": ids} | ({"decoder_input_ids": ids[:, :23]} if name == "t5" else {})
    found = Inspector(model)(inputs)
    assert estimate(model, 61, batch=2, target=23).capture == pytest.approx(found.nbytes, rel=0.2)


def test_an_estimate_grows_with_the_text_and_eager_attention_with_its_square(decoder):
    sizes = [estimate(decoder, n).total for n in (1000, 2000, 4000)]
    assert sizes == sorted(sizes)
    ends = [estimate(decoder, n).forward for n in (2000, 4000, 6000)]
    linear = (ends[2] - ends[0]) / (ends[1] - ends[0])
    eager = transformers.LlamaModel(transformers.LlamaConfig(**decoder.config.to_dict() | {"attn_implementation": "eager"}))
    eager.config._attn_implementation = "eager"
    square = estimate(eager, 40_000).forward / estimate(eager, 20_000).forward
    assert linear == pytest.approx(2)
    assert square > 3.5


def test_what_fits_is_let_through_and_said(decoder):
    found = check(decoder, 1000, free=GB)
    assert found.fits
    assert re.search(r"1,000 tokens take about 14 MB .*; 1\.0 GB free", str(found))


def test_what_does_not_fit_is_refused_with_the_estimate_and_what_would_fit(decoder):
    with pytest.raises(TooLarge) as caught:
        check(decoder, 2_000_000, free=4 * GB)
    text = str(caught.value)
    assert "2,000,000 tokens" in text
    assert "4.0 GB free" in text
    tokens = int(re.search(r"(?i)shorten the text to ([\d,]+) tokens", text)[1].replace(",", ""))
    assert estimate(decoder, tokens, free=4 * GB).fits
    assert not estimate(decoder, int(tokens * 1.05), free=4 * GB).fits


def test_fewer_layers_and_the_disk_are_offered_when_they_would_do(decoder):
    whole = estimate(decoder, 100_000)
    with pytest.raises(TooLarge, match=r"offload_to=…") as caught:
        check(decoder, 100_000, free=int((whole.total - whole.capture / 2) / 0.9))
    layers = int(re.search(r"(?i)keep (\d) layers", str(caught.value))[1])
    assert 1 <= layers < 5
    assert check(decoder, 100_000, offload=True, free=int((whole.total - whole.capture / 2) / 0.9)).on_disk


def test_where_nothing_fits_the_advice_is_another_machine(decoder):
    with pytest.raises(TooLarge, match="smaller model"):
        check(decoder, 100, free=10)


def test_free_memory_is_known_here():
    assert free_memory(torch.device("cpu")) > 0
    assert free_memory(torch.device("meta")) is None


@pytest.mark.parametrize("name", ["BertModel", "T5Model", "ViTModel"])
def test_other_architectures_are_estimated_too(name):
    config = getattr(transformers, name.replace("Model", "Config"))()
    with torch.device("meta"):
        model = getattr(transformers, name)(config)
    assert estimate(model, 128, free=GB).total > 0


def test_a_capture_that_is_offloaded_while_it_runs_has_the_same_numbers(decoder, tmp_path):
    ids = torch.randint(0, 97, (2, 23))
    with torch.no_grad():
        with capture(decoder) as plain:
            decoder(input_ids=ids, use_cache=False)
        with capture(decoder, offload_to=tmp_path / "new") as cap:
            decoder(input_ids=ids, use_cache=False)
    assert len(list((tmp_path / "new").iterdir())) == 5
    for one, two in zip(plain.calls, cap.calls, strict=True):
        assert torch.equal(one.evidence.query, two.evidence.query)
        torch.testing.assert_close(one.weights(), two.weights(), atol=1e-6, rtol=0)
        assert two.residual == one.residual
    torch.testing.assert_close(plain.summarize().stack("entropy"), cap.summarize().stack("entropy"), atol=1e-5, rtol=0)


def test_a_generation_can_be_offloaded(decoder, tmp_path):
    ids = torch.randint(0, 97, (1, 7))
    with torch.no_grad():
        with capture(decoder) as plain:
            decoder.generate(ids, max_new_tokens=5, do_sample=False, pad_token_id=0)
        with capture(decoder, offload_to=tmp_path) as cap:
            decoder.generate(ids, max_new_tokens=5, do_sample=False, pad_token_id=0)
    for one, two in zip(plain.calls, cap.calls, strict=True):
        torch.testing.assert_close(one.weights(), two.weights(), atol=1e-6, rtol=0)


def test_masks_that_layers_share_are_written_once_and_expanded_axes_small(tmp_path):
    table = (torch.rand(1, 1, 31, 31) > 0.2).expand(2, 3, 31, 31)
    calls = [AttentionCall(f"layer.{i}", Scores(torch.randn(2, 3, 31, 5), torch.randn(2, 3, 31, 5), 1.0, Mask(dense=table)))
             for i in range(3)]  # fmt: skip
    cap = Capture(calls=list(calls))
    cap.offload(tmp_path)
    for one, two in zip(calls, cap.calls, strict=True):
        torch.testing.assert_close(one.weights(), two.weights(), atol=1e-6, rtol=0)
    assert cap.calls[0].evidence.mask.dense is cap.calls[2].evidence.mask.dense
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size < 3 * 2 * (2 * 3 * 31 * 5 * 4) + 31 * 31 + 3 * 1000


def test_offloaded_tensors_are_mapped_not_loaded(tmp_path):
    query = torch.randn(1, 4, 4096, 64)
    found = Shelf(tmp_path).put(Scores(query, query, 1.0))
    path = next(tmp_path.iterdir())
    with open("/proc/self/maps", encoding="utf-8") as maps:
        assert any(path.name in line for line in maps)
    assert found.query.data_ptr() == found.key.data_ptr()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CaptureError, match="Give another folder"):
        Capture().offload(tmp_path / "file" / "below")


def test_a_text_that_does_not_fit_is_refused_before_the_model_runs(decoder, monkeypatch):
    monkeypatch.setattr("inspector.limits.free_memory", lambda device: 1000)
    monkeypatch.setattr(type(decoder), "forward", lambda self, input_ids=None: pytest.fail("it ran"))
    with pytest.raises(TooLarge, match=r"shorten|smaller model"):
        Inspector(decoder)({"input_ids": torch.randint(0, 97, (1, 41))})


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux counts the peak of a process anew")
@pytest.mark.parametrize("name", ["bert 512", "llama batch 8"])
def test_the_estimate_is_near_what_a_process_takes(name):
    """``benchmarks/memory.py`` has the other models; two of them here, each in a process of its own."""
    script = Path(__file__).parents[2] / "benchmarks" / "memory.py"
    done = subprocess.run([sys.executable, script, "--one", name], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["used"] / 1.3 <= found["total"] <= 1.7 * found["used"]  # the same run takes a fifth more or less each time
