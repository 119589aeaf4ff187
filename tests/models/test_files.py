"""Captures on disk: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from transformers import MistralConfig, MistralForCausalLM, MistralModel, T5Config, T5ForConditionalGeneration

from inspector import Capture, Inspector, capture
from inspector.captures import AttentionCall
from inspector.errors import CaptureFileError
from inspector.files import writing
from inspector.layouts import Transposed
from inspector.masks import Mask
from inspector.scores import Given, Scores
from tests.models.headers import call, header
from tests.saved import differences, saved_and_loaded

TINY = {"num_hidden_layers": 2, "vocab_size": 31, "intermediate_size": 17, "hidden_size": 12}
MISTRAL = MistralConfig(**TINY, num_attention_heads=6, num_key_value_heads=3, sliding_window=5)
T5 = T5Config(d_model=12, d_kv=5, d_ff=17, num_heads=3, num_layers=2, vocab_size=31)
IDS = torch.arange(1, 12)[None]


def test_a_loaded_capture_is_the_saved_one(bundled, tmp_path):
    cap = bundled(["One text.", "Another text, longer."])
    again = saved_and_loaded(cap, tmp_path)
    assert not differences(cap, again)
    assert again.tokens == cap.tokens
    assert [p.name for p in tmp_path.iterdir()] == ["capture.safetensors"]
    assert not differences(cap, saved_and_loaded(again, tmp_path))


def test_a_difference_would_be_seen(bundled, tmp_path):
    cap = bundled("One text.")
    again = saved_and_loaded(cap, tmp_path)
    call, scores = again.calls[0], again.calls[0].evidence
    changes = {
        "call 0.evidence.scale": replace(call, evidence=replace(scores, scale=0.5)),
        "call 0.evidence.query": replace(call, evidence=replace(scores, query=scores.query + 1e-6)),
        "call 0.evidence.mask.right": replace(call, evidence=replace(scores, mask=replace(scores.mask, right=3))),
        "call 0.step": replace(call, step=1),
        "call 0.proof": replace(call, proof=replace(call.proof, rows=1)),
        "call 0.layout": replace(call, layout=Transposed(5)),
    }
    for name, changed in changes.items():
        assert name in differences(cap, replace(again, calls=[changed, *again.calls[1:]]))
    assert differences(cap, replace(again, info={})) == ["info"]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
@pytest.mark.parametrize("kernel", ["sdpa", "eager"])
def test_other_precisions_survive_with_the_limits_of_their_own(dtype, kernel, tmp_path):
    torch.manual_seed(0)
    model = MistralModel._from_config(MISTRAL, attn_implementation=kernel).to(dtype).eval()
    padding = torch.tensor([[1] * 11, [0] * 3 * (kernel == "sdpa") + [1] * (8 if kernel == "sdpa" else 11)])
    cap = Inspector(model)({"input_ids": IDS.repeat(2, 1), "attention_mask": padding})
    again = saved_and_loaded(cap, tmp_path)
    assert not differences(cap, again)
    assert [call.proof.tolerance for call in again.calls] == [call.proof.tolerance for call in cap.calls]


def test_the_steps_of_a_generation_and_what_was_stitched_survive(tmp_path):
    torch.manual_seed(0)
    mistral, t5 = MistralForCausalLM(MISTRAL).eval(), T5ForConditionalGeneration(T5).eval()
    for model, options in ((mistral, {}), (mistral, {"num_beams": 2}), (t5, {"decoder_start_token_id": 0})):
        with capture(model) as written:
            model.generate(IDS, max_new_tokens=4, do_sample=False, pad_token_id=0, **options)
        assert not differences(written, saved_and_loaded(written, tmp_path))
    with capture(mistral) as several:
        mistral(IDS)
        mistral(IDS[:, :5])
    assert not differences(several, saved_and_loaded(several, tmp_path))
    assert {call.step for call in several.calls} == {0, 1}


def test_what_lies_on_disk_survives(bundled, tmp_path):
    cap = bundled(["One text.", "Another text, longer."], offload_to=tmp_path / "shelf")
    assert not differences(cap, saved_and_loaded(cap, tmp_path))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_are_none_survive(bad, tmp_path):
    torch.manual_seed(0)
    model = MistralModel(MISTRAL).eval()
    model.layers[0].self_attn.q_proj.weight.data[0, 0] = bad
    with pytest.warns(UserWarning, match="failed their proof"):
        cap = Inspector(model)({"input_ids": IDS})
    again = saved_and_loaded(cap, tmp_path)
    assert not differences(cap, again)
    assert [call.name for call in again.failed] == [call.name for call in cap.failed]


def test_an_axis_that_was_only_expanded_survives(tmp_path):
    query, key, table = torch.randn(1, 4, 3, 8), torch.randn(2, 1, 7, 8), torch.rand(1, 1, 3, 7)
    mask = Mask(dense=(torch.rand(1, 1, 3, 7) > 0.3).expand(2, 4, 3, 7), keys=torch.ones(1, 7, dtype=torch.bool).expand(2, 7))
    scores = Scores(query.expand(2, -1, -1, -1), key.expand(-1, 4, -1, -1), 0.5, mask)
    cap = Capture([AttentionCall("a", scores), AttentionCall("b", Given(table.expand(2, 4, -1, -1)))])
    again = saved_and_loaded(cap, tmp_path)
    assert not differences(cap, again)
    assert again.calls[0].evidence.mask.dense.shape == (1, 1, 3, 7)


def test_a_file_without_a_column_has_its_default_and_an_unknown_one_is_passed_over(bundled, tmp_path):
    cap = bundled("One text.")
    cap.save(tmp_path / "x.safetensors")

    def older(header):
        for entry in header["calls"]:
            del entry["step"], entry["layout"], entry["evidence"]["mask"], entry["evidence"]["sinks"]
            entry["proof"]["tolerance"] = entry["evidence"]["tomorrow"] = 1e9
        header["tomorrow"] = header["sequences"]["input"][0]["tomorrow"] = ["?"]

    again = Capture.load(changed(tmp_path / "x.safetensors", older))
    assert not differences(cap, again)


def test_every_layout_is_known_to_a_process_that_has_run_no_model():
    script = "import inspector.files, inspector.captures; print(*inspector.captures.LAYOUTS)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {"Bands", "ChosenRows", "Folding", "Prompted", "Transposed"} <= set(found.split())


def test_a_mask_that_layers_share_is_stored_once(bundled, tmp_path):
    cap = bundled(["One.", "Another text, longer."])
    cap.save(tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_size < cap.nbytes + 40_000


def changed(path, change):
    """The file with its header changed, in place."""
    with safe_open(path, framework="pt") as file:
        found, tensors = json.loads(file.metadata()["inspector.capture"]), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    change(found)
    save_file({name: t.clone() for name, t in tensors.items()}, path, metadata={"inspector.capture": json.dumps(found)})
    return path


COLUMNS = ("tokens", "labels", "ids", "special", "continues", "segments", "padding")
MISFIT = {"type": "Scores", "query": {"tensor": "t1"}, "key": {"tensor": "t2"}, "scale": 1.0}
HOSTILE = {
    "another tool's file": {},
    "not JSON": {"inspector.capture": "{"},
    "a list": {"inspector.capture": "[]"},
    "deeply nested": {"inspector.capture": "[" * 100_000},
    "a later version": header(version=99),
    "calls that are text": header(calls="x"),
    "an infinite number": {
        "inspector.capture": json.dumps(json.loads(header()["inspector.capture"]) | {"calls": [call(layer_index=float("inf"))]})
    },
    "a kind there is not": header(calls=[call(kind="<b>", evidence={"type": "Given", "table": {"tensor": "t3"}})]),
    "a negative layer": header(calls=[call(layer_index=-5, evidence={"type": "Given", "table": {"tensor": "t3"}})]),
    "no key at all": header(
        calls=[call(evidence={"type": "Scores", "query": {"tensor": "t1"}, "key": {"tensor": "t4"}, "scale": 1.0})]
    ),
    "whole numbers for weights": header(calls=[call(evidence={"type": "Given", "table": {"tensor": "t5"}})]),
    "a call without evidence": header(calls=[call(evidence=None)]),
    "a type that is no evidence": header(calls=[call(evidence={"type": "Mask"})]),
    "a type of ours that is no data": header(calls=[call(evidence={"type": "Capture"})]),
    "a tensor that is not there": header(calls=[call(evidence={"type": "Given", "table": {"tensor": "t9"}})]),
    "weights of three axes": header(calls=[call()]),
    "tokens of unequal length": header(sequences={"input": [{column: [] for column in COLUMNS} | {"tokens": ["a"]}]}),
    "queries and keys that do not fit": header(calls=[call(evidence=MISFIT)]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_refused(tmp_path, name):
    tensors = {
        "t0": torch.zeros(2, 3, 5),
        "t1": torch.zeros(1, 3, 5, 7),
        "t2": torch.zeros(1, 2, 5, 7),
        "t3": torch.zeros(1, 3, 5, 7),
    }
    tensors |= {"t4": torch.zeros(1, 3, 0, 7), "t5": torch.full((1, 3, 5, 5), 7)}
    save_file(tensors, tmp_path / "x.safetensors", metadata=HOSTILE[name])
    with pytest.raises(CaptureFileError) as caught:
        Capture.load(tmp_path / "x.safetensors")
    assert "Capture.save" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b'{"a": 1}', b"\x10\x00\x00\x00\x00\x00\x00\x00{}"])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(CaptureFileError):
        Capture.load(tmp_path / "x.safetensors")


def test_a_truncated_capture_is_refused(bundled, tmp_path):
    path = tmp_path / "x.safetensors"
    bundled("Some text.").save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CaptureFileError):
        Capture.load(path)


def test_a_failed_save_leaves_the_old_file(bundled, tmp_path, monkeypatch):
    cap = bundled("Some text.")
    cap.save(tmp_path / "x.safetensors")

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise SafetensorError("I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(writing, "save_file", full)
    with pytest.raises(CaptureFileError, match="No space"):
        bundled("Other text.").save(tmp_path / "x.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]
    assert Capture.load(tmp_path / "x.safetensors").tokens == cap.tokens


def test_a_place_that_cannot_be_written_is_said_in_words(bundled, tmp_path):
    cap = bundled("Some text.")
    for path in (tmp_path / "nowhere" / "x.safetensors", tmp_path, tmp_path / ("x" * 300), "/proc/x.safetensors", "a\0b"):
        with pytest.raises(CaptureFileError):
            cap.save(path)
    for path in (tmp_path / "nowhere" / "x.safetensors", tmp_path):
        with pytest.raises(CaptureFileError):
            cap.to_html("head_view", path)


def test_a_file_that_is_written_over_does_not_change_what_was_read(bundled, tmp_path):
    cap = bundled("Some text.")
    again = saved_and_loaded(cap, tmp_path)
    (tmp_path / "capture.safetensors").write_bytes(b"")
    assert not differences(cap, again)


def test_more_calls_than_a_file_can_name_are_refused_before_it_is_written(bundled, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "_LARGEST", 100)
    with pytest.raises(CaptureFileError, match="more than one file can name"):
        bundled("Some text.").save(tmp_path / "x.safetensors")
    assert not list(tmp_path.iterdir())
