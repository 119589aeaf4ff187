"""How much memory a run will take, before it is run: an estimate, and a refusal that says what would fit.

The parts: what the model's own forward pass holds at its peak, what a capture keeps (queries and keys of every layer), and
what the summary of all heads holds. Weights of the model are there already and not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from inspector.errors import TooLarge
from inspector.memory import amount, available
from inspector.signature import text_config

__all__ = ["Estimate", "check", "check_inputs", "estimate", "free_memory"]

_FUSED = ("qkv", "c_attn", "query_key_value", "wqkv", "in_proj")  # one product for q, k and v: keeping q keeps all three
_FIELDS = 18  # numbers a summary keeps for every row of every head
_WORK = 2**28  # bytes the passes of a summary work in; on a device four times as many, in larger pieces


@dataclass(frozen=True)
class Estimate:
    """Bytes a run would take beyond what the model's weights take already.

    Attributes:
        tokens, batch: the size of the run.
        forward: peak of the model's own forward pass.
        capture: queries and keys that are kept; ``on_disk`` says that they are written to disk and not counted.
        summary: exact numbers of all heads.
        free: what is free on the model's device now; None where that cannot be known.
        layers: how many layers are kept.
    """

    tokens: int
    batch: int
    forward: int
    capture: int
    summary: int
    free: int | None
    layers: int
    on_disk: bool = False

    @property
    def total(self) -> int:
        """Everything together."""
        return self.forward + self.summary + (0 if self.on_disk else self.capture)

    @property
    def fits(self) -> bool:
        """Whether it fits into nine tenths of what is free; True where that cannot be known."""
        return self.free is None or self.total <= 0.9 * self.free

    def __str__(self) -> str:
        parts = [f"{amount(self.forward)} to run the model", f"{amount(self.summary)} for its numbers"]
        parts.insert(1, f"{amount(self.capture)} for queries and keys" + (" on disk" if self.on_disk else ""))
        free = "" if self.free is None else f"; {amount(self.free)} free"
        return f"{self.tokens:,} tokens take about {amount(self.total)} ({', '.join(parts)}){free}"


def estimate(
    model: nn.Module,
    num_tokens: int,
    *,
    batch: int = 1,
    layers: int | None = None,
    offload: bool = False,
    free: int | None = None,
) -> Estimate:
    """The memory a capture and its summary would take, from the model's configuration.

    Args:
        model: a Transformers model.
        num_tokens: length of the input, padding included.
        batch: how many texts at once.
        layers: how many layers are kept; all by default.
        offload: whether queries and keys go to disk.
        free: bytes to reckon with; what is free on the model's device by default.

    >>> from inspector import Inspector
    >>> str(estimate(Inspector.from_pretrained("bundled").model, 512, free=8 * 2**30))
    '512 tokens take about 52 MB (15 MB to run the model, 9 MB for queries and keys, 28 MB for its numbers); 8.0 GB free'
    """
    parameter = next(model.parameters(), torch.empty(0))
    size = parameter.element_size()
    shape = _Shape.of(model)
    kept = shape.layers if layers is None else min(layers, shape.layers)
    rows = num_tokens * batch
    return Estimate(
        tokens=num_tokens,
        batch=batch,
        forward=_forward(model, shape, num_tokens, batch, size),
        capture=kept * rows * shape.kept_width * size,
        summary=kept * num_tokens * shape.heads * _FIELDS * 4
        + min(_WORK if parameter.device.type == "cpu" else 4 * _WORK, 32 * rows * shape.heads * shape.width * 4 + 2**20),
        free=free if free is not None else free_memory(parameter.device),
        layers=kept,
        on_disk=offload,
    )


def check(
    model: nn.Module,
    num_tokens: int,
    *,
    batch: int = 1,
    layers: int | None = None,
    offload: bool = False,
    free: int | None = None,
) -> Estimate:
    """The estimate, when it fits.

    Args:
        model, num_tokens, batch, layers, offload, free: as ``estimate`` takes them.

    Raises:
        TooLarge: it does not fit; the message says what would.
    """
    found = estimate(model, num_tokens, batch=batch, layers=layers, offload=offload, free=free)
    if found.fits:
        return found
    raise TooLarge(f"A capture of {num_tokens:,} tokens was asked for.", f"{found}.", _advice(model, found))


def check_inputs(model: nn.Module, inputs: Mapping[str, Any], *, layers: Any = None, offload: bool = False) -> None:
    """Refuses encodings whose run would not fit; inputs that are no token ids are let through.

    Args:
        model: a Transformers model.
        inputs: its encodings; ``input_ids`` [batch, token] say how long they are.
        layers: the selection given to ``capture``; only a list or range of numbers makes the run smaller.
        offload: whether queries and keys go to disk.

    Raises:
        TooLarge: it does not fit; the message says what would.
    """
    ids = inputs.get("input_ids")
    if isinstance(ids, torch.Tensor) and ids.ndim == 2:
        counted = isinstance(layers, list | tuple | range) and all(isinstance(layer, int) for layer in layers)
        count = len(layers) if counted else 1 if isinstance(layers, int) else None
        check(model, ids.shape[1], batch=ids.shape[0], layers=count, offload=offload)


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a device: for the CPU the smaller of the machine's and the container's; None if unknown."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached  # what torch holds and does not use, it gives out again
    if device.type != "cpu":
        return None
    return available()


@dataclass(frozen=True)
class _Shape:
    """What of a model's configuration decides how much memory a text takes."""

    layers: int
    heads: int
    key_heads: int
    width: int
    hidden: int
    inner: int
    vocabulary: int
    fused: bool

    @classmethod
    def of(cls, model: nn.Module) -> _Shape:
        """Read off the configuration; both stacks of an encoder-decoder count."""
        config = getattr(model, "config", None)
        text = text_config(model)
        hidden = _first(text, 768, "hidden_size", "d_model", "n_embd", "dim")
        heads = _first(text, 12, "num_attention_heads", "n_head", "encoder_attention_heads", "n_heads")
        layers = _first(text, 12, "num_hidden_layers", "n_layer", "encoder_layers", "n_layers")
        if getattr(config, "is_encoder_decoder", False):  # the decoder attends twice
            layers += 2 * _first(text, layers, "decoder_layers", "num_decoder_layers")
        head = getattr(model, "get_output_embeddings", lambda: None)()
        names = [name.rsplit(".", 1)[-1].lower() for name, _ in model.named_modules()]
        return cls(
            layers=layers,
            heads=heads,
            key_heads=_first(text, heads, "num_key_value_heads"),
            width=_first(text, max(1, hidden // max(1, heads)), "head_dim", "d_kv"),
            hidden=hidden,
            inner=_first(text, 4 * hidden, "intermediate_size", "n_inner", "d_ff", "encoder_ffn_dim"),
            vocabulary=0 if head is None else _first(text, 0, "vocab_size"),
            fused=any(part in name for name in names for part in _FUSED),
        )

    @property
    def kept_width(self) -> int:
        """Numbers a layer keeps for each token."""
        return self.width * (self.heads + self.key_heads * (2 if self.fused else 1))


def _first(config: Any, default: int, *names: str) -> int:
    found = (getattr(config, name, None) for name in names)
    return int(next((n for n in found if isinstance(n, int) and n > 0), default))


def _forward(model: nn.Module, shape: _Shape, tokens: int, batch: int, size: int) -> int:
    """The peak of the forward pass: one layer's tensors, the logits, and what eager attention or a window's table adds."""
    rows = tokens * batch
    layer = rows * (8 * shape.hidden + 3 * shape.inner) * size
    logits = rows * shape.vocabulary * size
    config = getattr(model, "config", None)
    attention = getattr(config, "_attn_implementation", "sdpa") or "eager"
    table = batch * tokens**2 if batch > 1 or (getattr(config, "sliding_window", None) or tokens) < tokens else 0
    if attention == "eager":
        table = batch * tokens**2 * (shape.heads * (4 + 2 * size) + size)
    return layer + logits + table


def _advice(model: nn.Module, found: Estimate) -> str:
    """What would fit, from the least loss to the most."""
    options = {"batch": found.batch, "free": found.free}
    ways = []
    if not found.on_disk:
        there = estimate(model, found.tokens, layers=found.layers, offload=True, **options)  # type: ignore[arg-type]
        if there.fits:
            ways.append(f"give offload_to=… (queries and keys on disk, {amount(there.total)} in memory)")
    for layers in range(found.layers - 1, 0, -1):
        if estimate(model, found.tokens, layers=layers, offload=found.on_disk, **options).fits:  # type: ignore[arg-type]
            ways.append(f"keep {layers} layer{'s' * (layers > 1)} (layers=range({layers}))")
            break
    tokens = _longest(model, found, options)
    ways.append(f"shorten the text to {tokens:,} tokens" if tokens else "use a smaller model, or a machine with more memory")
    text = ", or ".join(ways)
    return f"{text[0].upper()}{text[1:]}."


def _longest(model: nn.Module, found: Estimate, options: dict[str, Any]) -> int:
    """The largest number of tokens that fits."""
    low, high = 0, found.tokens
    while high - low > max(1, low // 100):
        middle = (low + high) // 2
        fits = estimate(model, middle, layers=found.layers, offload=found.on_disk, **options).fits
        low, high = (middle, high) if fits else (low, middle)
    return low
