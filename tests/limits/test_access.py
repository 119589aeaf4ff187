"""What visitors may ask for: names in one form, folders on no public server, bounds before anything is built."""

from __future__ import annotations

import json

import pytest
import torch
import transformers

from inspector.access import Access, Exposure, normalized, offered
from inspector.errors import InspectorError, ModelError, ModelNotFound, TooLarge
from inspector.examples import MODELS
from inspector.hub import needed_files
from inspector.service import Service
from inspector.sizes import check_config, check_numbers, load_bytes

FOLDERS = [
    " /etc", "\t/etc", "\xa0/etc", "\u2003./tests", "/etc", "~", "~root", "./tests", "../main", "..", ".",
    "tests/limits/", "tests//limits",
    "C:\\Windows", "c:/", "\\\\server\\share",
    "%2e%2e%2fetc", "..%2f", "a/b/c", "\u2024\u2024/etc", "\uff0fetc", "\uff0e\uff0e\uff0fetc",
    "a b", "гpt2",
]  # fmt: skip
UNSEEN = ["gpt2\x00", "gp\x00t2", "/etc\x00", "gpt\n2", "gp\u200bt2", "\u202egpt2", "gpt2\x7f", "\ufeffgpt2"]
LONG = ["a" * 300, "/" + "a" * 5000, "é" * 150, "owner/" + "n" * 300]
PRIVATE = {"bound": "127.0.0.1", "shared": False, "root_path": "", "headers": {"host": "127.0.0.1:7860"}, "client": "127.0.0.1"}


@pytest.mark.parametrize("name", FOLDERS, ids=ascii)
def test_on_a_public_server_what_is_no_hub_id_gets_one_answer(name):
    with pytest.raises(ModelError) as caught:
        Access().name(name, public=True)
    assert caught.value.found == "This server is public and loads from the Hub only."


@pytest.mark.parametrize("name", UNSEEN + LONG, ids=lambda name: ascii(name)[:20])
@pytest.mark.parametrize("public", [True, False])
def test_names_that_are_no_names_are_told_so(name, public):
    with pytest.raises(ModelError, match=r"cannot be seen|longer than|from the Hub only"):
        Access().name(name, public=public)


@pytest.mark.parametrize("name", [None, 5, 1.5, True, [], ["gpt2"], {}, {"a": 1}, b"gpt2", "", "  \t"], ids=repr)
@pytest.mark.parametrize("public", [True, False])
def test_what_is_no_text_is_no_name(name, public):
    with pytest.raises(ModelError, match="A model was to be named"):
        Access().name(name, public=public)


def test_a_name_has_one_form_and_that_form_is_used():
    assert normalized(" \u00a0openai-community/gpt2\t") == "openai-community/gpt2"
    assert normalized("ｇｐｔ２") == "gpt2"
    assert normalized(" ./ﬁle ") == "./ﬁle", "a path is taken letter by letter"
    assert Access().name("ｂｕｎｄｌｅｄ ", public=True) == "bundled"


def test_a_folder_of_the_working_directory_is_never_taken_for_a_hub_id(tmp_path, monkeypatch):
    """The same words, up to the name, for a folder that is there and one that is not."""
    folder = tmp_path / "here"
    transformers.BertModel(transformers.BertConfig(num_hidden_layers=1, hidden_size=12, intermediate_size=12)).save_pretrained(
        folder
    )
    monkeypatch.chdir(tmp_path)
    said = []
    for name in ("here", "nowhere"):
        with pytest.raises(ModelNotFound) as caught:
            Service(Access()).inspector(name, public=True)
        said.append(str(caught.value).replace(repr(name), "…"))
    assert said[0] == said[1]
    assert type(Service(Access()).inspector("here").model).__name__ == "BertModel"


def test_what_was_loaded_from_a_folder_is_not_handed_to_strangers(tmp_path, monkeypatch):
    transformers.BertModel(transformers.BertConfig(num_hidden_layers=1, hidden_size=12, intermediate_size=12)).save_pretrained(
        tmp_path / "here"
    )
    monkeypatch.chdir(tmp_path)
    service = Service(Access())
    assert service.inspector("here") is service.inspector(" here ")
    with pytest.raises(ModelNotFound):
        service.inspector("here", public=True)


def test_a_list_of_models_is_the_whole_list(tmp_path):
    access = Access.from_environment({"INSPECTOR_MODELS": f"openai-community/gpt2, {tmp_path}\n"})
    for name in ("bundled", "openai-community/gpt2 ", str(tmp_path)):
        assert access.name(name, public=True) == name.strip()
    assert access.on_disk(str(tmp_path), public=True)
    assert not access.on_disk("openai-community/gpt2", public=True)
    for name in ("google-bert/bert-base-uncased", "/etc", "./tests"):
        with pytest.raises(ModelError, match="is not on it"):
            access.name(name, public=True)
    assert [name for _, name in offered(MODELS, access)] == ["bundled", "openai-community/gpt2", str(tmp_path)]
    assert offered(MODELS, Access()) == list(MODELS)


def test_sizes_are_read_as_people_write_them():
    access = Access.from_environment({"INSPECTOR_DOWNLOAD": "1.5 GB", "INSPECTOR_MEMORY": "500mb"})
    assert (access.download, access.memory) == (3 * 2**29, 500 * 2**20)
    with pytest.raises(InspectorError, match="is no size"):
        Access.from_environment({"INSPECTOR_MEMORY": "much"})


def test_a_server_for_this_machine_alone_is_private():
    for bound in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        assert not Exposure({}).public(**PRIVATE | {"bound": bound})
    assert not Exposure({}).public(**PRIVATE | {"headers": {"Host": "[::1]:7860"}, "client": "::1"})


@pytest.mark.parametrize(
    "what",
    [
        {"bound": "0.0.0.0"}, {"bound": "192.168.0.7"}, {"bound": "::"}, {"bound": None}, {"bound": "localhost.example.org"},
        {"shared": True}, {"root_path": "/demo"}, {"client": "10.0.0.4"}, {"client": None},
        {"headers": {"host": "demo.example.org"}}, {"headers": {"host": "127.0.0.1.example.org:7860"}},
        {"headers": {"host": "localhost", "X-Forwarded-For": "10.0.0.1"}},
        {"headers": {"host": "localhost", "forwarded": "for=x"}},
        {"headers": {"host": "localhost", "Via": "1.1 proxy"}}, {"headers": {"host": "localhost", "x-forwarded-proto": "https"}},
    ],
    ids=repr,
)  # fmt: skip
def test_a_server_that_others_may_reach_is_public_unless_its_owner_says_not(what):
    assert Exposure({}).public(**PRIVATE | what)
    assert not Exposure({"INSPECTOR_PUBLIC": "0"}).public(**PRIVATE | what)


def test_a_space_is_public_and_an_owner_may_say_so_himself():
    assert Exposure({"SPACE_ID": "someone/demo"}).public(**PRIVATE)
    assert Exposure({"GRADIO_ROOT_PATH": "/demo"}).public(**PRIVATE)
    assert Exposure({"INSPECTOR_PUBLIC": "1"}).public(**PRIVATE)
    assert Exposure({"INSPECTOR_PUBLIC": "perhaps"}).public(**PRIVATE)


def test_a_server_that_was_once_seen_behind_a_proxy_stays_public():
    exposure = Exposure({})
    assert not exposure.public(**PRIVATE)
    assert exposure.public(**PRIVATE | {"headers": {"x-forwarded-host": "demo.example.org"}})
    assert exposure.public(**PRIVATE)


HUGE = [
    {"num_hidden_layers": 10**9}, {"n_layer": 513}, {"hidden_size": 2**30}, {"d_model": 10**7}, {"intermediate_size": 10**12},
    {"num_local_experts": 10**6}, {"n_routed_experts": 5000}, {"vocab_size": 10**10}, {"num_labels": 10**9},
    {"text_config": {"num_hidden_layers": 10**6}}, {"depths": [200, 200, 200]}, {"hidden_sizes": [8, 2**30]},
    {"image_size": 2**30},
    {"max_position_embeddings": 2**40}, {"num_hidden_layers": 300, "num_experts": 1000}, {"num_hidden_layers": float("inf")},
    {"num_hidden_layers": float("nan")}, {"configs": [{"n_layers": 9999}]}, {"encoder_layers": 10**8},
    {"num_attention_heads": 2**20},
]  # fmt: skip


@pytest.mark.parametrize("raw", HUGE, ids=repr)
def test_a_configuration_out_of_proportion_is_refused_as_json(raw):
    with pytest.raises(TooLarge, match="Its configuration says"):
        check_numbers(raw)


@pytest.mark.parametrize(
    "name", ["Llama", "GPT2", "Bert", "T5", "Mixtral", "DeepseekV3", "Swin", "Whisper", "LongT5", "Qwen3Moe", "Clvp", "Bart"]
)
def test_configurations_as_the_library_has_them_pass(name):
    check_numbers(json.loads(json.dumps(getattr(transformers, f"{name}Config")().to_dict(), default=str)))


def saved(config, folder):
    config.architectures = [type(config).__name__.replace("Config", "Model")]
    config.save_pretrained(folder)
    return folder


def test_bytes_are_counted_before_any_weight_exists(tmp_path):
    config = transformers.LlamaConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=3, num_attention_heads=4, vocab_size=101
    )
    model = transformers.LlamaModel(config)
    size = sum(t.nbytes for t in (*model.parameters(), *model.buffers()))
    assert load_bytes(saved(config, tmp_path)) == pytest.approx(size, rel=0.01)
    config.dtype = torch.bfloat16
    assert load_bytes(saved(config, tmp_path)) == pytest.approx(size / 2, rel=0.01)


def test_a_model_that_takes_more_than_a_server_gives_is_refused_before_it_is_built(tmp_path):
    """80 billion numbers: no machine of ours could build it to find out."""
    saved(
        transformers.LlamaConfig(hidden_size=8192, intermediate_size=28672, num_hidden_layers=80, num_attention_heads=64),
        tmp_path,
    )
    with pytest.raises(TooLarge, match=r"take \d{3}\.\d GB in memory, and this server gives a model 2\.0 GB"):
        check_config(tmp_path, 2 * 2**30)


@pytest.mark.parametrize(
    "named",
    [{"use_pretrained_backbone": True}, {"transformers_weights": "../x.safetensors"}, {"vision": {"kernel_config": {"a": 1}}}],
)
def test_a_configuration_that_sends_the_loader_elsewhere_is_refused(tmp_path, named):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"} | named))
    with pytest.raises(ModelError, match="names something else to load"):
        check_config(tmp_path, None)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 100_000, "\xff", '{"model_type": "nothing-known"}', '{"model_type": 5}'],
    ids=lambda text: text[:20],
)
def test_a_configuration_that_is_none_is_told_so(tmp_path, text):
    (tmp_path / "config.json").write_text(text, encoding="latin-1")
    with pytest.raises(ModelError, match="A model of the Hub was to be loaded"):
        check_config(tmp_path, None)


def test_of_a_repository_only_what_a_model_needs_is_fetched():
    listed = {
        "config.json": 600, "tokenizer.json": 10**6, "vocab.txt": 2 * 10**5, "model.safetensors": 10**8,
        "pytorch_model.bin": 10**8,
        "flax_model.msgpack": 10**8, "onnx/model.onnx": 10**8, "onnx/config.json": 10, "model.fp16.safetensors": 10**8,
        "adapter_config.json": 100, "adapter_model.safetensors": 10**6, "README.md": 10**4, "modeling_x.py": 10**4,
        "../config.json": 5, "huge.json": 10**12,
        "a*.json": 5,
    }  # fmt: skip
    assert sorted(needed_files(listed)) == ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"]
    shards = {f"model-{n:05}-of-00002.safetensors": 5 for n in (1, 2)} | {"model.safetensors.index.json": 9}
    assert set(needed_files(shards)) == set(shards)
