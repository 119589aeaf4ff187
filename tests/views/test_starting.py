"""Where a page begins when nobody says."""

from __future__ import annotations

import pytest

from inspector import capture
from inspector.examples import EXAMPLES
from inspector.views.manifest import group_key
from inspector.views.starting import first_start, started
from tests.tiny_models import FAMILIES


@pytest.fixture(scope="module")
def nurse(bundled):
    return bundled("The doctor asked the nurse to help her with the procedure.")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_begins_where_the_app_begins_it(bundled, example):
    assert first_start(bundled(example.text, example.pair or None)) == example.start


def test_any_other_text_begins_at_its_most_selective_link(nurse):
    """Against a loop over every link: its weight over what the average word gives its key."""
    best, labels = (0.0, None), nurse.query_tokens(nurse.calls[0], 0).labels
    words = [at for at, label in enumerate(labels) if label.isalnum()]
    for call in nurse.calls:
        for head in range(12):
            table = call.weights(0, head)[0, 0].double()
            for query in words:
                key = max(words, key=lambda key: table[query, key])
                times = float(table[query, key] / table[words, key].mean()) * min(1.0, float(table[query, key]) / 0.5) ** 2
                if abs(query - key) >= 3 and labels[query] != labels[key] and times > best[0]:
                    best = (times, {"group": "self", "layer": call.layer_index, "heads": [head], "query": query})
    assert first_start(nurse) == best[1]
    assert labels[best[1]["query"]] == "procedure"


def test_what_was_asked_for_wins(nurse):
    assert started(nurse, {"layer": 4}) == {"layer": 4}
    assert started(nurse, {"view": "heat_map"}) == first_start(nurse) | {"view": "heat_map"}
    assert nurse.to_html("head_view", start={"layer": 5, "heads": [7]}).count('"layer": 5, "heads": [7]') == 1


def test_a_text_without_a_link_begins_at_its_first_head(bundled):
    assert first_start(bundled("Hi")) == {"group": "self", "layer": 0, "heads": [0]}


@pytest.mark.parametrize("name", ["BartModel", "GPT2Model", "ViTModel", "SwinModel", "LlamaModel"])
def test_every_family_begins_somewhere_that_is_there(name):
    family = next(one for one in FAMILIES if one.cls == name)
    model = family.model()
    with capture(model) as cap:
        model(**family.feed(model))
    start = first_start(cap)
    tower, kind = cap.towers[0]
    call = next(one for one in cap.group(tower, kind) if one.layer_index == start["layer"])
    assert start["group"] == group_key(tower, kind)
    assert call.weights(0, start["heads"], start.get("query", 0)).numel() == call.shape[3]
