"""What a page was asked for is checked before it is made, and nothing of it is passed over in silence."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

from inspector import CaptureFileError, OutOfRange, capture
from tests.tiny_models import Family


def start_of(page: str) -> dict:
    data = json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))
    return data["manifest"]["start"]


@pytest.mark.parametrize("path", ["a.png", "a", "a.html.gz", "a.safetensors", ".html", 5])
def test_a_page_is_not_written_into_a_file_of_something_else(sentence_capture, tmp_path, path, unchecked):
    where = path if path == 5 else tmp_path / path
    with pytest.raises(CaptureFileError, match=r"\.html") as caught:
        sentence_capture.to_html("head_view", where)
    assert all((caught.value.asked, caught.value.found, caught.value.do))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["a.html", "a.HTM"])
def test_a_page_is_written_where_a_browser_opens_it(sentence_capture, tmp_path, path):
    sentence_capture.to_html("head_view", tmp_path / path)
    assert (tmp_path / path).read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("view", "says"), [([], "no view"), ("a.html", "path='a.html'"), ([3], "by its name"), (None, "by its name")]
)
def test_what_is_no_view_is_refused(sentence_capture, view, says, unchecked):
    with pytest.raises(OutOfRange, match=says):
        sentence_capture.to_html(view)


@pytest.mark.parametrize(
    ("start", "says"),
    [
        ({"layer": 99}, "Layer 99 .* layers 0 to 5"),
        ({"layer": "3"}, "Layer '3'"),
        ({"layers": 3}, "'layers' .* no such part.*layer, head, heads"),
        ({"heads": [12]}, "Head 12 .* There are 12"),
        ({"head": 1.5}, "whole number"),
        ({"query": 25}, "Query 25 .* There are 25"),
        ({"key": "it"}, "whole number"),
        ({"group": "decoder"}, "There are self"),
        ({"view": "heat_map"}, "View 'heat_map'.*There are head_view"),
        ([3], "A start is a dictionary"),
    ],
)
def test_a_start_that_is_not_there_is_refused(sentence_capture, start, says, unchecked):
    with pytest.raises(OutOfRange, match=says) as caught:
        sentence_capture.to_html("head_view", start=start)
    assert all((caught.value.asked, caught.value.found, caught.value.do))


def test_a_start_is_written_in_plain_numbers(sentence_capture):
    start = {"layer": np.int64(3), "heads": torch.tensor([1, -1]), "query": np.int64(10), "key": None}
    assert start_of(sentence_capture.to_html(start=start)) == {"layer": 3, "heads": [1, 11], "query": 10}
    assert start_of(sentence_capture.to_html(start={"head": 2, "key": -1})) == {"heads": [2], "key": 24}


@pytest.mark.parametrize("batch", [1, -2, "x", 0.5])
def test_a_batch_item_that_is_not_there_is_refused(sentence_capture, batch, unchecked):
    with pytest.raises(OutOfRange, match="atch item"):
        sentence_capture.to_html(batch=batch)


def test_a_forward_pass_is_counted_from_0_and_a_generation_is_one():
    model = Family("GPT2LMHeadModel").model()
    with torch.no_grad(), capture(model) as cap:
        model.generate(torch.tensor([[5, 7, 9]]), max_new_tokens=4, do_sample=False, eos_token_id=-1)
    assert cap.to_html(step=0)[:9] == cap.to_html(step=np.int64(-1))[:9] == "<!doctype"
    with pytest.raises(OutOfRange, match=r"Forward pass 1 .*There are 1\. Use 0\."):
        cap.to_html(step=1)


def test_a_forward_pass_that_is_not_there_is_refused(unchecked):
    model = Family("BertModel").model()
    with torch.no_grad(), capture(model) as cap:
        model(torch.tensor([[5, 7, 9]]))
        model(torch.tensor([[5, 7, 9]]))
    with pytest.raises(OutOfRange, match=r"There are 2\. Use 0 to 1\."):
        cap.to_html(step=2)
    with pytest.raises(OutOfRange, match="whole number"):
        cap.to_html(step="x")
