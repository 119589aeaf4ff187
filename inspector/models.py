"""``Inspector``: a model and its tokenizer, called with a text, answering with a ``Capture``."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from inspector.bundled import BUNDLED, TITLE, bundled_folder
from inspector.captures import Capture
from inspector.encoding import encode, max_tokens
from inspector.errors import InputError, NoAttention
from inspector.hooks import capture
from inspector.hooks.progress import told
from inspector.limits import check_inputs
from inspector.loading import load_model, load_tokenizer
from inspector.made_up import made_up

__all__ = ["Inspector"]

_WHOLE_PROOF = 512  # tokens up to which every row is checked


class Inspector:
    """A model you hold, or one loaded by name, ready to be looked into.

    Attributes:
        model: a Transformers model.
        tokenizer: its tokenizer, or None.
        name: what a person calls the model.

    >>> inspector = Inspector.from_pretrained("bundled")
    >>> cap = inspector("The cat sat.")
    >>> cap.tokens
    [['[CLS]', 'the', 'cat', 'sat', '.', '[SEP]']]
    >>> cap.calls[0].weights(batch=0, heads=[2], queries=[1]).sum().item()
    1.0
    """

    def __init__(self, model: nn.Module, tokenizer: Any = None, *, name: str | None = None, untold: str = "") -> None:
        self.model = model
        self.tokenizer = tokenizer
        self._untold = untold or "This model comes without a tokenizer."
        self.name = name or _name_of(model)

    @classmethod
    def from_pretrained(cls, name: str | Path, **options: Any) -> Inspector:
        """The inspector of a Hub id, a folder in Hub format, or "bundled".

        Args:
            name: such as "gpt2", "./my-model" or "bundled" (all-MiniLM-L6-v2, needs no network).
            options: passed on to Transformers: revision, dtype, device_map, quantization_config, token, attn_implementation,
                trust_remote_code (False unless given). Weights are read from safetensors only.

        Raises:
            ModelError: in three sentences, why it cannot be loaded.
        """
        where = str(bundled_folder()) if str(name) == BUNDLED else str(name)
        model = load_model(where, **options)
        tokenizer, untold = load_tokenizer(where, **options)
        called = TITLE if str(name) == BUNDLED else Path(where).name if Path(where).is_dir() else where
        return cls(model, tokenizer, name=called, untold=untold)

    @property
    def made_up(self) -> tuple[str, ...]:
        """The weights that were not in the model's files, so that Transformers made them up, in the order of the model."""
        return made_up(self.model)

    @property
    def max_tokens(self) -> int | None:
        """The most tokens the model takes at once; None when it names no limit."""
        return max_tokens(self.model, self.tokenizer)

    def __call__(
        self,
        text: Any,
        pair: Any = None,
        *,
        truncate: bool = False,
        progress: Callable[[float], Any] | None = None,
        **options: Any,
    ) -> Capture:
        """What the model attends to on this input.

        The model runs once, without gradients and in evaluation mode (its training flags are put back). An encoder-decoder
        reads ``text`` and is given ``pair`` as its own output so far; without a pair it first writes its answer greedily.

        Args:
            text: a text, a tuple of two (a pair), a list of either (a batch), or encodings such as ``{"pixel_values": …}``.
            pair: a second text for each: the second sentence of an encoder, the target of an encoder-decoder.
            truncate: cut what is longer than the model takes instead of raising.
            progress: called with the share of the model that has run; answering False cancels.
            options: passed on to ``capture``.

        Raises:
            Cancelled: ``progress`` answered False.
            InputError: the input is empty, too long, or needs a tokenizer that is missing.
            TooLarge: it would not fit into memory; the message says what would.
            NoAttention: the model ran and performed no attention that can be shown.
        """
        inputs = self.encode(text, pair, truncate=truncate)
        check_inputs(self.model, inputs, layers=options.get("layers"), offload=options.get("offload_to") is not None)
        ids = inputs.get("input_ids")
        if isinstance(ids, Tensor) and ids.shape[-1] <= _WHOLE_PROOF:  # short enough to check every row, not a sample
            options.setdefault("proof_rows", None)
        with _evaluating(self.model), torch.no_grad(), told(self.model, progress):
            if _is_encoder_decoder(self.model) and "decoder_input_ids" not in inputs and "input_ids" in inputs:
                inputs = self._with_answer(inputs, pair, truncate)
            with capture(self.model, tokenizer=self.tokenizer, **options) as found:
                self.model(**inputs)
        found.info["name"] = self.name
        if not found.calls:
            raise _no_attention(self.name, self.model, found)
        return found

    def encode(self, text: Any, pair: Any = None, *, truncate: bool = False) -> dict[str, Any]:
        """The encodings the model is given, on its device."""
        if isinstance(text, Mapping):
            if pair is not None:
                raise InputError(
                    "Encodings and a second text were given.", "Encodings hold both already.", "Give one or the other."
                )
            inputs = {name: _as_tensor(value) for name, value in text.items()}
        else:
            inputs = self._encode_text(text, pair, truncate)
        _check_ids(self.model, inputs.get("input_ids"))
        return {name: _moved(value, self.model) if isinstance(value, Tensor) else value for name, value in inputs.items()}

    def _encode_text(self, text: Any, pair: Any, truncate: bool) -> dict[str, Any]:
        if self.tokenizer is None:
            raise InputError("A text was given.", self._untold, "Give encodings, such as {'input_ids': …}, or pass a tokenizer.")
        second = None if _is_encoder_decoder(self.model) else pair
        inputs = encode(self.tokenizer, text, second, limit=self.max_tokens, truncate=truncate)
        taken = _accepted(self.model)
        kept: dict[str, Any] = {name: value for name, value in inputs.items() if taken is None or name in taken}
        main = getattr(self.model, "main_input_name", "input_ids")
        if "input_ids" not in kept or (main != "input_ids" and "input_ids" not in _named(self.model)):
            raise InputError(
                "A text was given.", f"This model takes {main}, no text.", f"Give encodings, such as {{{main!r}: …}}."
            )
        return kept

    def _with_answer(self, inputs: dict[str, Any], pair: Any, truncate: bool) -> dict[str, Any]:
        """The inputs with what the decoder has written: the given target shifted right, or the model's own greedy answer."""
        if pair is None:
            if not getattr(self.model, "can_generate", lambda: False)():
                start = getattr(self.model.config, "decoder_start_token_id", None) or 0
                return {**inputs, "decoder_input_ids": inputs["input_ids"].new_full((len(inputs["input_ids"]), 1), start)}
            written = self.model.generate(**inputs, max_new_tokens=64, do_sample=False, num_beams=1)
            return {**inputs, "decoder_input_ids": written[:, :-1] if written.shape[1] > 1 else written}
        target = encode(self.tokenizer, pair, limit=self.max_tokens, truncate=truncate)["input_ids"]
        target = _moved(target, self.model)
        start = target.new_full((len(target), 1), getattr(self.model.config, "decoder_start_token_id", None) or 0)
        return {**inputs, "decoder_input_ids": torch.cat([start, target[:, :-1]], 1)}

    def __repr__(self) -> str:
        return f"<Inspector of {self.name} ({type(self.model).__name__})>"


def _moved(value: Tensor, model: nn.Module) -> Tensor:
    """``value`` on the model's device; as it is where weights are fetched when they are needed, which moves inputs as well."""
    device = getattr(model, "device", None) or next(model.parameters()).device
    return value if device.type == "meta" else value.to(device)


def _as_tensor(value: Any) -> Any:
    """Lists and arrays of numbers, as a tokenizer gives them when it is not asked for tensors, with a batch axis."""
    if isinstance(value, Tensor) or not (isinstance(value, list | tuple) or hasattr(value, "__array__")):
        return value
    try:
        found = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputError(
            "Encodings were given.", f"They are no rectangle of numbers ({error}).", "Pad them to one length."
        ) from error
    return found[None] if found.ndim == 1 else found


def _check_ids(model: nn.Module, ids: Any) -> None:
    """Token ids the model has no embedding for would end in an index error deep inside it."""
    table = getattr(model, "get_input_embeddings", lambda: None)() if hasattr(model, "config") else None
    if not isinstance(ids, Tensor) or not isinstance(table, nn.Embedding) or ids.numel() == 0 or ids.is_floating_point():
        return
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= table.num_embeddings:
        raise InputError(
            "Token ids were given.",
            f"They run from {low} to {high}, and the model knows 0 to {table.num_embeddings - 1}.",
            "Encode the text with the model's own tokenizer.",
        )


def _name_of(model: nn.Module) -> str:
    path = str(getattr(getattr(model, "config", None), "_name_or_path", "") or "")
    return (Path(path).name if Path(path).is_dir() else path) or type(model).__name__


def _is_encoder_decoder(model: nn.Module) -> bool:
    return bool(getattr(getattr(model, "config", None), "is_encoder_decoder", False))


def _named(model: nn.Module) -> set[str]:
    """The arguments ``forward`` names."""
    try:
        return set(inspect.signature(model.forward).parameters)
    except (TypeError, ValueError):
        return set()


def _accepted(model: nn.Module) -> set[str] | None:
    """The arguments ``forward`` takes; None when it takes anything."""
    named = _named(model)
    return None if not named or ({"args", "kwargs"} & named and "input_ids" not in named) else named


@contextlib.contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, and every module's own flag again after."""
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


def _no_attention(name: str, model: nn.Module, found: Capture) -> NoAttention:
    if found.missing:
        what = "; ".join(f"{entry.name}: {entry.reason}" for entry in found.missing[:3])
    else:
        mixers = list(
            dict.fromkeys(
                type(m).__name__
                for m in model.modules()
                if type(m).__module__.startswith("transformers") and not list(m.children())
            )
        )
        parts = list(dict.fromkeys(type(m).__name__ for m in model.children()))
        what = f"it is a {type(model).__name__} made of {', '.join((mixers or parts)[:5]) or 'nothing the inspector knows'}"
    return NoAttention(
        f"The attention of {name!r} was asked for.",
        f"The model ran and none was found: {what}.",
        "Choose a model that attends over tokens.",
    )
