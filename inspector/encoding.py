"""From what a person types to what a model takes: texts, pairs and batches become encodings, and nothing is cut unasked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from inspector.errors import EmptyInput, InputError, InputTooLong
from inspector.signature import field_of, text_config

__all__ = ["encode", "items_of", "left_out", "max_tokens"]

_UNBOUNDED = 10**6  # tokenizers write 1e30 for "no limit"
_CHARACTERS = 64  # a token, generously: a text with more is longer than the model takes, and is not read to be told so
_LONGEST = 2_000_000  # characters, where the model names no limit or a very large one: seconds of a tokenizer's time


def max_tokens(model: nn.Module, tokenizer: Any) -> int | None:
    """The number of tokens the model takes at once; None when it names no limit."""
    text = text_config(model)
    positions = [field_of(text, name) for name in ("max_position_embeddings", "n_positions")]
    limits = [getattr(tokenizer, "model_max_length", None), *positions]
    known = [int(n) for n in limits if isinstance(n, int | float) and 0 < n < _UNBOUNDED]
    return min([*known, *_position_rows(model)], default=None)


def _position_rows(model: nn.Module) -> list[int]:
    """Rows of position tables whose first ones belong to padding: RoBERTa and its kin count from ``padding_idx`` + 1."""
    tables = [m for name, m in model.named_modules() if name.endswith("position_embeddings") and isinstance(m, nn.Embedding)]
    return [table.num_embeddings - table.padding_idx - 1 for table in tables if table.padding_idx is not None]


def encode(
    tokenizer: Any,
    text: Any,
    pair: Any = None,
    *,
    limit: int | None = None,
    truncate: bool = False,
    target: bool = False,
) -> dict[str, Tensor]:
    """The encodings of one or several texts, [batch, token], padded to the longest.

    Args:
        tokenizer: a Transformers tokenizer.
        text: a text, or a list of texts (a batch).
        pair: a second text for each.
        limit: the most tokens the model takes.
        truncate: cut what is longer instead of raising.
        target: read them as the tokenizer reads what a model is to write: another language, another vocabulary.

    Raises:
        EmptyInput: nothing but white space, or no token.
        InputTooLong: more tokens than ``limit``.
        InputError: no tokenizer, or texts and pairs that do not match.
    """
    if tokenizer is None:
        raise InputError(
            "A text was given.",
            "This model comes without a tokenizer.",
            "Give encodings, such as {'input_ids': …}, or pass a tokenizer.",
        )
    rows = [_one(tokenizer, first, second, limit, truncate, target) for first, second in items_of(text, pair)]
    return _collate(rows, tokenizer, left=getattr(tokenizer, "padding_side", "right") == "left" and not target)


def items_of(text: Any, pair: Any = None) -> list[tuple[Any, Any]]:
    """A batch of (text, second text or None), whichever way it was given.

    Raises:
        EmptyInput: no text at all.
        InputError: texts and second texts do not match.
    """
    if pair is None and not isinstance(text, str) and text is not None:
        text, pair = _paired(text)
    if isinstance(text, str) or not isinstance(text, Sequence):
        text = [text]  # type: ignore[list-item]
    texts = list(text)
    if not (pair is None or isinstance(pair, str | Sequence)):
        raise InputError("A second text was given.", f"It is a {type(pair).__name__}.", "Give a string, or a list of strings.")
    pairs: list[str | None] = [pair] if isinstance(pair, str) or pair is None else list(pair)
    if pair is None:
        pairs = [None] * len(texts)
    if len(pairs) != len(texts):
        raise InputError(
            f"{len(texts)} texts and {len(pairs)} second texts were given.", "Each text takes one.", "Give lists of equal length."
        )
    if not texts:
        raise EmptyInput("A batch was to be inspected.", "It is empty.", "Give at least one text.")
    return list(zip(texts, pairs, strict=True))


def left_out(tokenizer: Any, items: Sequence[tuple[str, str | None]], limit: int | None, *, apart: bool = False) -> list[int]:
    """How many tokens of each item are over ``limit``: those that cutting it loses. ``apart``: each text has its own limit."""
    if limit is None:
        return [0] * len(items)
    clean = [(_counted(text), _counted(pair) or None) for text, pair in items]
    runs = [[(text, None), (pair, None)] if apart and pair else [(text, None if apart else pair)] for text, pair in clean]
    return [sum(max(0, len(tokenizer(a, b, verbose=False)["input_ids"]) - limit) for a, b in run) for run in runs]


def _counted(text: str | None) -> str:
    """The text as the tokenizer is given it, "" for a blank one; what is longer than any text may be is not counted on."""
    clean = (text or "")[:_LONGEST].encode("utf-8", "replace").decode("utf-8")
    return clean if clean.strip() else ""


def _paired(text: Any) -> tuple[Any, Any]:
    """A tuple of two texts is a pair, a list of such tuples a batch of pairs."""
    if isinstance(text, tuple) and len(text) == 2 and all(isinstance(part, str) for part in text):
        return text
    if isinstance(text, list) and text and all(isinstance(item, tuple) and len(item) == 2 for item in text):
        return [first for first, _ in text], [second for _, second in text]
    return text, None


def _one(tokenizer: Any, text: Any, pair: Any, limit: int | None, truncate: bool, target: bool = False) -> dict[str, list[int]]:
    for given in (text,) if pair is None else (text, pair):
        if not isinstance(given, str):
            raise InputError(
                "A text was to be inspected.",
                f"A {type(given).__name__} was given.",
                "Give a string, a list of strings, or encodings as a dictionary.",
            )
    if not text.strip():
        raise EmptyInput(
            "A text was to be inspected.",
            "It is empty." if not text else "It is only white space.",
            "Type a sentence, or take an example.",
        )
    most = min(_LONGEST, _CHARACTERS * limit) if limit else _LONGEST
    text, pair = (_bounded(given, most, limit, truncate) for given in (text, pair))
    clean = [None if given is None else given.encode("utf-8", "replace").decode("utf-8") for given in (text, pair)]
    cut = {"truncation": True, "max_length": limit} if truncate and limit else {"truncation": False}
    second = clean[1] if clean[1] and clean[1].strip() else None
    given = {"text_target": clean[0]} if target else {"text": clean[0], "text_pair": second}
    found = tokenizer(**given, padding=False, verbose=False, **cut)
    row = {name: list(found[name]) for name in found if name in ("input_ids", "attention_mask", "token_type_ids")}
    count = len(row["input_ids"])
    if set(row["input_ids"]) <= set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}:
        raise EmptyInput("A text was to be inspected.", "The tokenizer makes no token of it.", "Type something else.")
    if limit is not None and count > limit:
        raise InputTooLong(
            "A text was to be inspected.",
            f"It has {count:,} tokens and the model takes {limit:,}.",
            f"Cut it to {limit:,} tokens, or shorten it.",
            tokens=count,
            limit=limit,
        )
    return row


def _bounded(text: str | None, most: int, limit: int | None, truncate: bool) -> str | None:
    """The text, unless it is so long that the tokenizer alone would take minutes and gigabytes."""
    if text is None or len(text) <= most:
        return text
    if truncate and limit:
        return text[:most]
    takes = f"{limit:,} tokens" if limit else f"{most:,} characters"
    asked, found = "A text was to be inspected.", f"It has {len(text):,} characters and the model takes {takes}."
    if limit is None:
        raise InputError(asked, found, "Shorten it.")
    raise InputTooLong(asked, found, f"Cut it to {takes}, or shorten it.", limit=limit)


def _collate(rows: list[dict[str, list[int]]], tokenizer: Any, left: bool) -> dict[str, Tensor]:
    """Equal lengths by padding on one side; a tokenizer without a padding token pads with 0, which the mask hides."""
    longest = max(len(row["input_ids"]) for row in rows)
    fill = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": getattr(tokenizer, "pad_token_type_id", 0) or 0}
    for row in rows:
        row.setdefault("attention_mask", [1] * len(row["input_ids"]))
    batch = {}
    for name in rows[0]:
        padded = []
        for row in rows:
            gap = [fill.get(name, 0)] * (longest - len(row[name]))
            padded.append(gap + row[name] if left else row[name] + gap)
        batch[name] = torch.tensor(padded, dtype=torch.long)
    return batch
