"""What is handed over as it is, not encoded: a picture, a sound, a chat, bare numbers. Each is named, and the way in shown.

The library's own processors turn such things into encodings, which every model here takes. Nobody who gives a picture is
told that they gave a text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from inspector.errors import InputError
from inspector.signature import main_input, named_inputs, source_of

__all__ = ["refuse_fields", "refuse_unencoded", "way_in"]

_PIXELS = {"pixel_values", "pixel_values_videos"}
_SOUNDS = {"input_features", "input_values", "audio_values"}


def refuse_fields(encodings: Mapping[str, Any], model: nn.Module) -> None:
    """Raises when a mapping is a row of a data set, a message, or holds a picture or a chat, and is no encodings."""
    if {"array", "sampling_rate"} <= set(encodings) or {"raw", "sampling_rate"} <= set(encodings):
        raise _refusal("A sound, as data sets hold it,", "sound", model)
    if {"role", "content"} <= set(encodings) or "messages" in encodings:
        raise _refusal("A chat", "chat", model)
    for name, value in encodings.items():
        thing = _object(value)
        if thing is not None:
            raise _refusal(f"{name!r}: {_small(thing[0])}", thing[1], model)


def refuse_unencoded(value: Any, model: nn.Module) -> None:
    """Raises when ``value`` is no text, pair or batch of them but a picture, a sound, a chat or bare numbers."""
    thing = _thing(value)
    if thing is None and isinstance(value, list | tuple) and value:
        thing = _thing(value[0])
        thing = None if thing is None else (f"A {type(value).__name__} of {len(value)}, the first {_small(thing[0])},", thing[1])
    if thing is not None:
        raise _refusal(*thing, model)


def way_in(model: nn.Module) -> str:
    """What to give a model that takes no text."""
    main = main_input(model)
    door = _picture if main in _PIXELS else _sound if main in _SOUNDS else _ids
    return door(model)[1]


def _object(value: Any) -> tuple[str, str] | None:
    """What a picture or a chat is, in words and as a kind; None for anything else."""
    if type(value).__module__.split(".")[0] == "PIL":
        return f"A picture of {' × '.join(map(str, getattr(value, 'size', ())))} pixels", "picture"
    if isinstance(value, Mapping):
        return ("A message of a chat", "chat") if {"role", "content"} <= set(value) else None
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "role" in one for one in value):
        return f"A chat of {len(value)} message{'s' * (len(value) != 1)}", "chat"
    return None


def _thing(value: Any) -> tuple[str, str] | None:
    """What a value is; None for what may be a text."""
    if _object(value) is not None:
        return _object(value)
    if isinstance(value, Tensor) or hasattr(value, "__array_interface__"):
        return _numbers(list(value.shape), str(value.dtype).removeprefix("torch."))
    if isinstance(value, list | tuple) and value and all(type(one) in (int, float) for one in value):
        return _numbers([len(value)], "float" if float in map(type, value) else "int")
    return None


def _numbers(shape: list[int], dtype: str) -> tuple[str, str] | None:
    """A sound is a line of fractions, a picture has two or three axes, token ids are whole."""
    if not dtype.startswith(("float", "bfloat", "int", "uint")):  # an array of strings may be meant as a batch
        return None
    if len(shape) >= 3 or (dtype == "uint8" and len(shape) == 2):
        return f"An array {shape} of {dtype}, as pictures are,", "picture"
    if "float" in dtype:
        return f"An array {shape} of {dtype}, as sounds are,", "sound"
    return f"An array {shape} of {dtype}, as token ids are,", "ids"


def _refusal(what: str, kind: str, model: nn.Module) -> InputError:
    found, do = _DOORS[kind](model)
    return InputError(f"{what} was given.", found, do)


def _picture(model: nn.Module) -> tuple[str, str]:
    return _processed(model, _PIXELS, "picture", "AutoImageProcessor", "picture")


def _sound(model: nn.Module) -> tuple[str, str]:
    return _processed(model, _SOUNDS, "sound", "AutoFeatureExtractor", "sound, sampling_rate=16_000")


def _processed(model: nn.Module, inputs: set[str], thing: str, processor: str, call: str) -> tuple[str, str]:
    """How the thing becomes encodings; that the model takes none, where its ``forward`` names no such input."""
    named = named_inputs(model)
    if not named & inputs:
        return f"{type(model).__name__} takes {main_input(model)}, and no {thing}.", "Give that, or choose another model."
    if {"input_ids", "decoder_input_ids"} & named == {"input_ids"}:  # it reads words beside
        processor, call = "AutoProcessor", f"text=…, {'images' if thing == 'picture' else 'audio'}={call}"
    name = source_of(model) or "…"
    return (
        f"The inspector takes a {thing} as encodings.",
        f'Give inspector({processor}.from_pretrained("{name}")({call}, return_tensors="pt")).',
    )


def _chat(model: nn.Module) -> tuple[str, str]:
    how = 'apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")'
    return "The inspector takes a chat as encodings.", f"Give inspector(inspector.tokenizer.{how})."


def _ids(model: nn.Module) -> tuple[str, str]:
    return "Numbers come under the name of the input they are.", f"Give encodings, such as {{{main_input(model)!r}: …}}."


_DOORS: dict[str, Callable[[nn.Module], tuple[str, str]]] = {"picture": _picture, "sound": _sound, "chat": _chat, "ids": _ids}


def _small(text: str) -> str:
    return f"{text[0].lower()}{text[1:].rstrip(',')}"
