"""Strangers at a public server: a real one, with a Hub of its own on this machine, and the requests a stranger would send."""

from __future__ import annotations

import contextlib
import copy
import http.client
import json
import re
import threading
from urllib.parse import urlsplit

import httpx
import pytest
import transformers
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.ui import app_server
from tests.ui.hub import Hub

ODD = [None, 5, 1.5, True, [], ["bundled"], {}, {"name": "bundled"}]


@pytest.fixture(scope="module")
def hub(bundled, tmp_path_factory):
    """Five repositories: a good model, one that is said to be large, one too large for memory, one of pickles, one that lies."""
    hub = Hub(tmp_path_factory.mktemp("hub"))
    sizes = {"hidden_size": 24, "intermediate_size": 24, "num_attention_heads": 2, "num_hidden_layers": 2}
    small = transformers.BertModel(transformers.BertConfig(**sizes, vocab_size=bundled.tokenizer.vocab_size))
    for name in ("someone/small", "someone/large", "someone/wide", "someone/deep", "zoo/dates"):
        small.save_pretrained(hub.root / name)
        bundled.tokenizer.save_pretrained(hub.root / name)
    tokenizer = copy.deepcopy(bundled.tokenizer)
    tokenizer.model_max_length = 4096
    tokenizer.save_pretrained(hub.root / "someone/slow")
    slow = {"n_embd": 256, "n_layer": 16, "n_head": 4, "n_positions": 4096, "vocab_size": len(tokenizer)}
    transformers.GPT2Model(transformers.GPT2Config(**slow, bos_token_id=1, eos_token_id=1)).save_pretrained(
        hub.root / "someone/slow"
    )
    (hub.root / "someone/small/adapter_config.json").write_text('{"base_model_name_or_path": "/etc"}')
    hub.sizes["someone/large", "model.safetensors"] = 3 * 2**30
    for name, change in (("wide", {"hidden_size": 2**16, "intermediate_size": 2**18}), ("deep", {"num_hidden_layers": 10**9})):
        path = hub.root / "someone" / name / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
    (hub.root / "someone/pickled").mkdir()
    (hub.root / "someone/pickled/config.json").write_text('{"model_type": "bert"}')
    (hub.root / "someone/pickled/pytorch_model.bin").write_bytes(b"\x80\x04")
    with hub.open():
        yield hub


@pytest.fixture(scope="module")
def url(hub, tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(folder / "home"), "HF_HUB_OFFLINE": "0"}
    with app_server.serving(folder / "log.txt", **settings, GRADIO_TEMP_DIR=str(folder / "temp")) as address:
        yield address
    assert "Traceback" not in (folder / "log.txt").read_text()


@pytest.fixture(scope="module")
def client(url):
    """A program behind a proxy: that is how the server learns that it is public."""
    headers = {"X-Forwarded-For": "10.0.0.7"}
    with contextlib.closing(Client(url, verbose=False, headers=headers, httpx_kwargs={"timeout": 300})) as found:
        yield found


def events(url: str, body: dict):
    """What a page is told of an event it put into the queue, to the end."""
    httpx.post(url + "gradio_api/queue/join", json=body, timeout=60).raise_for_status()
    with httpx.stream("GET", url + "gradio_api/queue/data", params={"session_hash": body["session_hash"]}, timeout=120) as stream:
        for line in stream.iter_lines():
            message = json.loads(line[5:]) if line[:5] == "data:" else {"msg": ""}
            yield message
            if message["msg"] == "process_completed":
                return


def said(client: Client, model: object, text: object = "hello") -> str:
    """What the server says to a request it refuses."""
    with pytest.raises(AppError) as caught:
        client.predict(model, text, "", api_name="/inspect")
    return str(caught.value)


def test_a_model_of_the_hub_is_fetched_and_no_more_of_it_than_needed(client, hub):
    found, _ = client.predict("\u00a0ｓｏｍｅｏｎｅ/small ", "hello", "", api_name="/inspect")
    assert (found["model"], found["layers"], found["heads"]) == ("someone/small", 2, 2)
    assert "adapter_config.json" not in {file for name, file in hub.sent if name == "someone/small"}


def test_a_folder_that_is_called_like_a_hub_id_is_not_looked_at(client):
    """``zoo/dates`` is a folder of the working directory: what answers is the Hub's model of that name."""
    found, _ = client.predict("zoo/dates", "hello", "", api_name="/inspect")
    assert (found["model"], found["layers"]) == ("zoo/dates", 2)


def test_nothing_tells_which_folders_are_there(client):
    for there, gone in (("/etc", "/nowhere"), ("tests", "nestt"), ("./tests", "./nestt"), ("inspector/views", "inspector/weivs")):
        for before in ("", " ", "\t", "\u00a0"):
            first, second = said(client, before + there), said(client, before + gone)
            assert first.replace(there, "…") == second.replace(gone, "…")
            assert re.search(r"public and loads from the Hub only|The Hub has no such model", first)


def test_what_is_too_large_is_refused_before_it_is_fetched_or_built(client, hub):
    assert "3.0 GB, and this server fetches at most 2.0 GB" in said(client, "someone/large")
    assert not [file for name, file in hub.sent if name == "someone/large"]
    assert re.search(r"take \d+\.\d GB in memory, and this server gives a model", said(client, "someone/wide"))
    assert "num_hidden_layers = 1,000,000,000" in said(client, "someone/deep")
    assert "no safetensors weights" in said(client, "someone/pickled")


@pytest.mark.parametrize("model", ODD, ids=repr)
def test_what_is_no_name_gets_a_sentence(client, model):
    assert re.search(r"A model was to be named|from the Hub only", said(client, model))


@pytest.mark.parametrize(
    "data", [*ODD[:-1], "open", {"name": "open", "model": 5}, {"name": "open", "text": ["x"]}, {"name": {}}], ids=repr
)
def test_odd_data_of_an_event_gets_a_card_or_nothing(url, data):
    """As the page's own requests go: into the queue, with data no page would send."""
    config = httpx.get(url + "config", timeout=60).json()
    bench = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "workbench")
    act = next(d["id"] for d in config["dependencies"] if [bench, "act"] in d["targets"])
    body = {"data": ["bundled", "x", ""], "fn_index": act, "session_hash": "odd", "event_data": data, "trigger_id": bench}
    done = list(events(url, body))[-1]
    assert done["success"], done
    if data and data != "open":
        assert "error" in json.dumps(done["output"])


def test_a_text_of_many_megabytes_is_refused_unread(client):
    assert re.search(
        r"20,000,000 characters and the model takes 512 tokens", said(client, "bundled", "lorem ipsum dolor si" * 10**6)
    )


def test_a_body_of_any_size_is_not_read(url):
    """Said to be large, or sent in pieces without a word: in either case it is given up."""
    address = url + "gradio_api/queue/join"
    with contextlib.closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)) as connection:
        connection.putrequest("POST", "/gradio_api/queue/join")
        connection.putheader("Content-Length", str(10**12))
        connection.endheaders()
        assert connection.getresponse().status == 413
    with contextlib.suppress(httpx.HTTPError):
        pieces = (b" " * 2**20 for _ in range(80))
        assert httpx.post(address, content=pieces, timeout=60).status_code >= 400


def test_the_app_takes_no_files(url):
    answer = httpx.post(url + "gradio_api/upload", files={"files": ("x.bin", b"x" * 100_000)}, timeout=60)
    assert answer.status_code == 413
    assert "maximum allowed size" in answer.text


def test_thirty_downloads_are_one_file(url):
    page = httpx.get(url + "config", timeout=60).json()
    bench = next(c for c in page["components"] if c["props"].get("elem_id") == "workbench")
    request = {"kind": "export", "what": "capture", "capture": bench["props"]["value"]["manifest"]["id"]}
    body = {"data": json.dumps(request), "component_id": bench["id"], "fn_name": "fetch", "session_hash": "x"}
    files = [httpx.post(url + "gradio_api/component_server", json=body, timeout=60).json()["url"] for _ in range(30)]
    assert len(set(files)) == 1
    assert len(httpx.get(url + files[0], timeout=60).content) > 10**5


def test_a_full_queue_says_so(url, hub):
    """More runs than wait in line: the ones too many are refused at once, in words; the others are answered."""
    config = httpx.get(url + "config", timeout=60).json()
    act = next(d["id"] for d in config["dependencies"] if d["api_name"] == "inspect")
    statuses = []

    def ask(number: int) -> None:
        body = {"data": ["someone/nothing", "x", ""], "fn_index": act, "session_hash": f"queue-{number}"}
        answer = httpx.post(url + "gradio_api/queue/join", json=body, timeout=120)
        statuses.append((answer.status_code, answer.text))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [text for status, text in statuses if status != 200]
    assert 0 < len(refused) < 60
    assert all("Queue is full" in text for text in refused)


def test_a_server_that_is_told_to_end_says_so_to_who_waits_and_ends(url):
    """The last test of this file: the server is gone afterwards."""
    config = httpx.get(url + "config", timeout=60).json()
    run = next(d for d in config["dependencies"] if [d["targets"][0][1], len(d["inputs"])] == ["click", 3])
    body = {"data": ["someone/slow", "the cat sat on the mat " * 600, ""], "fn_index": run["id"], "session_hash": "last"}
    told = []
    for message in events(url, body):
        told.append(json.dumps(message))
        if "Running 3,602 tokens" in told[-1] and url.process.poll() is None:
            url.process.terminate()
    assert "told to end before it was done" in "".join(told[-2:])
    assert url.process.wait(20) == 0
