"""Captures on disk: one safetensors file, with everything that is not a tensor as JSON in its header.

Layout, version 1. The header's metadata holds ``inspector.capture`` = JSON of

    {"version": 1, "info": {…}, "missing": [{"name", "reason"}], "sequences": {axis: [tokens per batch item]},
     "calls": [{"name", "kind", "layer_index", "source", "tower", "axes", "index", "note", "step", "layout",
                "proof": {"residual", "rows", "note"}, "evidence": {"type": "Scores" | "Given", …fields}}]}

A field that is a tensor is written as ``{"tensor": "t12"}``, the name of a tensor of the file, with ``"axes"`` where its axes
are stored in another order; tensors that layers share (masks) are stored once. Infinite numbers are written as "inf" and
"-inf". A field that a file does not have has its default, one that this release does not know is passed over.

Nothing in a file is ever executed, and nothing is believed: ``schema`` checks each field by itself, ``rules`` the fields
against each other, and whatever passes can be drawn, measured and saved. What a file says of its proof stays its word
(``Proof.from_file``).
"""

from inspector.files.reading import load
from inspector.files.writing import VERSION, save

__all__ = ["VERSION", "load", "save"]
