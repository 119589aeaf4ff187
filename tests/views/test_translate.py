"""The answers behind Translate and Five steps: exactly the zoo's numbers, and for the Transformer exactly its eager weights."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from transformers import AutoModelForSeq2SeqLM

from inspector.demos import demo_page
from inspector.errors import OutOfRange
from inspector.views import DEMOS, VIEWS
from inspector.views.manifest import manifest_of
from inspector.views.requests import answer
from inspector.views.translate import EXAMPLES
from tests.views.test_requests import unpack
from zoo.dates import five_steps, load, models, path, translate

RECURRENT = ("additive", "dot_product", "scaled_dot_product", "local_p")


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """Vectors of 128 numbers are not worth a second thread, least of all on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def asked(capture, text, **rest):
    return answer(capture, {"kind": "translate", "text": text, **rest})


def steps(capture, text, attention):
    return answer(capture, {"kind": "five_steps", "text": text, "attention": attention})


@pytest.mark.parametrize("text", EXAMPLES)
def test_all_five_models_answer_with_the_zoos_own_numbers(sentence_capture, text):
    found = asked(sentence_capture, text)
    assert [one["name"] for one in found["models"]] == list(models())
    for one in found["models"]:
        own = translate(text, one["name"])
        assert (one["output"], one["right"], found["known"], found["note"]) == (own.output, own.right, own.known, own.note)
        assert np.array_equal(unpack(one["probabilities"]), own.probabilities.numpy())
        assert found["characters"] == list(own.characters)
        if one["name"] in RECURRENT:
            assert np.array_equal(unpack(one["alignment"]), own.alignment.numpy())


@pytest.mark.parametrize("text", EXAMPLES[:4])
def test_the_transformers_alignment_is_its_own_eager_cross_attention(sentence_capture, text):
    found = asked(sentence_capture, text)
    eager = AutoModelForSeq2SeqLM.from_pretrained(path("transformer"), attn_implementation="eager").eval()
    zoo = load("transformer")
    inputs = zoo.encode([text])
    with torch.no_grad():
        written = eager.generate(**inputs)
        length = len(found["models"][-1]["output"])
        told = eager(**inputs, decoder_input_ids=written[:, :length], output_attentions=True).cross_attentions
    expected = torch.stack([layer[0] for layer in told])
    maps = unpack(found["cross"]["maps"])
    assert maps.shape == (2, 4, length, len(found["characters"]))
    np.testing.assert_allclose(maps, expected.numpy(), atol=2e-6)
    np.testing.assert_allclose(unpack(found["models"][-1]["alignment"]), expected[-1].mean(0).numpy(), atol=2e-6)
    assert found["cross"]["passed"] is True
    assert 0 < found["cross"]["residual"] < 1e-5


def test_rows_of_an_alignment_sum_to_one_and_those_of_local_p_to_less(sentence_capture):
    found = asked(sentence_capture, EXAMPLES[0])
    sums = {one["name"]: unpack(one["alignment"]).sum(1) for one in found["models"]}
    for name, rows in sums.items():
        if name == "local_p":
            assert (rows <= 1 + 1e-6).all()
            assert rows.min() < 0.5
        else:
            np.testing.assert_allclose(rows, 1, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "The text is empty."),
        (" \u200e\t ", "The text is empty."),
        ("3 mai 2019 " * 9, "98 characters"),
        ("x" * 20_000, "20,000"),
    ],
)
def test_a_text_no_model_takes_is_refused_in_three_sentences(sentence_capture, text, found):
    for given in (asked(sentence_capture, text), steps(sentence_capture, text, "additive")):
        assert set(given) == {"error"}
        assert found in given["error"]["found"]
        assert given["error"]["asked"] == "A date was to be read."
        assert given["error"]["do"].startswith("Type ")


@pytest.mark.parametrize("text", [None, 3, ["3 mai 2019"], {"a": 1}])
def test_what_is_no_text_is_refused(sentence_capture, text):
    assert "holds no text" in asked(sentence_capture, text)["error"]["found"]


def test_text_outside_what_was_learned_is_answered_and_said_to_be_a_guess(sentence_capture):
    found = asked(sentence_capture, "the day after tomorrow")
    assert found["known"] is False
    assert "outside what the model learned" in found["note"]
    assert all(one["right"] is None and one["output"] for one in found["models"])
    wrong = asked(sentence_capture, "3 mai 1066")
    assert wrong["expected"] == "1066-05-03"
    assert "1066 is outside" in wrong["note"]


def test_the_facts_of_the_models_come_from_their_training_logs(sentence_capture):
    facts = answer(sentence_capture, {"kind": "dates"})
    assert facts["examples"] == list(EXAMPLES)
    for one in facts["models"]:
        log = json.loads((path(one["name"]) / "training.json").read_text())
        assert one["exact"] == log["exact answers"]
        assert one["parameters"] == log["parameters"] == sum(p.numel() for p in load(one["name"]).parameters())


@pytest.mark.parametrize("attention", RECURRENT)
def test_the_five_steps_are_the_zoos_for_every_character(sentence_capture, attention):
    text = "Friday, May 3, 2019"
    found = steps(sentence_capture, text, attention)
    assert found["output"] == "".join(step["character"] for step in found["steps"])
    assert [step["position"] for step in found["steps"]] == list(range(10))
    for at in (0, 6, 9):
        step, own = found["steps"][at], five_steps(text, attention, at)
        assert np.array_equal(unpack(found["keys"]), own.keys.numpy())
        for name in ("query", "scores", "weights", "context", "state", "probabilities"):
            assert np.array_equal(unpack(step[name]), getattr(own, name).numpy())
        assert step["previous"] == own.previous
    assert found["formulas"] == own.formulas


def test_the_numbers_of_the_steps_follow_from_each_other(sentence_capture):
    for attention in RECURRENT:
        found = steps(sentence_capture, "3 mai 2019", attention)
        keys = unpack(found["keys"]).astype(np.float64)
        for step in found["steps"]:
            scores, weights = (unpack(step[name]).astype(np.float64) for name in ("scores", "weights"))
            if attention == "local_p":
                places = np.arange(len(scores))
                near = np.abs(places - step["centre"]) <= step["window"]
                focus = np.exp(-((places - step["centre"]) ** 2) / (2 * (step["window"] / 2) ** 2)) * near
                np.testing.assert_allclose(unpack(step["focus"]), focus, atol=1e-6)
                scores = np.where(near, scores, -np.inf)
            expected = np.exp(scores - scores.max())
            expected /= expected.sum()
            expected *= focus if attention == "local_p" else 1
            np.testing.assert_allclose(weights, expected, atol=1e-5)
            np.testing.assert_allclose(unpack(step["context"]), weights @ keys, atol=1e-5)
            assert found["choices"][int(unpack(step["probabilities"]).argmax())] == step["character"]


@pytest.mark.parametrize("attention", ["transformer", "additve", None, 3])
def test_five_steps_of_what_is_not_recurrent_are_refused(sentence_capture, attention):
    assert "recurrent models are additive" in steps(sentence_capture, "3 mai 2019", attention)["error"]["found"]


def test_a_demonstration_is_no_view_of_a_capture(sentence_capture):
    assert list(DEMOS) == ["translate", "five_steps"]
    assert not set(DEMOS) & {*VIEWS, *(view["name"] for view in manifest_of(sentence_capture)["views"])}
    with pytest.raises(OutOfRange, match="models of its own and shows nothing of a capture"):
        sentence_capture.to_html(["head_view", "translate"])


def test_a_page_of_demonstrations_is_of_their_models_alone():
    data = json.loads(re.search(r"-data\">(.*?)</script>", demo_page(), re.DOTALL)[1])
    manifest, found = data["manifest"], data["answers"]
    assert (manifest["title"], manifest["views"]) == ("five small models that read dates", [])
    assert [demo["name"] for demo in manifest["demos"]] == list(DEMOS)
    assert '{"kind":"translate","text":"2019年5月3日"}' in found
    assert len(found) == 1 + len(EXAMPLES) + len(RECURRENT)
    assert not any("error" in one for one in found.values())
