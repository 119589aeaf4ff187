"""What the decoder of an encoder-decoder is fed: the target it was given, or the answer the model writes itself.

The answer is what ``model.generate`` gives under the model's own generation settings; what is captured is one pass over it,
whose decoder rows are those of the generation.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from inspector.encoding import encode, max_tokens
from inspector.errors import InputError
from inspector.signature import is_encoder_decoder, main_input, moved, named_inputs

__all__ = ["lacks_decoder_input", "with_answer", "with_labels", "with_target"]

_USUAL = 64  # new tokens where the model names no length
_LONGEST = 512  # and where it names more; ``generate_kwargs`` may name more still


def lacks_decoder_input(model: nn.Module, inputs: Mapping[str, Any]) -> bool:
    """Whether this is an encoder-decoder of tokens whose decoder was given nothing yet."""
    given = {"decoder_input_ids", "decoder_inputs_embeds"} & inputs.keys()
    return is_encoder_decoder(model) and "decoder_input_ids" in named_inputs(model) and not given


def with_target(model: nn.Module, inputs: dict[str, Any], tokenizer: Any, target: Any, truncate: bool) -> dict[str, Any]:
    """The inputs with a target text, read as the tokenizer reads targets and shifted as the model shifts its labels."""
    encoded = encode(tokenizer, target, limit=_positions(model, tokenizer), truncate=truncate, target=True)
    labels, mask = (moved(encoded[name], model) for name in ("input_ids", "attention_mask"))
    return inputs | _fed(model, _shifted(model, labels), mask)


def with_labels(model: nn.Module, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs with what the model would make of their labels, so that the decoder's tokens can be named."""
    labels = inputs["labels"]
    real = labels != -100
    pad = getattr(getattr(model, "config", None), "pad_token_id", None) or 0
    return inputs | _fed(model, _shifted(model, labels.masked_fill(~real, pad)), real.long())


def with_answer(model: nn.Module, inputs: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with the model's own answer; with the first token alone where a model without a head cannot write one."""
    if not getattr(model, "can_generate", lambda: False)():
        bare = getattr(model, "base_model", model) is model  # a classifier makes its decoder's input itself
        return inputs | {"decoder_input_ids": _start(model, inputs)} if bare else inputs
    settings = _settings(model, options)
    written = model.generate(**inputs, **settings)
    ids = written.get("sequences") if isinstance(written, Mapping) else written
    if not isinstance(ids, Tensor) or ids.ndim != 2 or ids.is_floating_point():
        return inputs  # it writes sounds or pictures
    count = next((len(value) for value in inputs.values() if isinstance(value, Tensor) and value.ndim), len(ids))
    ids = ids[:: max(1, len(ids) // max(1, count))]  # of several answers to one input the best comes first
    fed = ids[:, : max(1, ids.shape[1] - 1)]  # the last token is written and never read
    mask = _before_end(model, fed, options)
    if ids.shape[1] >= _LONGEST and not _names_length(options) and bool(mask[:, -1].any()):
        warnings.warn(
            f"The answer was cut at {ids.shape[1]} tokens; generate_kwargs={{'max_new_tokens': …}} takes more.", stacklevel=4
        )
    return inputs | _fed(model, fed, mask)


def _settings(model: nn.Module, options: Mapping[str, Any]) -> dict[str, Any]:
    """The caller's options, with a bound on the length where they name none."""
    found = {"return_dict_in_generate": True} | dict(options)
    if "force_unique_generate_call" in inspect.signature(model.generate).parameters:  # Whisper: the prompt stays in front
        found.setdefault("force_unique_generate_call", True)
    if _names_length(options):
        return found
    settings = getattr(model, "generation_config", None)
    for name in ("max_new_tokens", "max_length"):
        length = getattr(settings, name, None)
        if length is not None:
            return found | {name: min(length, _LONGEST)}
    return found | {"max_new_tokens": min(_USUAL, (_positions(model) or _USUAL + 1) - 1)}


def _names_length(options: Mapping[str, Any]) -> bool:
    return bool({"max_length", "max_new_tokens", "generation_config"} & options.keys())


def _positions(model: nn.Module, tokenizer: Any = None) -> int | None:
    """The most tokens the decoder takes; None when it names no limit."""
    return getattr(getattr(model, "config", None), "max_target_positions", None) or max_tokens(model, tokenizer)


def _before_end(model: nn.Module, fed: Tensor, options: Mapping[str, Any]) -> Tensor:
    """[batch, token] 1 up to the end each answer wrote, 0 behind it: answers of a batch end at different places."""
    settings = options.get("generation_config", getattr(model, "generation_config", None))
    ends = options.get("eos_token_id", getattr(settings, "eos_token_id", None))
    ends = [] if ends is None else torch.as_tensor(ends).flatten().tolist()
    ended = torch.isin(fed, torch.tensor(ends, dtype=fed.dtype, device=fed.device))
    ended[:, 0] = False  # where an answer begins with the token that ends it
    return (ended.cumsum(1) == 0).long()


def _fed(model: nn.Module, ids: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The decoder's input; a mask only where something is hidden, so that the kernel is the one that would have run."""
    masked = "decoder_attention_mask" in named_inputs(model) and not bool(mask.all())
    return {"decoder_input_ids": ids} | ({"decoder_attention_mask": mask.to(ids.device)} if masked else {})


def _shifted(model: nn.Module, labels: Tensor) -> Tensor:
    """What the decoder reads to write ``labels``: the model's own rule, or the start token before all but the last."""
    rule = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if rule is not None:
        return rule(labels=labels)
    return torch.cat([labels.new_full((len(labels), 1), _first_token(model)), labels[:, :-1]], 1)


def _start(model: nn.Module, inputs: Mapping[str, Any]) -> Tensor:
    main = inputs.get(main_input(model))
    main = main if isinstance(main, Tensor) else next((v for v in inputs.values() if isinstance(v, Tensor)), None)
    if main is None or main.ndim == 0:
        raise InputError(
            "Encodings were given.", "None of them is a tensor.", f"Give encodings, such as {{{main_input(model)!r}: …}}."
        )
    return torch.full((len(main), 1), _first_token(model), dtype=torch.long, device=main.device)


def _first_token(model: nn.Module) -> int:
    """The token a decoder begins with."""
    places = [getattr(model, "generation_config", None), getattr(model, "config", None)]
    places.append(getattr(places[1], "decoder", None))
    names = ("decoder_start_token_id", "bos_token_id")
    found = (getattr(place, name, None) for name in names for place in places)
    return int(next((token for token in found if isinstance(token, int)), 0))
