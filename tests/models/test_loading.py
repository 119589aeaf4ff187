"""What can be loaded, and what is said about what cannot."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import httpx
import pytest
import torch
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError
from transformers import AutoConfig

from inspector import Inspector
from inspector.errors import ModelError, ModelNotFound, UnsafeWeights

spec = importlib.util.spec_from_file_location("folders", Path(__file__).with_name("folders.py"))
folders = importlib.util.module_from_spec(spec)
spec.loader.exec_module(folders)


def three_sentences(error: Exception) -> bool:
    return all([error.asked, error.found, error.do]) and all(
        part.rstrip()[-1] in ".'" or part for part in (error.asked, error.found, error.do)
    )


def test_a_folder_in_hub_format_is_loaded_as_the_class_its_config_names(tmp_path):
    inspector = Inspector.from_pretrained(folders.bert(tmp_path))
    assert type(inspector.model).__name__ == "BertModel"
    assert not inspector.model.training
    assert inspector.tokenizer is None
    assert inspector.name == tmp_path.name


def test_options_reach_transformers(tmp_path):
    inspector = Inspector.from_pretrained(folders.bert(tmp_path), dtype=torch.bfloat16, attn_implementation="eager")
    assert inspector.model.dtype == torch.bfloat16
    assert inspector.model.config._attn_implementation == "eager"


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (folders.without_config, ModelError, "no config.json"),
        (folders.pickled, UnsafeWeights, "pickle"),
        (folders.damaged, UnsafeWeights, "damaged"),
        (folders.without_weights, ModelNotFound, "no \\*.safetensors"),
    ],
)
def test_a_broken_folder_says_what_is_wrong_with_it(tmp_path, make, error, says):
    with pytest.raises(error, match=says) as caught:
        Inspector.from_pretrained(make(tmp_path))
    assert three_sentences(caught.value)


def test_pickled_weights_are_never_opened(tmp_path, monkeypatch):
    def opened(*args, **kwargs):
        raise AssertionError("a pickle was opened")

    folder = folders.pickled(tmp_path)
    monkeypatch.setattr(torch, "load", opened)
    with pytest.raises(UnsafeWeights):
        Inspector.from_pretrained(folder)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "~/nowhere-at-all"])
def test_a_folder_that_is_not_there_is_not_looked_up_on_the_hub(name):
    with pytest.raises(ModelNotFound, match="no such folder"):
        Inspector.from_pretrained(name)


def test_an_impossible_name_is_told_apart_from_an_unreachable_one():
    with pytest.raises(ModelNotFound, match="neither a Hub id nor a folder"):
        Inspector.from_pretrained("a b c")
    with pytest.raises(ModelNotFound, match="Hub cannot be reached"):
        Inspector.from_pretrained("nobody/nothing-of-that-name")


def _response(status: int) -> httpx.Response:
    return httpx.Response(status, request=httpx.Request("GET", "https://hub.invalid"))


@pytest.mark.parametrize(
    ("raised", "says"),
    [
        (lambda: GatedRepoError("gated", response=_response(403)), "access on request"),
        (lambda: RepositoryNotFoundError("none", response=_response(404)), "no such model"),
        (lambda: ConnectionError("refused"), "cannot be reached"),
    ],
)
def test_what_the_hub_answers_is_explained(monkeypatch, raised, says):
    def from_pretrained(*args, **kwargs):
        raise OSError("transformers' own words") from raised()

    monkeypatch.setattr(AutoConfig, "from_pretrained", from_pretrained)
    with pytest.raises(ModelNotFound, match=says) as caught:
        Inspector.from_pretrained("owner/model")
    assert three_sentences(caught.value)


def test_foreign_code_is_not_run_unasked(tmp_path):
    folder = folders.bert(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config |= {"auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}, "model_type": "evil"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text("raise SystemExit('foreign code ran')")
    with pytest.raises(ModelError):
        Inspector.from_pretrained(folder)
