"""What stands along an axis of an attention map: one sequence of tokens, as the model sees it and as a person reads it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any

from inspector.pieces import read_pieces, readable

__all__ = ["Tokens", "from_encoding", "joined", "named", "numbered", "readable"]

_SENSES = ("image", "video", "audio")


@dataclass(frozen=True)
class Tokens:
    """One sequence: every field has one entry per token.

    Attributes:
        tokens: the tokenizer's own pieces ("##ing", "Ġthe").
        labels: what a person reads: no piece marks, white space and control characters made visible.
        ids: vocabulary ids; −1 where there is none.
        special: added by the tokenizer, not by the writer ([CLS], <s>); what stands for a picture or an unknown word is not.
        continues: the piece goes on with the word before it.
        segments: 0 for the first text, 1 for the second, −1 for neither.
        padding: positions that only fill up a batch.
        unknown: a word the model cannot read ([UNK]).
    """

    tokens: tuple[str, ...]
    labels: tuple[str, ...]
    ids: tuple[int, ...]
    special: tuple[bool, ...]
    continues: tuple[bool, ...]
    segments: tuple[int, ...]
    padding: tuple[bool, ...]
    unknown: tuple[bool, ...] = ()

    def __post_init__(self) -> None:
        if not self.unknown:
            object.__setattr__(self, "unknown", (False,) * len(self.tokens))

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def content(self) -> tuple[bool, ...]:
        """True for tokens that are neither special nor padding."""
        return tuple(not (s or p) for s, p in zip(self.special, self.padding, strict=True))


def numbered(length: int, ids: Sequence[int] | None = None, padding: Sequence[bool] | None = None) -> Tokens:
    """Tokens with no text behind them: the label is the id where known, else the position."""
    names = tuple(map(str, ids if ids is not None else range(length)))
    no = (False,) * length
    known = tuple(ids) if ids is not None else (-1,) * length
    return Tokens(names, names, known, no, no, (0,) * length, no if padding is None else tuple(padding))


def named(labels: Sequence[str], special: bool | Sequence[bool] = False, padding: Sequence[bool] | None = None) -> Tokens:
    """Positions that are no tokens and have a name: a virtual token, a patch."""
    names, no = tuple(labels), (False,) * len(labels)
    flags = (special,) * len(names) if isinstance(special, bool) else tuple(special)
    segments = tuple(-1 if flag else 0 for flag in flags)
    return Tokens(names, names, (-1,) * len(names), flags, no, segments, no if padding is None else tuple(padding))


def joined(first: Tokens, second: Tokens) -> Tokens:
    """One sequence after the other."""
    return Tokens(*(getattr(first, column.name) + getattr(second, column.name) for column in fields(Tokens)))


def from_encoding(
    tokenizer: Any,
    ids: Sequence[int],
    mask: Sequence[int] | None = None,
    segments: Sequence[int] | None = None,
    placeholders: Collection[int] = (),
) -> Tokens:
    """The tokens of one sequence of ids, read with ``tokenizer``.

    Args:
        tokenizer: a Transformers tokenizer.
        ids: vocabulary ids.
        mask: the attention mask; 0 marks padding.
        segments: token type ids, used only when they tell two texts apart.
        placeholders: ids that stand for parts of a picture, film or sound; a tokenizer calls them special, they are content.
    """
    ids = [int(i) for i in ids]
    pieces = [
        piece if piece is not None else f"id {i}" for piece, i in zip(tokenizer.convert_ids_to_tokens(ids), ids, strict=True)
    ]
    special_ids = set(tokenizer.all_special_ids) - set(placeholders) - _content_ids(tokenizer)
    special = tuple(i in special_ids for i in ids)
    padding = tuple(not m for m in mask) if mask is not None else (False,) * len(ids)
    continues, labels = read_pieces(tokenizer, ids, pieces, special)
    unknown = getattr(tokenizer, "unk_token_id", None)
    return Tokens(
        tuple(map(str, pieces)),
        labels,
        tuple(ids),
        special,
        continues,
        _segments(ids, special, padding, segments),
        padding,
        tuple(i == unknown and not s for i, s in zip(ids, special, strict=True)),
    )


def _content_ids(tokenizer: Any) -> set[int | None]:
    """What a tokenizer lists as special and a writer puts into the text: unknown words, masks, its own pictures and sounds."""
    names = ("unk", "mask", *_SENSES)
    found = {getattr(tokenizer, f"{name}_token_id", None) for name in names}
    ends = {getattr(tokenizer, f"{name}_token_id", None) for name in ("bos", "eos", "sep", "cls")}
    return found - ends  # GPT-2's unknown token is its end of text


def _segments(
    ids: Sequence[int], special: Sequence[bool], padding: Sequence[bool], types: Sequence[int] | None
) -> tuple[int, ...]:
    neither = [s or p for s, p in zip(special, padding, strict=True)]
    given = [0] * len(ids) if types is None else [min(int(t), 1) for t in types]
    return tuple(-1 if out else segment for out, segment in zip(neither, given, strict=True))
