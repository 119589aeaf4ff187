"""The fifth date model: an encoder-decoder Transformer of the Transformers library itself (a very small BART).

Its tokenizer is one token per character, after the same normalisation as :func:`zoo.dates.alphabet.normalize`, and adds no
special tokens, so that its cross-attention has one column per character typed, like the alignments of the recurrent models.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from torch import Tensor, nn
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

from zoo.dates.alphabet import BEGIN, END, PAD, UNKNOWN, InputAlphabet

__all__ = ["TransformerDates", "character_tokenizer", "tiny_bart"]

LONGEST_INPUT, LONGEST_OUTPUT = 64, 11


def character_tokenizer(alphabet: InputAlphabet) -> PreTrainedTokenizerFast:
    """A tokenizer with one token per character, in the library's own format."""
    tokenizer = Tokenizer(models.WordLevel({token: index for index, token in enumerate(alphabet.tokens())}, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFC(),
            normalizers.Replace(Regex(r"[\u200e\u200f\u061c]"), ""),
            normalizers.Replace("İ", "i"),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), behavior="isolated")
    tokenizer.decoder = decoders.Fuse()
    special = {"pad_token": PAD, "bos_token": BEGIN, "eos_token": END, "unk_token": UNKNOWN}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=LONGEST_INPUT, **special)


def tiny_bart(vocabulary: int) -> BartForConditionalGeneration:
    """Two encoder and two decoder layers of width 96 with four heads each."""
    layers = {"encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "decoder_attention_heads": 4}
    sizes = {"d_model": 96, "encoder_ffn_dim": 192, "decoder_ffn_dim": 192, "max_position_embeddings": LONGEST_INPUT}
    ids = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, "forced_eos_token_id": None}
    config = BartConfig(vocab_size=vocabulary, dropout=0.1, init_std=0.08, **layers, **sizes, **ids)
    model = BartForConditionalGeneration(config)
    model.generation_config.update(max_length=None, max_new_tokens=LONGEST_OUTPUT, num_beams=1, do_sample=False)
    return model


class TransformerDates(nn.Module):
    """The Transformer with its tokenizer: learns from (text, ISO) pairs and answers texts."""

    def __init__(self, model: nn.Module, tokenizer: PreTrainedTokenizerFast) -> None:
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        tokens = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
        self.alphabet = InputAlphabet("".join(token for token in tokens if len(token) == 1))

    @classmethod
    def new(cls, alphabet: InputAlphabet) -> TransformerDates:
        """Untrained, for this alphabet."""
        return cls(tiny_bart(len(alphabet)), character_tokenizer(alphabet))

    @classmethod
    def load(cls, folder: Path) -> TransformerDates:
        """From a folder in Hub format."""
        return cls(AutoModelForSeq2SeqLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder))

    def save(self, folder: Path) -> None:
        """Config, weights and tokenizer in Hub format."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
        (folder / "model.safetensors").chmod(0o644)

    def loss(self, texts: Sequence[str], outputs: Sequence[str]) -> Tensor:
        """Mean cross-entropy per output character, in nats."""
        inputs = self.encode(texts)
        labels = torch.tensor([[*ids, self.tokenizer.eos_token_id] for ids in self.tokenizer(list(outputs))["input_ids"]])
        return self.model(**inputs, labels=labels).loss

    @torch.no_grad()
    def answer(self, texts: Sequence[str]) -> list[str]:
        """The most probable output, greedily, for each text."""
        return [self.written(ids) for ids in self.model.generate(**self.encode(texts)).tolist()]

    def written(self, ids: Sequence[int]) -> str:
        """Generated ids as text, one character per id between the beginning and the end; "?" for an id that is no character."""
        ids = list(ids[1:])
        ids = ids[: ids.index(self.tokenizer.eos_token_id)] if self.tokenizer.eos_token_id in ids else ids
        return "".join(token if len(token) == 1 else "?" for token in self.tokenizer.convert_ids_to_tokens(ids))

    def encode(self, texts: Sequence[str]) -> dict[str, Tensor]:
        """Ids and mask of the texts, padded."""
        batch = self.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
        return {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
