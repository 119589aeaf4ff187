"""Small capture files, changed in every way: bytes, fields, tensors. All seeds are fixed."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from inspector.captures import AttentionCall, Capture, Folding, Missing
from inspector.layouts import Bands, ChosenRows, Prompted, Transposed
from inspector.masks import Mask
from inspector.proofs import Proof
from inspector.scores import Given, Scores
from inspector.tokens import numbered

__all__ = ["captures", "mutations", "packed", "unpacked"]

KEY = "inspector.capture"
VALUES: tuple[Any, ...] = (
    *(0, 1, 2, -1, 7, 10**18, 2**31, 2**53, 2**63, 10**40, 0.5, -0.0, 1e308, -1e308, 1e-320),
    *(
        "inf",
        "-inf",
        "nan",
        "9",
        "",
        "a",
        "\ud800",
        "\u202e<b>\x00",
        "self",
        "cross",
        "depth",
        "Scores",
        "Given",
        "t0",
        "x" * 3000,
    ),
    *(True, False, None, [], {}, [0], [1, 2], [0, 0], [[]], [10**9, -1], ["a", "b"], {"tensor": "t0"}, {"tensor": "t99"}),
    *({"tensor": "t1", "axes": [1, 0]}, {"tensor": "t0", "axes": [3, 2, 1, 0]}, {"type": "Prompted", "length": 1}),
    *({"type": "Folding", "sizes": [10**9, -1], "head_axis": 5}, {"type": "Folding", "sizes": [2], "head_axis": None}),
    *({"type": "Transposed", "num_keys": 10**12}, {"type": "Bands", "window": 10**9, "global_keys": None}, {"type": "Capture"}),
)
_DTYPES = ("F32", "F16", "BF16", "F64", "I64", "I32", "U8", "BOOL", "F8_E4M3", "C64", "nonsense", 3)
_SIZES = (0, 1, 2, 3, 10**9, 2**62, -1)


def captures() -> Iterator[Capture]:
    """One call each, two where layers share a mask, and between them every field there is."""
    torch.manual_seed(0)
    size = 3
    tokens = numbered(size, [4, 5, 6])
    sequences, info = {"input": (tokens, tokens)}, {"name": "tiny", "made_up": "1 weight"}

    def call(evidence: Any, **more: Any) -> AttentionCall:
        proof = Proof(torch.tensor(2e-7), rows=size)
        return AttentionCall("layers.0", evidence, source="interface:sdpa", proof=proof, **more)

    query, key = torch.randn(2, 2, size, 2), torch.randn(2, 1, size, 2)
    band = Mask(left=1, right=0, offset=0, keys=torch.tensor([[True] * size, [False, True, True]]))
    seen = torch.tensor([[0, 0, 1]])
    table = Mask(segments=(seen, seen), dense=torch.rand(2, 1, size, size) > 0.3, bias=torch.randn(1, 2, 1, size), fill=-1e30)
    rows = torch.tensor([0, 2]).expand(2, 2, 2)
    for evidence, more in (
        (Scores(query, key, 0.7, band), {}),
        (Scores(query, key, 0.7, table, 5.0, torch.randn(2)), {"layout": Folding((2, 2), 1)}),
        (Scores(query, query, 1.0), {"layout": ChosenRows(rows)}),
        (Scores(query.half(), query.half(), 1.0), {"layout": Bands(1, torch.tensor([[True, False, False]] * 2))}),
        (Given(torch.rand(2, 2, size, 4).softmax(-1)), {"kind": "cross", "axes": ("input", "keys"), "layout": Transposed(5)}),
        (Given(torch.rand(2, 2, size, size)), {"kind": "depth", "note": "a note", "layout": Prompted(1)}),
    ):
        yield Capture([call(evidence, **more)], [Missing("a", "of a reason")], dict(sequences), dict(info))
    shared = Scores(query, key, 0.7, band)
    yield Capture([call(shared), call(Scores(key.expand(2, 2, size, 2), key, 0.7, band), layer_index=1)], [], sequences, {})


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """(the capture's header, the tensors' header, the tensors)."""
    length = struct.unpack("<Q", content[:8])[0]
    tensors = json.loads(content[8 : 8 + length])
    return json.loads(tensors.pop("__metadata__")[KEY]), tensors, content[8 + length :]


def packed(header: Any, tensors: dict[str, Any], data: bytes) -> bytes:
    text = json.dumps(tensors | {"__metadata__": {KEY: json.dumps(header)}}).encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def mutations(folder: Path, count: int) -> Iterator[tuple[str, bytes]]:
    """(what was changed, the file) ``count`` times; what is named alike is changed alike."""
    originals = []
    for at, capture in enumerate(captures()):
        capture.save(folder / "original")
        originals.append((at, (folder / "original").read_bytes()))
    generator = random.Random(7)
    for number in range(count):
        at, content = originals[number % len(originals)]
        change = (_field, _field, _tensor, _flipped)[number // len(originals) % 4]
        what, changed = change(content, generator)
        yield what, changed


def _field(content: bytes, generator: random.Random) -> tuple[str, bytes]:
    """One value of the header replaced, left out or doubled."""
    header, tensors, data = unpacked(content)
    path: list[Any] = []
    here: Any = header
    while True:
        key = generator.choice(list(here) if isinstance(here, dict) else range(len(here)))
        path.append(key)
        if not isinstance(here[key], (dict, list)) or not here[key] or generator.random() < 0.15:
            break
        here = here[key]
    value = generator.choice(VALUES)
    how = generator.random()
    if how < 0.08:
        del here[key]
    elif how < 0.16 and isinstance(here, list):
        here.append(here[key])
    else:
        here[key] = value
    named = ".".join("#" if isinstance(part, int) else str(part) for part in path)
    said = "text" if isinstance(value, str) else repr(value)[:40]
    return f"{named} {how < 0.08 or (how < 0.16 and isinstance(here, list)) or said}", packed(header, tensors, data)


def _tensor(content: bytes, generator: random.Random) -> tuple[str, bytes]:
    """One tensor with another shape, type or place, two exchanged, or other numbers."""
    header, tensors, data = unpacked(content)
    name, other = generator.choice(list(tensors)), generator.choice(list(tensors))
    entry, how = tensors[name], generator.randrange(6)
    if how == 0:
        tensors[name], tensors[other] = tensors[other], tensors[name]
    elif how == 1:
        entry["dtype"] = generator.choice(_DTYPES)
    elif how == 2 and entry["shape"]:
        entry["shape"][generator.randrange(len(entry["shape"]))] = generator.choice(_SIZES)
    elif how == 3:
        generator.shuffle(entry["shape"])
    elif how == 4:
        tensors[name] = {"dtype": "F32", "shape": [1, 1, 0, generator.choice(_SIZES)], "data_offsets": [0, 0]}
    else:
        start, end = entry["data_offsets"]
        special = generator.choice([b"\x00\x00\x80\x7f", b"\x00\x00\xc0\x7f", b"\xff" * 4, generator.randbytes(4)])
        data = data[:start] + (special * (end - start))[: end - start] + data[end:]
    return f"tensor {how} {entry['dtype']}", packed(header, tensors, data)


def _flipped(content: bytes, generator: random.Random) -> tuple[str, bytes]:
    """A few bytes of the file changed, or its end missing."""
    changed = bytearray(content)
    if generator.random() < 0.05:
        return "cut", bytes(changed[: generator.randrange(len(changed))])
    for _ in range(generator.choice((1, 1, 1, 2, 8))):
        changed[generator.randrange(len(changed))] = generator.choice((0, 32, 34, 48, 57, 91, 123, 255, generator.randrange(256)))
    return "bytes", bytes(changed)
