"""``Inspector``: a model and its tokenizer, called with a text, answering with a ``Capture``."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import GenerationConfig

from inspector.answers import lacks_decoder_input, with_answer, with_labels, with_target
from inspector.bundled import BUNDLED, TITLE, bundled_folder
from inspector.captures import Capture
from inspector.encoding import encode, items_of, left_out, max_tokens
from inspector.errors import InputError, NoAttention
from inspector.given import KEY, as_info
from inspector.hooks import capture
from inspector.hooks.proving import PROOF_ROWS
from inspector.inputs import as_tensors, check_ids
from inspector.limits import check_inputs
from inspector.loading import load_model, load_tokenizer, named
from inspector.made_up import made_up
from inspector.owners import model_and_tokenizer
from inspector.running import explained
from inspector.signature import accepted, is_encoder_decoder, main_input, moved, name_of, takes_text
from inspector.unencoded import refuse_unencoded, way_in

__all__ = ["Inspector"]

_WHOLE_PROOF = 512  # rows of a call up to which every one is checked
_OPTIONS = tuple(name for name in inspect.signature(capture).parameters if name not in ("model", "tokenizer"))


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

    def __init__(self, model: Any, tokenizer: Any = None, *, name: str | None = None, no_tokenizer_reason: str = "") -> None:
        """A model you hold, and its tokenizer.

        Args:
            model: a Transformers model, or a pipeline, which brings its tokenizer along.
            tokenizer: a tokenizer, or a processor that has one; without it the model takes encodings only.
            name: what a person calls the model; its Hub id, folder or class by default.
            no_tokenizer_reason: a sentence that says why there is none, for whoever gives a text.

        Raises:
            ModelError: ``model`` is none, such as a name: that is what ``from_pretrained`` takes.
            InputError: ``tokenizer`` is none.
        """
        self.model, self.tokenizer = model_and_tokenizer(model, tokenizer)
        self._no_tokenizer_reason = no_tokenizer_reason or "This model comes without a tokenizer."
        self.name = name or name_of(self.model)

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
        given = named(name)
        where = str(bundled_folder()) if given == BUNDLED else given
        model = load_model(where, **options)
        tokenizer, reason = load_tokenizer(where, **options)
        called = TITLE if given == BUNDLED else Path(where).name if Path(where).is_dir() else where
        return cls(model, tokenizer, name=called, no_tokenizer_reason=reason)

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
        generate_kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Capture:
        """What the model attends to on this input.

        The model runs once, without gradients and in evaluation mode (its training flags are put back). An encoder-decoder
        reads ``text`` and is given ``pair`` as its own output so far; without a pair it first writes its answer, as
        ``model.generate`` does under the model's own ``generation_config`` (64 tokens where that names no length, at most 512
        where it names more), and of several answers to one input the best is taken. Calls of up to 512 rows are checked in
        every row.

        Args:
            text: a text, a tuple of two (a pair), a list of either (a batch), or encodings such as ``{"pixel_values": …}``.
            pair: a second text for each: the second sentence of an encoder, the target of an encoder-decoder.
            truncate: cut what is longer than the model takes instead of raising.
            progress: called with the share of the model that has run; answering False cancels.
            generate_kwargs: options of ``generate`` for the answer, such as ``{"forced_bos_token_id": 5, "num_beams": 1}``.
            options: passed on to ``capture``.

        Raises:
            Cancelled: ``progress`` answered False.
            InputError: the input is empty, too long, needs a tokenizer that is missing, or the model does not run on it.
            TooLarge: it would not fit into memory; the message says what would.
            NoAttention: the model ran and performed no attention that can be shown.
        """
        _check_options(options, generate_kwargs)
        inputs = self.encode(text, pair, truncate=truncate)
        check_inputs(self.model, inputs, layers=options.get("layers"), offload=options.get("offload_to") is not None)
        options.setdefault("proof_rows", _rows_to_check)
        with _evaluating(self.model), torch.no_grad(), explained(self.model, inputs, progress):
            inputs = self._with_decoder_input(inputs, pair, truncate, generate_kwargs or {})
            with capture(self.model, tokenizer=self.tokenizer, **options) as found:
                self.model(**inputs)
        found.info["name"] = self.name
        if not isinstance(text, Mapping):
            found.info[KEY] = self._told(text, pair, truncate)
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
            inputs = as_tensors(text, self.model)
        else:
            refuse_unencoded(text, self.model)
            inputs = self._encode_text(text, pair, truncate)
        check_ids(self.model, inputs.get("input_ids"))
        return {name: moved(value, self.model) if isinstance(value, Tensor) else value for name, value in inputs.items()}

    def _encode_text(self, text: Any, pair: Any, truncate: bool) -> dict[str, Any]:
        if not takes_text(self.model):
            main = main_input(self.model)
            raise InputError("A text was given.", f"This model takes {main}, no text.", way_in(self.model))
        if self.tokenizer is None:
            raise InputError(
                "A text was given.", self._no_tokenizer_reason, "Give encodings, such as {'input_ids': …}, or pass a tokenizer."
            )
        second = None if is_encoder_decoder(self.model) else pair
        inputs = encode(self.tokenizer, text, second, limit=self.max_tokens, truncate=truncate)
        taken = accepted(self.model)
        return {name: value for name, value in inputs.items() if taken is None or name in taken}

    def _with_decoder_input(
        self, inputs: dict[str, Any], pair: Any, truncate: bool, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The inputs with what the decoder has written: the target, the labels, or the model's own answer."""
        if not lacks_decoder_input(self.model, inputs):
            return inputs
        if pair is not None:
            return with_target(self.model, inputs, self.tokenizer, pair, truncate)
        labels = inputs.get("labels")
        if isinstance(labels, Tensor) and labels.ndim == 2 and not labels.is_floating_point():
            return with_labels(self.model, inputs)
        return with_answer(self.model, inputs, options)

    def _told(self, text: Any, pair: Any, truncate: bool) -> str:
        """The texts as a capture names them."""
        items, apart = items_of(text, pair), is_encoder_decoder(self.model)
        cut = left_out(self.tokenizer, items, self.max_tokens, apart=apart) if truncate else [0] * len(items)
        return as_info(items, cut)

    def __repr__(self) -> str:
        return f"<Inspector of {self.name} ({type(self.model).__name__})>"


def _rows_to_check(rows: int) -> int | None:
    """Every row of a short call, a sample of a long one."""
    return None if rows <= _WHOLE_PROOF else PROOF_ROWS


def _check_options(options: Mapping[str, Any], generate_kwargs: Any) -> None:
    """An option that is none, such as one of ``generate`` or of ``forward``, is answered with where it belongs."""
    if generate_kwargs is not None and not isinstance(generate_kwargs, Mapping):
        raise InputError(
            "generate_kwargs was given.",
            f"It is a {type(generate_kwargs).__name__}.",
            "Give a dictionary of options of generate, such as {'num_beams': 1}.",
        )
    for name in options:
        if name in _OPTIONS:
            continue
        do = "Leave it out; options of generate go into generate_kwargs."
        if name in ("output_attentions", "return_dict", "output_hidden_states"):
            do = "Leave it out: every attention is captured as it is, and cap.as_hf() gives it under the library's names."
        elif hasattr(GenerationConfig(), name):
            do = f"Give generate_kwargs={{{name!r}: …}}."
        known = ", ".join(("truncate", "progress", "generate_kwargs", *_OPTIONS))
        raise InputError(f"An Inspector was called with {name}=….", f"It takes {known}.", do)


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
