"""Pages that stand alone."""

from __future__ import annotations

import json
import re

import pytest

from inspector.errors import RegistryError, TooLarge

HOSTILE = "</script><script>window.ran=1</script><!-- ${window.ran=1} {{x}} \u2028"


def embedded(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL).group(1))


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
    assert "src=" not in page.split("<script", 1)[0]


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
    cell = embedded(sentence_capture._repr_html_())
    assert [view["name"] for view in cell["manifest"]["views"]] == ["model_view"]


def test_an_unknown_view_is_told_its_neighbour(sentence_capture):
    with pytest.raises(RegistryError, match="Did you mean 'head_view'"):
        sentence_capture.to_html("haed_view")
