"""Tokenizers with two vocabularies: Marian's and FSMT's read the target with another one, RAG's hold two tokenizers.

``convert_ids_to_tokens`` of these knows one side only, so a source was read with the target's words, or the reverse. The side
is read here beside the tokenizer, which is never switched: somebody else may be using it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["side_of"]


def side_of(tokenizer: Any, target: bool) -> Any:
    """What reads the ids of one side: the tokenizer itself, unless it keeps two vocabularies."""
    parts = getattr(tokenizer, "generator", None), getattr(tokenizer, "question_encoder", None)
    if all(hasattr(part, "convert_ids_to_tokens") for part in parts):
        return parts[0] if target else parts[1]
    if not hasattr(tokenizer, "get_src_vocab") or getattr(tokenizer, "separate_vocabs", True) is False:
        return tokenizer
    source, words = (
        getattr(tokenizer, "encoder", None),
        getattr(tokenizer, "decoder", None),
    )  # ids of the source, words of the target
    if not isinstance(source, Mapping) or not isinstance(words, Mapping):
        return tokenizer
    return _Side(tokenizer, {word: i for i, word in words.items()} if target else dict(source))


class _Side:
    """A tokenizer as far as reading goes, with the vocabulary of one side."""

    def __init__(self, tokenizer: Any, vocabulary: dict[str, int]) -> None:
        self._tokenizer, self._vocabulary = tokenizer, vocabulary
        self._tokens = {i: token for token, i in vocabulary.items()}

    def convert_ids_to_tokens(self, ids: Sequence[int]) -> list[str | None]:
        """The pieces of this side; None where it has none."""
        return [self._tokens.get(i) for i in ids]

    @property
    def all_special_ids(self) -> list[int]:
        """Of this side's vocabulary."""
        return [self._vocabulary[token] for token in self._tokenizer.all_special_tokens if token in self._vocabulary]

    @property
    def added_tokens_decoder(self) -> dict[int, Any]:
        """The special tokens: what was added whole on either side."""
        return dict.fromkeys(self.all_special_ids)

    def __getattr__(self, name: str) -> Any:
        if name.endswith("_token_id"):
            return self._vocabulary.get(str(getattr(self._tokenizer, name.removesuffix("_id"), None)))
        return getattr(self._tokenizer, name)
