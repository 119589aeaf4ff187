"""The five shipped models: they answer, they are files as promised, and what they say is what they computed."""

from __future__ import annotations

import json
import re
from itertools import islice

import pytest
import torch
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

from zoo.dates import five_steps, load, models, path, translate, translate_with
from zoo.dates.alphabet import normalize
from zoo.dates.bart import TransformerDates
from zoo.dates.card import card
from zoo.dates.data import KINDS, sample
from zoo.dates.steps import CHOICES
from zoo.dates.train import SMUDGED, exact, main, train
from zoo.errors import ZooError

NAMES = ["additive", "dot_product", "scaled_dot_product", "local_p", "transformer"]
RECURRENT = NAMES[:-1]
TEXT = "vendredi 3 mai 2019"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=RECURRENT)
def recurrent(request: pytest.FixtureRequest) -> str:
    return request.param


def test_there_are_five():
    assert list(models()) == NAMES


@pytest.mark.parametrize("kind", ["years", "writings", "both"])
def test_99_of_100_held_out_dates_come_out_exactly(name, kind):
    assert exact(load(name), kind, 250, seed=17) >= 0.99


def test_the_log_says_what_was_reached_and_from_which_seed(name):
    log = json.loads((path(name) / "training.json").read_text())
    assert log["model"] == name
    assert isinstance(log["seed"], int)
    assert set(log["exact answers"]) == set(KINDS)
    assert min(log["exact answers"].values()) >= 0.99
    assert log["parameters"] == sum(parameter.numel() for parameter in load(name).parameters())


def test_card_and_overview_give_the_figures_of_the_log(name):
    log = json.loads((path(name) / "training.json").read_text())
    figures = " | ".join(f"{100 * share:.2f} %" for share in log["exact answers"].values())
    overview = (path(name).parent / "README.md").read_text()
    assert f"| [{name}]({name}/README.md) | {log['parameters']:,} | {figures} |" in overview
    assert (path(name) / "README.md").read_text() == card(log)


def test_weights_are_safetensors_of_at_most_two_megabytes(name):
    files = {file.name for file in path(name).iterdir()}
    assert {"config.json", "model.safetensors", "README.md", "training.json"} <= files
    assert not any(file.endswith((".bin", ".pt", ".pth", ".pkl", ".ckpt")) for file in files)
    assert (path(name) / "model.safetensors").stat().st_size <= 2_000_000


def test_every_model_reads_a_writing_and_a_year_it_never_saw(name):
    translation = translate("Vendredi 3 mai 2019", name)
    assert (translation.text, translation.characters, translation.model) == ("Vendredi 3 mai 2019", TEXT, name)
    assert translation.output == translation.expected == "2019-05-03"
    assert (translation.known, translation.unseen, translation.right) == (True, True, True)
    assert translation.probabilities.shape == (10,)
    assert translation.probabilities.min() > 0.5


@pytest.mark.parametrize("text", ["tomorrow", "☃", "31 feb. 2020", "1", "٣ مايو ٢٠١٩", "x" * 64])
def test_an_unparseable_date_still_gets_an_answer_and_a_note(name, text):
    translation = translate(text, name)
    assert len(translation.output) > 0
    assert not translation.known
    assert translation.right is None
    assert "outside what the model learned" in translation.note


def test_alignments_have_a_row_per_output_and_a_column_per_input(recurrent):
    alignment = translate(TEXT, recurrent).alignment
    assert alignment.shape == (10, len(TEXT))
    assert alignment.min() >= 0
    sums = alignment.sum(-1)
    if recurrent == "local_p":
        assert (sums <= 1 + 1e-6).all()
    else:
        torch.testing.assert_close(sums, torch.ones(10))


def test_the_digits_of_the_year_look_at_the_year(recurrent):
    alignment = translate(TEXT, recurrent).alignment
    year = TEXT.index("2019")
    assert alignment[:4].argmax(-1).float().mean() >= year - 1


def test_the_transformer_takes_whatever_reads_its_cross_attention():
    seen = {}

    def read(model, inputs):
        seen.update(inputs)
        with torch.no_grad():
            assert model(**inputs).logits.argmax(-1)[0].tolist() == model.generate(inputs["input_ids"])[0, 1:11].tolist()
        return torch.full((10, inputs["input_ids"].shape[1]), 0.5)

    translation = translate(TEXT, "transformer", read)
    assert translation.alignment.shape == (10, len(TEXT))
    assert seen["decoder_input_ids"].shape == (1, 10)
    assert translate(TEXT, "transformer").alignment is None


def test_cross_attention_has_one_column_per_character():
    eager = AutoModelForSeq2SeqLM.from_pretrained(path("transformer"), attn_implementation="eager")

    def last_layer(model, inputs):
        with torch.no_grad():
            return model(**inputs, output_attentions=True).cross_attentions[-1][0].mean(0)

    own = TransformerDates(eager.eval(), load("transformer").tokenizer)
    alignment = translate_with(own, TEXT, last_layer).alignment
    torch.testing.assert_close(alignment.sum(-1), torch.ones(10))
    assert alignment.shape == (10, len(TEXT))


def test_the_transformer_loads_with_the_library_alone():
    model = AutoModelForSeq2SeqLM.from_pretrained(path("transformer")).eval()
    tokenizer = AutoTokenizer.from_pretrained(path("transformer"))
    ids = model.generate(**tokenizer(["Friday, May 3, 2019", "3 mai 2019"], padding=True, return_tensors="pt"))
    assert tokenizer.batch_decode(ids, skip_special_tokens=True) == ["2019-05-03", "2019-05-03"]


def test_the_tokenizer_reads_what_the_alphabet_reads():
    model = load("transformer")
    texts = [example.text for kind in KINDS for example in islice(sample(kind, 1), 50)]
    texts += ["İSTANBUL 3\u00a0 MAI ", "3 FE\u0301VRIER\u200f 2019", "ΜΆΙΟΣ", "☃ß"]
    for text in texts:
        assert model.tokenizer(text)["input_ids"] == model.alphabet.encode([normalize(text)])[0][0].tolist()


def test_offsets_of_tokens_are_those_of_the_text_typed():
    tokenizer = load("transformer").tokenizer
    encoding = tokenizer("3 MAI 2019", return_offsets_mapping=True)
    assert encoding["offset_mapping"] == [(index, index + 1) for index in range(10)]
    assert tokenizer.convert_ids_to_tokens(encoding["input_ids"]) == list("3 mai 2019")


@pytest.mark.parametrize("position", [0, 3, 9])
def test_five_steps_are_the_decoders_own_numbers(recurrent, position):
    steps, translation = five_steps(TEXT, recurrent, position), translate(TEXT, recurrent)
    assert steps.output == translation.output
    assert steps.character == translation.output[position]
    assert steps.previous == (translation.output[position - 1] if position else "")
    assert torch.equal(steps.weights, translation.alignment[position])
    assert steps.probabilities.max() == translation.probabilities[position]


def test_five_steps_follow_from_one_another(recurrent):
    steps, model = five_steps(TEXT, recurrent, 6), load(recurrent)
    with torch.no_grad():
        scores = model.decoder.attention.scores(steps.keys[None], steps.query[None])[0]
    torch.testing.assert_close(steps.scores, scores)
    near = torch.ones_like(scores, dtype=torch.bool) if steps.focus is None else steps.focus > 0
    weights = torch.softmax(scores.masked_fill(~near, -torch.inf), -1) * (1 if steps.focus is None else steps.focus)
    torch.testing.assert_close(steps.weights, weights)
    torch.testing.assert_close(steps.context, (weights[:, None] * steps.keys).sum(0))
    with torch.no_grad():
        logits = model.decoder.to_logits(torch.cat([steps.state, steps.context]))
    torch.testing.assert_close(steps.logits, logits)
    assert list(steps.formulas) == ["encode", "score", "softmax", "weighted sum", "output"]


def test_after_the_last_character_comes_the_end(recurrent):
    steps = five_steps(TEXT, recurrent, 10)
    assert steps.character == "end"
    assert CHOICES[int(steps.logits.argmax())] == "end"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: translate("", "additive"), "The text is empty. Type a date"),
        (lambda: translate(" \u200f\n", "additive"), "The text is empty. Type a date"),
        (lambda: translate("x" * 65, "transformer"), "has 65 characters; the models take 64. Type the date alone"),
        (lambda: translate(TEXT, "aditive"), "No date model 'aditive'. There are: additive, .* Did you mean 'additive'"),
        (lambda: five_steps(TEXT, "transformer", 0), "Choose one of the recurrent models"),
        (lambda: five_steps(TEXT, "additive", 11), "positions 0 to 9, and then the end. Choose one"),
        (lambda: five_steps(TEXT, "additive", -1), "Choose one of these positions"),
    ],
)
def test_what_cannot_be_done_is_said_in_three_sentences(call, message):
    with pytest.raises(ZooError, match=message.replace(".", r"\.").replace(r"\.*", ".*")) as caught:
        call()
    assert len(re.findall(r"[.?](?= |$)", str(caught.value))) >= 3


def test_the_training_script_names_a_model_it_does_not_know(capsys):
    with pytest.raises(SystemExit):
        main(["aditive"])
    assert "No date model 'aditive'. There are: additive, dot_product" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["additive", "transformer"])
def test_the_training_script_trains_saves_and_repeats_itself(name, tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.dates.train.EXAMPLES", 4_000)
    monkeypatch.setattr("zoo.dates.train.EVALUATED", 20)
    first, second = (train(name, 3, 8, tmp_path / run) for run in ("first", "second"))
    assert first["loss"] == second["loss"]
    weights = [(tmp_path / run / "model.safetensors").read_bytes() for run in ("first", "second")]
    assert weights[0] == weights[1]
    assert 0 < SMUDGED < 1
