"""The proof line: a tick stands for what was checked in this run, on weights that were loaded, and for nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertModel

from inspector import Capture, Inspector
from inspector.service import summary_of
from inspector.views.manifest import manifest_of
from tests.saved import saved_and_loaded

MADE_UP = "encoder.layer.1.attention.self.query.weight"


@pytest.fixture(scope="module")
def of_a_file(sentence_capture, tmp_path_factory) -> Capture:
    return saved_and_loaded(sentence_capture, tmp_path_factory.mktemp("file"))


@pytest.fixture(scope="module")
def of_made_up_weights(tmp_path_factory) -> Capture:
    folder = tmp_path_factory.mktemp("model")
    config = BertConfig(hidden_size=12, num_hidden_layers=2, num_attention_heads=3, intermediate_size=17, vocab_size=31)
    BertModel(config).save_pretrained(folder)
    weights = load_file(folder / "model.safetensors")
    del weights[MADE_UP], weights["pooler.dense.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    return Inspector.from_pretrained(folder)({"input_ids": torch.arange(1, 8)[None]})


def ink(page: Page, selector: str) -> str:
    return page.locator(selector).evaluate("element => getComputedStyle(element).color")


@pytest.mark.browser
def test_the_proof_of_a_file_is_said_to_be_its_word(page: Page, of_a_file, tmp_path: Path, shot):
    of_a_file.to_html("head_view", tmp_path / "x.html")
    page.goto((tmp_path / "x.html").as_uri())
    expect(page.locator(".proof .verdict")).to_have_text("Checked when it was saved")
    expect(page.locator(".proof .proof-long")).to_contain_text("by the file’s word")
    expect(page.locator(".proof")).not_to_contain_text("✓")
    assert ink(page, ".proof .verdict") == ink(page, ".bench")
    shot(page, "proof-of-a-file")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".proof .proof-short")).to_contain_text("by the file’s word")
    shot(page, "proof-of-a-file-phone")


@pytest.mark.browser
def test_made_up_weights_get_no_tick(page: Page, of_made_up_weights, tmp_path: Path, shot):
    of_made_up_weights.to_html("head_view", tmp_path / "x.html")
    page.goto((tmp_path / "x.html").as_uri())
    expect(page.locator(".proof .verdict")).to_have_text("Checked, but on made-up weights")
    expect(page.locator(".proof .proof-long")).to_contain_text(
        f"2 weights were in none of the model’s files and were made up, the first of them {MADE_UP}"
    )
    expect(page.locator(".proof")).not_to_contain_text("✓")
    assert ink(page, ".proof .verdict") == ink(page, ".bench")
    shot(page, "proof-made-up")


def test_a_file_can_not_pass_itself(of_a_file, sentence_capture, tmp_path):
    assert sentence_capture.verdict == "passed"
    assert of_a_file.verdict == "saved"
    assert of_a_file.residual == sentence_capture.residual
    assert {call.proof.passed for call in of_a_file.calls} == {None}
    assert "by the file’s word" in of_a_file.calls[0].proof.note
    assert "by the word of its file" in repr(of_a_file.calls[0])
    assert "word of its file" in repr(of_a_file)
    assert "word of its file" not in repr(sentence_capture) + repr(sentence_capture.calls[0])
    assert summary_of(of_a_file)["proof"]["passed"] is None
    proof = manifest_of(of_a_file, measured=False)["proof"]
    assert (proof["state"], proof["from_file"], proof["tolerance"]) == ("saved", True, 1e-4)


def test_the_limit_is_never_the_files(of_a_file, tmp_path):
    call = of_a_file.calls[0]
    wide = replace(call, proof=replace(call.proof, found=torch.tensor(0.5), tolerance=float("inf")))
    again = saved_and_loaded(replace(of_a_file, calls=[wide, *of_a_file.calls[1:]]), tmp_path)
    assert [c.name for c in again.failed] == [call.name]
    assert again.verdict == "failed"
    assert manifest_of(again, measured=False)["proof"]["tolerance"] == 1e-4


def test_made_up_weights_are_said_by_the_capture_and_its_file(of_made_up_weights, tmp_path):
    assert of_made_up_weights.verdict == "made_up"
    again = saved_and_loaded(of_made_up_weights, tmp_path)
    proof = manifest_of(again, measured=False)["proof"]
    assert (proof["state"], proof["made_up"]) == ("saved", of_made_up_weights.info["made_up"])
    assert MADE_UP in json.dumps(proof)
