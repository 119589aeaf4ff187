"""Captures on disk: what goes in comes out, and nothing else is believed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file
from transformers import LongformerConfig, LongformerModel, MistralConfig, MistralForCausalLM, MistralModel, T5Config, T5Model

from inspector import Capture, Inspector, capture, files
from inspector.errors import CaptureFileError
from inspector.files import VERSION


def same(ours: Capture, theirs: Capture) -> bool:
    """What is kept is equal; weights follow to rounding, since how tensors lie in memory may choose another product."""
    pairs = list(zip(ours.calls, theirs.calls, strict=True))
    kept = [zip(a.evidence.tensors().items(), b.evidence.tensors().items(), strict=True) for a, b in pairs]
    return (
        all(n == m and torch.equal(x, y) for tensors in kept for (n, x), (m, y) in tensors)
        and all(torch.allclose(a.weights(), b.weights(), atol=1e-6) for a, b in pairs)
        and all(a.residual == b.residual for a, b in pairs)
    )


def test_a_loaded_capture_is_the_saved_one(bundled, tmp_path):
    cap = bundled(["One text.", "Another text, longer."])
    cap.save(tmp_path / "x.safetensors")
    again = Capture.load(tmp_path / "x.safetensors")
    assert same(cap, again)
    assert again.tokens == cap.tokens
    assert again.sequences == cap.sequences
    assert again.info == cap.info
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]


TINY = {"num_hidden_layers": 2, "vocab_size": 31, "intermediate_size": 17, "hidden_size": 12}
MISTRAL = MistralConfig(**TINY, num_attention_heads=6, num_key_value_heads=3, sliding_window=5)
T5 = T5Config(d_model=12, d_kv=5, d_ff=17, num_heads=3, num_layers=2, vocab_size=31)
IDS = torch.arange(1, 12)[None]


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        (lambda: MistralModel(MISTRAL), {"input_ids": IDS}),
        (lambda: T5Model(T5), {"input_ids": IDS[:, :7], "decoder_input_ids": IDS[:, :5]}),
    ],
    ids=["window and grouped queries", "position bias and cross-attention"],
)
def test_every_part_of_a_mask_survives(model, inputs, tmp_path):
    cap = Inspector(model().eval())(inputs)
    cap.save(tmp_path / "x.safetensors")
    assert same(cap, Capture.load(tmp_path / "x.safetensors"))


def test_a_layout_and_the_steps_of_a_generation_survive(tmp_path):
    torch.manual_seed(0)
    config = LongformerConfig(**TINY, num_attention_heads=3, attention_window=4, max_position_embeddings=40)
    cap = Inspector(LongformerModel(config).eval())({"input_ids": IDS})
    cap.save(tmp_path / "x.safetensors")
    again = Capture.load(tmp_path / "x.safetensors")
    assert same(cap, again)
    for mine, theirs in zip(cap.as_hf()["attentions"], again.as_hf()["attentions"], strict=True):
        assert torch.equal(mine, theirs)
    model = MistralForCausalLM(MISTRAL).eval()
    with capture(model) as written:
        model.generate(IDS, max_new_tokens=4, do_sample=False, pad_token_id=0)
    written.save(tmp_path / "y.safetensors")
    assert same(written, Capture.load(tmp_path / "y.safetensors"))


def test_every_layout_is_known_to_a_process_that_has_run_no_model():
    script = "import inspector.files, inspector.captures; print(*inspector.captures.LAYOUTS)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert {"Bands", "ChosenRows", "Folding", "Prompted", "Transposed"} <= set(found.split())


def test_a_mask_that_layers_share_is_stored_once(bundled, tmp_path):
    cap = bundled(["One.", "Another text, longer."])
    cap.save(tmp_path / "x.safetensors")
    assert (tmp_path / "x.safetensors").stat().st_size < cap.nbytes + 40_000


def header(**changes) -> dict[str, str]:
    good = {"version": VERSION, "info": {}, "missing": [], "sequences": {}, "calls": []}
    return {"inspector.capture": json.dumps(good | changes)}


def call(**changes) -> dict:
    evidence = {"type": "Given", "table": {"tensor": "t0"}}
    plain = {
        "name": "a",
        "kind": "self",
        "layer_index": 0,
        "source": "",
        "tower": "",
        "index": 0,
        "note": "",
        "axes": ["input", "input"],
    }
    return plain | {"proof": {"residual": None, "tolerance": 1e-4, "rows": 0, "note": ""}, "evidence": evidence} | changes


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
        raise OSError("No space left on device")

    monkeypatch.setattr(files, "save_file", full)
    with pytest.raises(OSError, match="No space"):
        bundled("Other text.").save(tmp_path / "x.safetensors")
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]
    assert Capture.load(tmp_path / "x.safetensors").tokens == cap.tokens


def test_a_place_that_cannot_be_written_is_said_in_words(bundled, tmp_path):
    cap = bundled("Some text.")
    for path in (tmp_path / "nowhere" / "x.safetensors", tmp_path):
        with pytest.raises(CaptureFileError):
            cap.save(path)
        with pytest.raises(CaptureFileError):
            cap.to_html("head_view", path)
