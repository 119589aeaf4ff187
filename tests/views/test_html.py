"""Pages that stand alone."""

from __future__ import annotations

import base64
import json
import re
import zlib

import pytest

from inspector.errors import RegistryError, TooLarge
from inspector.notebook import cell

HOSTILE = "</script><script>window.ran=1</script><!-- ${window.ran=1} {{x}} \u2028"


def embedded(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))


def unpacked(cell: str) -> dict:
    return json.loads(zlib.decompress(base64.b64decode(re.search(r'-data">([^<]*)<', cell).group(1))))


def test_a_page_carries_what_its_view_asks_for_and_no_more(sentence_capture, tmp_path):
    page = sentence_capture.to_html("head_view", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    data = embedded(page)
    assert [view["name"] for view in data["manifest"]["views"]] == ["head_view"]
    assert len(data["answers"]) == 72
    assert "maps" not in "".join(data["answers"])
    assert len(embedded(sentence_capture.to_html(["model_view", "head_view"]))["answers"]) == 73


def test_hostile_tokens_cannot_end_the_element_they_stand_in(bundled):
    page = bundled(HOSTILE).to_html("head_view")
    assert page.count("</script>") == 2
    assert "<!--" not in page.split("<body", 1)[1]
    assert "script" in embedded(page)["manifest"]["axes"]["input"]["labels"]


def test_a_page_forbids_the_network_to_itself(sentence_capture):
    page = sentence_capture.to_html("head_view")
    assert "default-src 'none'" in page
    assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)', page.split("<script", 1)[0]))


def test_a_notebook_gets_a_fragment_of_its_own(sentence_capture):
    first, second = sentence_capture._repr_html_(), sentence_capture._repr_html_()
    assert "<iframe" not in first
    assert "<html" not in first
    assert re.search(r'id="(inspector-\w+)"', first).group(1) != re.search(r'id="(inspector-\w+)"', second).group(1)


def test_a_page_no_browser_opens_is_refused_before_it_is_written(sentence_capture, tmp_path, monkeypatch):
    monkeypatch.setattr("inspector.html._LARGEST", 100_000)
    with pytest.raises(TooLarge, match="no browser opens that"):
        sentence_capture.to_html("heat_map", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_a_cell_carries_as_many_heads_as_there_is_room_for(sentence_capture, monkeypatch):
    def heads(text: str) -> list[str]:
        return [name for name in unpacked(text)["answers"] if '"head"' in name]

    every = heads(cell(sentence_capture))
    assert len(every) == 72
    assert every[0] == '{"group":"self","head":1,"kind":"head","layer":3}'
    monkeypatch.setattr("inspector.notebook._ROOM", 40_000)
    some = heads(cell(sentence_capture))
    assert some == every[: len(some)]
    assert 5 < len(some) < 15
    monkeypatch.setattr("inspector.notebook._ROOM", 0)
    monkeypatch.setattr("inspector.notebook._ONE_HEAD", 0)
    none = unpacked(cell(sentence_capture))
    assert [view["name"] for view in none["manifest"]["views"]] == ["model_view"]
    assert list(none["answers"]) == ['{"group":"self","kind":"maps"}']


def test_an_unknown_view_is_told_its_neighbour(sentence_capture):
    with pytest.raises(RegistryError, match="Did you mean 'head_view'"):
        sentence_capture.to_html("haed_view")
