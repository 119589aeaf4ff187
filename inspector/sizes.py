"""How large a model is, read off its configuration before any of it is built, and a refusal of what a stranger may not load.

A config.json is a stranger's text: a layer count of 10⁹ would be spelled out as a list by the configuration's own class, so the
numbers are looked at first, as JSON. What they leave standing is laid out without memory (on the meta device) and counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, AutoModel

from inspector.errors import ModelError, TooLarge
from inspector.loading import model_class
from inspector.memory import amount

__all__ = ["check_config", "check_numbers", "load_bytes", "weight_of"]

_LONGEST = 4 * 2**20  # bytes of a config.json; the largest real ones name 22,000 classes
# What a number is called, the most it may be, and what it counts. The first that fits a name decides.
_BOUNDS = (
    (r"(^|_)n?(um)?_?(hidden_|encoder_|decoder_)?layers?$|depths?$|num_blocks|num_stages|_layers$", 512, "layers"),
    (r"experts", 1024, "experts"),
    (r"vocab", 2**22, "words"),
    (r"labels|classes|queries", 2**20, "labels"),
    (r"position|context|seq_len|length|window|_ctx$", 2**25, "positions"),
    (r"size$|dim$|dims$|embd$|^d_|heads?$|width|channels|inner|rank|features|kernel|hidden|stride|ratio", 2**18, "wide"),
)
_MODULES = 2**16  # layers × experts
_FORBIDDEN = ("use_pretrained_backbone", "transformers_weights", "kernel_config")  # each names something else to be loaded


def check_config(folder: Path, limit: int | None) -> None:
    """Refuses a folder from the Hub whose configuration names more than this server lets strangers load.

    Args:
        folder: holds a config.json.
        limit: the most bytes the weights may take in memory; None: any.

    Raises:
        TooLarge: too many layers, too wide, or too many bytes.
        ModelError: no configuration, or one that sends the loader elsewhere.
    """
    raw = _read(folder / "config.json")
    check_numbers(raw)
    elsewhere = [name for name, value in _walk(raw) if name in _FORBIDDEN and value]
    if elsewhere or (folder / "adapter_config.json").exists():
        named = elsewhere[0] if elsewhere else "adapter_config.json"
        raise ModelError(
            "A model of the Hub was to be loaded.", f"Its {named} names something else to load.", "Choose a whole model."
        )
    needed = load_bytes(folder)
    if limit is not None and needed > limit:
        raise TooLarge(
            "A model of the Hub was to be loaded.",
            f"Its weights take {amount(needed)} in memory, and this server gives a model {amount(limit)}.",
            "Choose a smaller one.",
        )


def check_numbers(raw: dict[str, Any]) -> None:
    """Refuses a configuration whose numbers are out of all proportion.

    Raises:
        TooLarge: names the number.
    """
    largest = {"layers": 1, "experts": 1}
    for name, value in _walk(raw):
        bound = next((bound for bound in _BOUNDS if re.search(bound[0], name)), None)
        if bound is None or not (numbers := _numbers(value)):
            continue
        _, most, what = bound
        stages = what == "layers" and not re.search(r"(cross_attention|moe|mlp|only|full|global|linear|sparse).*_layers$", name)
        found = sum(numbers) if stages else max(numbers)  # stages of a pyramid: their layers add up; others list which layers
        if not found <= most:  # NaN is no number of layers either
            raise _too_large(f"{name} = {found:,}", f"{most:,}")
        largest[what] = max(largest.get(what, 1), int(found))
    if largest["layers"] * largest["experts"] > _MODULES:
        raise _too_large(f"{largest['layers']:,} layers of {largest['experts']:,} experts", f"{_MODULES:,} together")


def load_bytes(folder: Path) -> int:
    """Bytes the weights and tables of a model will take in memory, counted on the meta device: none of them exists yet."""
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        kind = model_class(config, False)
        with torch.device("meta"):
            model = kind.from_config(config) if kind is AutoModel else kind(config)
    except Exception as error:
        raise ModelError(
            "A model of the Hub was to be loaded.",
            f"Its configuration makes no model: {type(error).__name__}: {' '.join(str(error).split())[:160]}.",
            "Check that this version of Transformers knows it.",
        ) from error
    dtype = getattr(config, "dtype", None)
    return weight_of(model.to(dtype) if isinstance(dtype, torch.dtype) and dtype.is_floating_point else model)


def weight_of(model: nn.Module) -> int:
    """Bytes of a model's weights and tables; what several modules share counts once."""
    return sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LONGEST:
            raise _too_large(f"a config.json of {amount(path.stat().st_size)}", amount(_LONGEST))
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(
            "A model of the Hub was to be loaded.", "It has no config.json that can be read.", "Choose another model."
        ) from error
    if not isinstance(raw, dict):
        raise ModelError("A model of the Hub was to be loaded.", "Its config.json is no object.", "Choose another model.")
    return raw


def _walk(thing: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of nested objects, and each of these, with the last name it is reached by; lists of numbers are one value."""
    if isinstance(thing, dict):
        yield name, thing
        for inner, value in thing.items():
            yield from _walk(value, str(inner))
    elif isinstance(thing, list) and any(isinstance(value, dict) for value in thing):
        for value in thing:
            yield from _walk(value, name)
    else:
        yield name, thing


def _numbers(value: Any) -> list[int | float]:
    """The numbers a value is or holds, however deep its lists."""
    if isinstance(value, list):
        return [number for part in value for number in _numbers(part)]
    return [value] if isinstance(value, int | float) else []


def _too_large(found: str, most: str) -> TooLarge:
    return TooLarge(
        "A model of the Hub was to be loaded.", f"Its configuration says {found}; at most {most} are loaded.", "Choose another."
    )
