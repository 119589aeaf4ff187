"""Whose words stand on an axis: those of the row's own input, read by the tokenizer of its side, without what only fills up."""

from __future__ import annotations

import json

import pytest
import sentencepiece
import torch
from tokenizers import Tokenizer, models
from transformers import LlavaConfig, LlavaForConditionalGeneration, MarianTokenizer, PreTrainedTokenizerFast

from inspector import capture
from inspector.views.manifest import manifest_of
from inspector.views.steps import one_forward
from tests.tiny_models import Family

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
OPTIONS = {"max_new_tokens": 4, "min_new_tokens": 4, "pad_token_id": 0, "decoder_start_token_id": 0}
IDS = torch.randint(5, 90, (2, 7), generator=torch.Generator().manual_seed(3))


def words(names: str = "w{}", size: int = 120, **special: str) -> PreTrainedTokenizerFast:
    """A tokenizer that has a word for every id."""
    backend = Tokenizer(models.WordLevel({names.format(i): i for i in range(size)}, names.format(1)))
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token=names.format(1), **special)


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> MarianTokenizer:
    """A Marian tokenizer with a vocabulary for each side."""
    folder = tmp_path_factory.mktemp("marian")
    texts = {"source": "the cat sat on a mat", "target": "die katze sass auf der matte"}
    for side, text in texts.items():
        (folder / f"{side}.txt").write_text("\n".join([text] * 20))
        sentencepiece.SentencePieceTrainer.train(
            input=str(folder / f"{side}.txt"), model_prefix=str(folder / side), vocab_size=30, hard_vocab_limit=False,
            minloglevel=3,
        )  # fmt: skip
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / f"{side}.model"))
        vocabulary = {"</s>": 0, "<unk>": 1, "<pad>": 2}
        for i in range(pieces.get_piece_size()):
            vocabulary.setdefault(pieces.id_to_piece(i), len(vocabulary))
        for word in text.split():
            vocabulary.setdefault(f"▁{word}", len(vocabulary))
        (folder / f"{side}.json").write_text(json.dumps(vocabulary))
    where = {name: str(folder / file) for name, file in FILES.items()}
    return MarianTokenizer(**where, source_lang="en", target_lang="de", separate_vocabs=True)


FILES = {
    "source_spm": "source.model",
    "target_spm": "target.model",
    "vocab": "source.json",
    "target_vocab_file": "target.json",
}


def test_source_and_target_are_read_with_their_own_vocabulary(marian: MarianTokenizer) -> None:
    model = Family("MarianMTModel", config={"pad_token_id": 2, "eos_token_id": 0}).model()
    source, target = ([vocabulary[f"▁{w}"] for w in text.split()] for vocabulary, text in (
        (marian.encoder, "the cat sat"), (marian.target_encoder, "die katze")
    ))  # fmt: skip
    before = dict(vars(marian))
    with torch.no_grad(), capture(model, tokenizer=marian) as cap:
        model(input_ids=torch.tensor([[*source, 0]]), decoder_input_ids=torch.tensor([[2, *target, 0]]))
    cross = cap.group("decoder", "cross")[0]
    assert cap.key_tokens(cross).labels == ("the", "cat", "sat", "</s>")
    assert cap.query_tokens(cross).labels == ("<pad>", "die", "katze", "</s>")
    assert cap.query_tokens(cross).special == (True, False, False, True)
    assert vars(marian) == before


@pytest.mark.parametrize("how", [{"num_beams": 3, "num_return_sequences": 2}, {"do_sample": True, "num_return_sequences": 3}])
@pytest.mark.parametrize("family", ["T5ForConditionalGeneration", "LlamaForCausalLM"])
def test_rows_of_several_answers_carry_their_own_input(family: str, how: dict) -> None:
    model = Family(family).model()
    with capture(model, tokenizer=words()) as cap:
        model.generate(input_ids=IDS, **OPTIONS, **how)
    for call in cap.calls:
        each = call.shape[0] // len(IDS)
        for row in range(call.shape[0]):
            if call.axes[1] == "input":
                assert cap.key_tokens(call, row).ids[:7] == tuple(IDS[row // each].tolist())
        last = cap.key_tokens(call, -1)
        assert last == cap.key_tokens(call, call.shape[0] - 1)


def test_padding_of_targets_is_padding() -> None:
    model = Family("BartForConditionalGeneration", config={"pad_token_id": 0, "eos_token_id": 2}).model()
    targets = torch.tensor([[2, 8, 9, 10, 11], [2, 8, 2, 0, 0]])
    with torch.no_grad(), capture(model) as cap:
        model(input_ids=IDS, decoder_input_ids=targets)
    with torch.no_grad(), capture(model) as masked:
        model(input_ids=IDS, decoder_input_ids=targets, decoder_attention_mask=(targets != 0).long())
    labels = torch.where(targets == 0, -100, targets)
    with torch.no_grad(), capture(model) as labelled:
        model(input_ids=IDS, labels=torch.cat([labels[:, 1:], torch.full((2, 1), -100)], 1))
    for found in (cap, masked):
        assert [sum(item.padding) for item in found.sequences["output"]] == [0, 2]
    assert [item.ids for item in labelled.sequences["output"]] == [(2, 8, 9, 10, 11), (2, 8, 2, 0, 0)]
    assert [sum(item.padding) for item in labelled.sequences["output"]] == [0, 2]


def test_what_fills_up_a_finished_answer_is_padding() -> None:
    model = Family("LlamaForCausalLM").model()
    with capture(model) as cap:
        plain = model.generate(input_ids=IDS, max_new_tokens=4, pad_token_id=0, do_sample=False)
    end = int(plain[0, 8])
    model.config.pad_token_id, model.config.eos_token_id = 0, end
    with capture(model) as cap:
        written = model.generate(input_ids=IDS, max_new_tokens=4, pad_token_id=0, eos_token_id=end, do_sample=False)
    for row, item in zip(written[:, :-1], cap.sequences["input"], strict=True):
        assert item.padding == tuple((row == 0).tolist())


def test_the_places_of_a_picture_are_content() -> None:
    family = Family("LlavaForConditionalGeneration")
    model = family.model()
    image = model.config.image_token_id
    tokenizer = words(additional_special_tokens=[f"w{image}", "w99"])
    ids = torch.tensor([[7, *[image] * 4, 99, 8]])
    with torch.no_grad(), capture(model.model.language_model, tokenizer=tokenizer) as inner:
        model.model.language_model(input_ids=ids)
    with torch.no_grad(), capture(model, tokenizer=tokenizer) as cap:
        model(input_ids=ids)
    assert cap.sequences["input"][0].special == (False,) * 5 + (True, False)
    assert inner.sequences["input"][0].special == (False, *(True,) * 5, False)  # it knows nothing of pictures
    assert isinstance(model.config, LlavaConfig)
    assert isinstance(model, LlavaForConditionalGeneration)


@pytest.mark.parametrize("family", ["MarianMTModel", "WhisperForConditionalGeneration", "LlavaForConditionalGeneration"])
def test_the_page_of_a_generation_has_every_tower(family: str) -> None:
    chosen = Family(family)
    model = chosen.model()
    given = chosen.feed(model)
    given = {name: value for name, value in given.items() if not name.startswith("decoder_")}
    if family.startswith("Llava"):
        image, count = model.config.image_token_id, 16
        given = {"input_ids": torch.tensor([[7, *[image] * count, 8]]), "pixel_values": torch.randn(1, 3, 32, 32)}
    with capture(model) as cap:
        model.generate(**given, max_new_tokens=3, min_new_tokens=3, pad_token_id=0, do_sample=False)
        model.generate(**given, max_new_tokens=2, min_new_tokens=2, pad_token_id=0, do_sample=False)
    towers = set(cap.towers)
    assert len(towers) > 1
    for step, written in ((0, 3), (1, 2), (None, 2)):
        shown = one_forward(cap, step)
        assert set(shown.towers) == towers
        assert len(shown.calls) == len(cap.calls) // 2
        manifest = manifest_of(shown, measured=False)
        assert len(manifest["groups"]) == len(towers)
        assert shown.group(*cap.towers[-1])[0].shape[2] % 7 in (written, (18 + written - 1) % 7)


def test_an_encoder_that_runs_alone_twice_has_two_inputs_and_two_passes() -> None:
    model = Family("T5Model").model()
    with torch.no_grad(), capture(model) as cap:
        model.encoder(IDS)
        model.encoder(IDS[:, :4])
    assert [call.step for call in cap.calls] == [0, 0, 1, 1]
    assert [cap.query_tokens(call, 1).ids for call in one_forward(cap).calls] == [tuple(IDS[1, :4].tolist())] * 2
    assert len(one_forward(cap, 0).calls) == 2
