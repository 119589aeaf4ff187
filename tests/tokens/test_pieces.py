"""What stands on an axis: readable pieces, whole characters, words where words are, and what is content and what is not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import ByT5Tokenizer, PreTrainedTokenizerFast

from inspector import Capture, Inspector
from inspector.tokens import Tokens, from_encoding


def byte_level(*texts: str, merges: Sequence[str] = ()) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer, as GPT-2 and Llama 3 have one, that merges only the given words."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary, pairs = {letter: at for at, letter in enumerate(letters)}, []
    for word in merges:
        spelled = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(word)[0][0]
        for end in range(1, len(spelled)):
            pairs.append((spelled[:end], spelled[end]))
            vocabulary.setdefault(spelled[: end + 1], len(vocabulary))
    backend = Tokenizer(models.BPE(vocabulary, pairs))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    backend.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|end|>", unk_token="<|end|>")


def fallback(*pieces: str) -> PreTrainedTokenizerFast:
    """A SentencePiece-like tokenizer that spells what it does not know in bytes, as Llama 2 does."""
    vocabulary = {"<unk>": 0, **{f"<0x{byte:02X}>": byte + 1 for byte in range(256)}}
    for piece in pieces:
        vocabulary.setdefault(piece, len(vocabulary))
    backend = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>", byte_fallback=True))
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", eos_token="</s>")


def read(tokenizer: PreTrainedTokenizerFast, text: str) -> Tokens:
    return from_encoding(tokenizer, tokenizer(text, add_special_tokens=False)["input_ids"])


def test_white_space_of_byte_level_pieces_is_visible() -> None:
    tokens = read(byte_level(merges=["\n\n", " the", "  "]), "a\n\n\tb the  ")
    assert tokens.labels == ("a", "⏎⏎", "⇥", "b", "the", "␣␣")


@pytest.mark.parametrize("text", ["日本語", "Ωραία μέρα", "猫🐱👩‍👩‍👧!", "हिन्दी", "Zażółć"])
def test_a_character_split_over_pieces_is_shown_once_and_gone_on_with(text: str) -> None:
    tokens = read(byte_level(), text)
    assert len(tokens) == len(text.encode())
    firsts = [label for label in tokens.labels if not label.startswith("…")]
    assert "".join(firsts).replace("␣", " ") == text
    at = 0
    for char in text:
        labels, goes_on = tokens.labels[at : at + len(char.encode())], tokens.continues[at : at + len(char.encode())]
        shown = "␣" if char == " " else char
        assert labels == (shown, *(f"…{char}",) * (len(labels) - 1))
        assert all(goes_on[1:])
        at += len(labels)
    assert not any("\ufffd" in label for label in tokens.labels)


def test_pieces_that_end_inside_a_character_name_it() -> None:
    tokenizer = byte_level(merges=["日"])
    tokens = read(tokenizer, "日本。")
    assert tokens.labels == ("日", "本", "…本", "…本", "。", "…。", "…。")
    assert tokens.continues == (False, False, True, True, False, True, True)


def test_words_go_on_over_the_pieces_of_a_split_character() -> None:
    tokens = read(byte_level(merges=["caf", " au"]), "café au")
    assert tokens.labels == ("caf", "é", "…é", "au")
    assert tokens.continues == (False, True, True, False)


def test_bytes_that_are_no_character_are_shown_by_number() -> None:
    tokenizer = byte_level()
    ids = [tokenizer.convert_tokens_to_ids(letter) for letter in ("æ", "A", "Ģ")]  # E6, 41, 80
    assert from_encoding(tokenizer, ids).labels == ("⟨0xE6⟩", "A", "⟨0x80⟩")


def test_the_bytes_a_sentencepiece_falls_back_to_are_characters() -> None:
    tokens = read(fallback("▁", "a", "▁a", "b"), "a日\n")
    assert tokens.labels == ("a", "日", "…日", "…日", "⏎")
    assert tokens.continues == (False, False, True, True, False)


def test_a_tokenizer_of_single_bytes_shows_characters() -> None:
    tokenizer = ByT5Tokenizer()
    tokens = from_encoding(tokenizer, tokenizer("né\n")["input_ids"])
    assert tokens.labels == ("n", "é", "…é", "⏎", "</s>")
    assert tokens.special == (False, False, False, False, True)


@pytest.mark.parametrize(
    ("pieces", "labels", "continues"),
    [
        (["lo", "wer</w>", "it</w>"], ("lo", "wer", "it"), (False, True, False)),
        (["lo@@", "wer", "it"], ("lo", "wer", "it"), (False, True, False)),
        (["low", "##er", "it"], ("low", "er", "it"), (False, True, False)),
        (["▁low", "er", "▁it"], ("low", "er", "it"), (False, True, False)),
        (["▁今", "天", "▁it"], ("今", "天", "it"), (False, False, False)),
    ],
)
def test_every_way_to_mark_words_is_read(pieces: list, labels: tuple, continues: tuple) -> None:
    vocabulary = {piece: at for at, piece in enumerate(["<unk>", *pieces])}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.WordLevel(vocabulary, "<unk>")), unk_token="<unk>")
    tokens = from_encoding(tokenizer, [vocabulary[piece] for piece in pieces])
    assert (tokens.labels, tokens.continues) == (labels, continues)


def test_an_unknown_word_is_content_and_said_to_be_unknown(bundled: Inspector) -> None:
    tokens = from_encoding(bundled.tokenizer, bundled.tokenizer("动物没有过马路 [MASK]")["input_ids"])
    assert tokens.special == (True, *(False,) * (len(tokens) - 2), True)
    assert sum(tokens.unknown) == tokens.tokens.count("[UNK]") == 6
    assert tokens.segments[1:-1] == (0,) * (len(tokens) - 2)


def test_an_end_of_text_that_stands_for_unknown_words_stays_special() -> None:
    tokenizer = byte_level()
    tokens = from_encoding(tokenizer, [tokenizer.eos_token_id, 40])
    assert (tokens.special, tokens.unknown) == ((True, False), (False, False))


def test_what_stands_for_a_picture_is_content() -> None:
    tokenizer = byte_level()
    tokenizer.add_special_tokens({"additional_special_tokens": [AddedToken("<image>"), AddedToken("<fim>")]})
    image, other = (tokenizer.convert_tokens_to_ids(name) for name in ("<image>", "<fim>"))
    assert from_encoding(tokenizer, [image, other], placeholders={image}).special == (False, True)
    named = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, extra_special_tokens={"image_token": "<image>"}, eos_token="<|end|>"
    )
    assert from_encoding(named, [image]).special == (False,)


def test_a_token_that_was_added_whole_is_read_as_it_is() -> None:
    tokenizer = byte_level()
    tokenizer.add_tokens(["<é>"])
    tokens = from_encoding(tokenizer, tokenizer("a<é>b", add_special_tokens=False)["input_ids"])
    assert tokens.labels == ("a", "<é>", "b")
    assert not any(tokens.continues)


def test_a_file_of_before_there_were_unknown_words_is_read(tmp_path: Path, sentence_capture: Capture) -> None:
    path = tmp_path / "old.safetensors"
    sentence_capture.save(path)
    with safe_open(path, framework="pt") as file:
        header = json.loads(file.metadata()["inspector.capture"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for items in header["sequences"].values():
        for item in items:
            del item["unknown"]
    save_file(tensors, path, metadata={"inspector.capture": json.dumps(header)})
    assert Capture.load(path).sequences == sentence_capture.sequences


def test_half_a_character_in_a_text_is_replaced_and_saved(bundled: Inspector, tmp_path: Path) -> None:
    for options in ({}, {"truncate": True}):
        cap = bundled("a cat\ud800 sat here", **options)
        cap.save(tmp_path / "half.safetensors")
        assert Capture.load(tmp_path / "half.safetensors").tokens == cap.tokens


def test_marks_that_somebody_wrote_change_no_other_piece() -> None:
    tokenizer = byte_level(merges=[" cat", " dog@@"])
    plain, marked = (read(tokenizer, text) for text in ("the cat", "the cat dog@@"))
    assert marked.labels == (*plain.labels, "dog@@")
    assert marked.continues == (*plain.continues, False)
