"""Headers of capture files, written by hand."""

from __future__ import annotations

import json

from inspector.files import VERSION

__all__ = ["call", "header"]


def header(**changes) -> dict[str, str]:
    good = {"version": VERSION, "info": {}, "missing": [], "sequences": {}, "calls": []}
    return {"inspector.capture": json.dumps(good | changes)}


def call(**changes) -> dict:
    evidence = {"type": "Given", "table": {"tensor": "t0"}}
    plain = {
        "name": "a",
        "kind": "self",
        "layer_index": 0,
        "source": "",
        "tower": "",
        "index": 0,
        "note": "",
        "axes": ["input", "input"],
    }
    return plain | {"proof": {"residual": None, "tolerance": 1e-4, "rows": 0, "note": ""}, "evidence": evidence} | changes
