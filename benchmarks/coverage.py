"""How much of Transformers the hook layer reaches: every model class, made tiny, run with and without a capture.

    python -m benchmarks.coverage [--only PATTERN] [--part I/N] [--out coverage.jsonl]

For each class: is the output bit for bit the same, does every tensor that eager ``output_attentions=True`` returns equal a
captured call within 1e-5, does every proof hold. Classes whose configuration or inputs cannot be guessed are counted as
"not run", with the reason; classes without attention are counted apart. "Parts without weights" return something else as
attention where a part is deformable or linear, and the capture says which.

Each class is also given to ``Inspector(model)`` with the same inputs, as a person would: the door is "open" when that capture
holds the same calls, every kept tensor equal bit for bit, or says as well that there is no attention; "answered" when an
encoder-decoder that was fed no target wrote its answer first, and every call of that is proved.

Where a returned tensor equals no captured call, the eager run is captured as well. "Eager is another function": that
capture holds the tensor, so the two kernels compute different things, and each is captured as it is. "Returns no weights":
what is returned is not what the run used but stands in a known relation to it (``tests/hooks/relations.py``). In both every
call is proved against the output. A tensor that nothing explains makes a class "incomplete".
"""

from __future__ import annotations

import argparse
import collections
import importlib
import inspect
import json
import pkgutil
import re
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

from inspector import Capture, Inspector, NoAttention, capture
from inspector.hooks.naming import attention_modules
from tests.hooks.matching import hf_attentions, same_calls, same_output, state_of, unmatched
from tests.hooks.relations import ANOTHER, reasons_for
from tests.tiny_families import special_of
from tests.tiny_models import Family

SECONDS = 60


def model_classes(only: str = "") -> Iterator[type[PreTrainedModel]]:
    """Every public model class of the library that has a forward of its own."""
    import transformers.models as families

    for family in sorted(m.name for m in pkgutil.iter_modules(families.__path__)):
        try:
            module = importlib.import_module(f"transformers.models.{family}.modeling_{family}")
        except ImportError:
            continue
        for name, cls in sorted(vars(module).items()):
            ours = inspect.isclass(cls) and issubclass(cls, PreTrainedModel) and cls.__module__ == module.__name__
            public = name in getattr(module, "__all__", ()) and hasattr(transformers, name)
            if ours and public and cls.forward is not torch.nn.Module.forward and re.search(only, name):
                yield cls


def measure(cls: type[PreTrainedModel]) -> dict[str, Any]:
    """What happened with one class."""
    special = special_of(cls)
    family = Family(cls.__name__, special.config, special.inputs)
    row: dict[str, Any] = {"class": cls.__name__, "family": cls.__module__.split(".")[-2]}
    try:
        model = family.model()
        inputs = family.feed(model)
        plain = _run(model, inputs)
    except Exception as error:
        return row | {"status": "not run", "reason": f"{type(error).__name__}: {error}"[:200]}
    before = state_of(model)
    try:
        torch.manual_seed(2)
        with torch.no_grad(), warnings.catch_warnings(), capture(model, proof_rows=None) as cap:
            warnings.simplefilter("ignore")
            watched = model(**inputs)
    except Exception as error:
        return row | {"status": "raised", "reason": f"{type(error).__name__}: {error}"[:200]}
    row |= {"calls": len(cap.calls), "missing": [(m.name, m.reason) for m in cap.missing][:8], "residual": cap.residual}
    row |= {"same": same_output(plain, watched), "clean": state_of(model) == before, "failed": [repr(c) for c in cap.failed][:3]}
    row["unchecked"] = [(c.name, c.source, c.proof.note) for c in cap.calls if c.residual is None][:3]
    row["sources"] = dict(collections.Counter(c.source for c in cap.calls))
    row["places"] = [(c.name, c.tower, c.kind, c.layer_index, c.index) for c in cap.calls]
    row["unreached"] = _unreached(model, cap)
    row["door"] = _door(model, inputs, cap)
    row["clean"] &= state_of(model) == before
    try:
        wanted = list(hf_attentions(_run(family.model("eager"), inputs, output_attentions=True)))
    except Exception as error:
        wanted, row["eager"] = [], f"{type(error).__name__}: {error}"[:200]
    row["tensors"], row["unmatched"] = len(wanted), unmatched(cap, wanted)
    row["reasons"] = reasons_for(family.model("eager"), inputs, row["unmatched"]) if row["unmatched"] else {}
    row["status"] = _status(row, cap, bool(wanted))
    return row


def _door(model: torch.nn.Module, inputs: dict[str, Any], cap: Capture) -> str:
    """What becomes of the same inputs given to an Inspector: "open", "answered", or why not."""
    torch.manual_seed(2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            seen = Inspector(model)(inputs, proof_rows=None)
    except NoAttention as error:
        return "open" if not cap.calls else f"NoAttention: {error}"[:200]
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]
    if same_calls(seen, cap):
        return "open"
    answered = getattr(model.config, "is_encoder_decoder", False) and "decoder_input_ids" not in inputs
    return "answered" if answered and not seen.failed else "other calls"


def _unreached(model: torch.nn.Module, cap: Capture) -> list[str]:
    """Attention modules that neither a call nor a reason names: the inputs, or the capture, pass them by."""
    known = [entry.name for entry in (*cap.calls, *cap.missing)]
    names = [name for name, _ in attention_modules(model)]
    return [n for n in names if not any(k == n or k.startswith(f"{n}.") or n.startswith(f"{k}.") for k in known)]


def _status(row: dict[str, Any], cap: Capture, wanted: bool) -> str:
    if not (row["same"] and row["clean"]) or row["failed"]:
        return "incomplete"
    if not cap.calls and not wanted:
        return "no attention"
    if not row["unmatched"]:
        return "complete" if cap.calls else "incomplete"
    reasons = collections.Counter(row["reasons"].values())
    others = len(row["unmatched"]) - reasons[ANOTHER]
    if 0 < others <= len(cap.missing):
        return "parts without weights"
    if reasons[""] or not cap.calls or row["unchecked"]:
        return "incomplete"
    return "returns no weights" if others else ANOTHER


def _run(model: torch.nn.Module, inputs: dict[str, Any], **options: Any) -> Any:
    torch.manual_seed(2)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model(**inputs, **options)


def _too_long(*_: Any) -> None:
    raise TimeoutError(f"longer than {SECONDS} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a regular expression on class names")
    parser.add_argument("--out", type=Path, help="one JSON line a class")
    parser.add_argument("--part", default="0/1", help="i/n: every n-th class from the i-th")
    options = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    signal.signal(signal.SIGALRM, _too_long)
    part, parts = map(int, options.part.split("/"))
    counts: collections.Counter = collections.Counter()
    doors: collections.Counter = collections.Counter()
    tensors = matched = unreached = 0
    sink = options.out.open("w") if options.out else None
    start = time.perf_counter()
    for at, cls in enumerate(model_classes(options.only)):
        if at % parts != part:
            continue
        signal.alarm(SECONDS)
        try:
            row = measure(cls)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            row = {"class": cls.__name__, "status": "raised", "reason": f"{type(error).__name__}: {error}"[:200]}
        signal.alarm(0)
        counts[row["status"]] += 1
        if "door" in row:
            doors[row["door"] if row["door"] in ("open", "answered") else "shut"] += 1
        unreached += bool(row.get("unreached"))
        tensors += row.get("tensors", 0)
        matched += row.get("tensors", 0) - len(row.get("unmatched", []))
        if sink:
            print(json.dumps(row), file=sink, flush=True)
    print(f"{sum(counts.values())} classes in {time.perf_counter() - start:.0f} s: {dict(counts)}")
    print(f"Inspector(model) over the {doors.total()} that ran under capture: {dict(doors)}")
    print(f"{matched} of {tensors} eager tensors matched; {unreached} classes with attention that nothing reached")


if __name__ == "__main__":
    main()
