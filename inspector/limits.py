"""How much memory a run will take, before it is run: an estimate, and a refusal that says what would fit.

First the model runs (its forward pass, and the proof of every call), then the numbers of all heads are computed; queries and keys
are there throughout. Weights of the model are there already and not counted. The factors below were fitted to the growth of
processes that ran models of several kinds (``benchmarks/memory.py``): within 1.3 times, what an allocator does included.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from inspector.errors import TooLarge
from inspector.memory import amount, available
from inspector.signature import field_of, text_config

__all__ = ["Estimate", "check", "check_inputs", "estimate", "free_memory"]

_FIELDS = 18  # numbers a summary keeps for every row of every head
_WORK = 2**28  # bytes the passes of a summary work in; on a device four times as many, in larger pieces
_PROVED = 512  # tokens up to which every row is proved
_ANSWER = 64  # tokens an encoder-decoder is taken to write where nobody says

# Copies that are in memory at once, what lies unused between two that are kept included.
_HIDDEN = 6  # of a token's state
_INNER = 3.0  # of a token's inner state, where one function of the library computes the activation
_INNER_GATED = 4.5  # where two halves are multiplied
_INNER_WRITTEN = 6.0  # where the activation is written out step by step
_KEPT = 1.25  # of queries, keys and values
_TABLES = 2.5  # of all weights of one layer, under eager attention
_PROVING = 5  # of the weights that are proved at a time
_PROVED_AT_ONCE = 2**24
_FLOOR = 10 * 2**20  # what the libraries of matrices work in
_WRITTEN = ("gelu_new", "gelu_fast", "gelu_python", "gelu_pytorch_tanh_python", "quick_gelu")


@dataclass(frozen=True)
class Estimate:
    """Bytes a run would take beyond what the model's weights take already.

    Attributes:
        tokens, batch: the size of the run.
        forward: what the model's forward pass and the proofs hold at their peak, beyond queries and keys.
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
        """The peak: the numbers are computed when the model has run."""
        return max(self.forward, self.summary) + (0 if self.on_disk else self.capture)

    @property
    def fits(self) -> bool:
        """Whether it fits into nine tenths of what is free; True where that cannot be known."""
        return self.free is None or self.total <= 0.9 * self.free

    def __str__(self) -> str:
        parts = [f"{amount(self.forward)} while the model runs", f"{amount(self.summary)} for its numbers afterwards"]
        parts.append(f"{amount(self.capture)} for queries and keys" + (" on disk" if self.on_disk else ""))
        free = "" if self.free is None else f"; {amount(self.free)} free"
        return f"{self.tokens:,} tokens take about {amount(self.total)} ({', '.join(parts)}){free}"


def estimate(
    model: nn.Module,
    num_tokens: int,
    *,
    batch: int = 1,
    layers: int | None = None,
    offload: bool = False,
    target: int | None = None,
    free: int | None = None,
) -> Estimate:
    """The memory a capture and its summary would take, from the model's configuration.

    Args:
        model: a Transformers model.
        num_tokens: length of the input, padding included.
        batch: how many texts at once.
        layers: how many layers are kept; all by default.
        offload: whether queries and keys go to disk.
        target: tokens an encoder-decoder writes or is given as its own.
        free: bytes to reckon with; what is free on the model's device by default.

    >>> from inspector import Inspector
    >>> str(estimate(Inspector.from_pretrained("bundled").model, 512, free=8 * 2**30))
    '512 tokens take about 81 MB (72 MB while the model runs, 16 MB for its numbers afterwards, 9 MB for queries and keys); ...'
    """
    parameter = next(model.parameters(), torch.empty(0))
    size = parameter.element_size()
    shape = _Shape.of(model)
    runs = shape.runs(num_tokens, target or min(num_tokens, _ANSWER))
    total = sum(run.layers for run in runs)
    share = 1.0 if layers is None else min(1.0, layers / total)
    capture = int(share * batch * sum(run.layers * shape.kept(run) for run in runs) * size) + shape.bias(num_tokens, size)
    rows = batch * max(run.queries for run in runs)
    numbers = share * batch * sum(run.layers * run.queries for run in runs) * shape.heads * _FIELDS * 4
    work = _WORK if parameter.device.type == "cpu" else 4 * _WORK
    return Estimate(
        tokens=num_tokens,
        batch=batch,
        forward=_forward(model, shape, runs, batch, size),
        capture=capture,
        summary=int(numbers) + min(work, 16 * rows * shape.heads * shape.width * 4 + 2**20),
        free=free if free is not None else free_memory(parameter.device),
        layers=total if layers is None else min(layers, total),
        on_disk=offload,
    )


def check(
    model: nn.Module,
    num_tokens: int,
    *,
    batch: int = 1,
    layers: int | None = None,
    offload: bool = False,
    target: int | None = None,
    free: int | None = None,
) -> Estimate:
    """The estimate, when it fits.

    Args:
        model, num_tokens, batch, layers, offload, target, free: as ``estimate`` takes them.

    Raises:
        TooLarge: it does not fit; the message says what would.
    """
    found = estimate(model, num_tokens, batch=batch, layers=layers, offload=offload, target=target, free=free)
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
        own = inputs.get("decoder_input_ids")
        target = own.shape[-1] if isinstance(own, torch.Tensor) and own.ndim == 2 else None
        check(model, ids.shape[1], batch=ids.shape[0], layers=count, offload=offload, target=target)


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free on a device: for the CPU the smaller of the machine's and the container's; None if unknown."""
    if device.type == "cuda":
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return torch.cuda.mem_get_info(device)[0] + cached  # what torch holds and does not use, it gives out again
    if device.type != "cpu":
        return None
    return available()


@dataclass(frozen=True)
class _Run:
    """Layers that attend alike."""

    layers: int
    queries: int
    keys: int


@dataclass(frozen=True)
class _Shape:
    """What of a model's configuration decides how much memory a text takes."""

    layers: int
    decoder_layers: int
    heads: int
    key_heads: int
    width: int
    hidden: int
    inner: float
    vocabulary: int
    tables: bool
    biased: bool
    cached: bool

    @classmethod
    def of(cls, model: nn.Module) -> _Shape:
        """Read off the configuration; both stacks of an encoder-decoder count."""
        config = getattr(model, "config", None)
        text = text_config(model)
        hidden = _first(text, 768, "hidden_size", "d_model", "n_embd", "dim")
        heads = _first(text, 12, "num_attention_heads", "n_head", "encoder_attention_heads", "n_heads")
        layers = _first(text, 12, "num_hidden_layers", "n_layer", "encoder_layers", "n_layers")
        both = bool(getattr(config, "is_encoder_decoder", False))
        head = getattr(model, "get_output_embeddings", lambda: None)()
        inner = _first(text, 4 * hidden, "intermediate_size", "n_inner", "d_ff", "encoder_ffn_dim")
        return cls(
            layers=layers,
            decoder_layers=_first(text, layers, "decoder_layers", "num_decoder_layers") if both else 0,
            heads=heads,
            key_heads=_first(text, heads, "num_key_value_heads"),
            width=_first(text, max(1, hidden // max(1, heads)), "head_dim", "d_kv"),
            hidden=hidden,
            inner=inner * _copies(model, text),
            vocabulary=0 if head is None else _first(text, 0, "vocab_size"),
            tables=_keeps_tables(model),
            biased=getattr(text, "relative_attention_num_buckets", None) is not None,
            cached=bool(getattr(text, "use_cache", False)) and (both or getattr(text, "is_decoder", True)),
        )

    def runs(self, tokens: int, target: int) -> list[_Run]:
        """The layers by what they attend to: a decoder attends to itself and to the encoder."""
        own = [_Run(self.layers, tokens, tokens)]
        if not self.decoder_layers:
            return own
        return [*own, _Run(self.decoder_layers, target, target), _Run(self.decoder_layers, target, tokens)]

    def kept(self, run: _Run) -> int:
        """Numbers one layer keeps of one text: queries and keys, or all weights where its own arithmetic makes them."""
        if self.tables:
            return self.heads * run.queries * run.keys
        return self.width * (self.heads * run.queries + self.key_heads * run.keys)

    def bias(self, tokens: int, size: int) -> int:
        """Bytes of the one table of positions all layers share."""
        return self.heads * tokens**2 * size if self.biased else 0

    def cache(self, runs: list[_Run], size: int) -> int:
        """Bytes a decoder's cache holds of one text beyond the keys a capture keeps as well."""
        own = runs[1:] if self.decoder_layers else runs
        parts = 2 if self.tables else 1
        return parts * sum(run.layers * run.keys for run in own) * self.key_heads * self.width * size if self.cached else 0


def _copies(model: nn.Module, config: Any) -> float:
    """How many copies of the inner state are there at once."""
    names = [name.rsplit(".", 1)[-1] for name, _ in model.named_modules()]
    if any(name in ("gate_proj", "wi_0", "gate_up_proj") for name in names):
        return _INNER_GATED
    named = (getattr(config, name, None) for name in ("hidden_act", "activation_function", "dense_act_fn", "feed_forward_proj"))
    return _INNER_WRITTEN if any(name in _WRITTEN for name in named) else _INNER


def _keeps_tables(model: nn.Module) -> bool:
    """Whether a model's own arithmetic computes its weights, so that a capture keeps these and no queries and keys."""
    home = sys.modules.get(type(model).__module__)
    own = type(model).__module__.startswith("transformers.") and not hasattr(home, "ALL_ATTENTION_FUNCTIONS")
    return own and not getattr(model, "_supports_sdpa", False)


def _first(config: Any, default: int, *names: str) -> int:
    found = (field_of(config, name) for name in names)
    return int(next((n for n in found if isinstance(n, int) and n > 0), default))


def _forward(model: nn.Module, shape: _Shape, runs: list[_Run], batch: int, size: int) -> int:
    """The peak of the forward pass beyond queries and keys: one layer's tensors or tables, the logits, and a decoder's cache."""
    rows = batch * max(run.queries for run in runs)
    layer = rows * (_HIDDEN * shape.hidden + shape.inner) * size
    logits = batch * runs[-1].queries * shape.vocabulary * size
    weights = batch * max(run.queries * run.keys for run in runs) * shape.heads
    config = getattr(model, "config", None)
    attention = getattr(config, "_attn_implementation", "sdpa") or "eager"
    table = _TABLES * weights * max(4, size) if attention == "eager" or shape.tables else 0
    proof = _PROVING * min(_PROVED_AT_ONCE, 4 * weights) if max(run.queries for run in runs) <= _PROVED else 0
    longest = max(run.keys for run in runs)
    mask = batch * longest**2 if batch > 1 or (getattr(config, "sliding_window", None) or longest) < longest else 0
    kept = 0 if shape.tables else batch * sum(run.layers * shape.kept(run) for run in runs) * size
    cache = batch * shape.cache(runs, size)
    both = table + proof if shape.tables else max(table, proof)  # its own weights are there while they are proved
    return int(_FLOOR + max(layer, both) + logits + mask + (_KEPT - 1) * kept + _KEPT * cache)


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
