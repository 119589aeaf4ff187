"""One tree of errors: every ``raise`` belongs to it, and whoever asks for what is not there is answered in three sentences."""

from __future__ import annotations

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

import inspector
import reference
import zoo.dates
from inspector import Capture, Inspector, InspectorError, errors, measure
from inspector.metrics import head_distance

ROOT = Path(inspector.__file__).parents[1]
FILES = sorted(file for room in ("inspector", "reference", "zoo") for file in (ROOT / room).rglob("*.py"))

# What is raised on purpose and is no error of a caller's, with the reason.
OTHERS = {
    ("inspector/cli.py", "Exit"): "ends the process",
    ("inspector/cli.py", "BadParameter"): "the command line's own word for wrong usage",
    ("inspector/component.py", "AttributeError"): "what looking up an attribute has to raise",
    ("inspector/files/reading.py", "ValueError"): "caught there and said of the file",
    ("inspector/files/rules.py", "ValueError"): "caught in reading.py and said of the file",
    ("inspector/files/schema.py", "ValueError"): "caught in reading.py and said of the file",
    ("inspector/hooks/kernels.py", "NotImplementedError"): "caught by the tap and recorded as missing",
    ("reference/module.py", "NotImplementedError"): "a method that subclasses write",
}


def raises(file: Path):
    """(line, name of what is raised) of a file; of a helper that makes the error, the name of what it returns."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    made = {node.name: ast.unparse(node.returns) for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.returns is not None}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            name = ast.unparse(what).rsplit(".", 1)[-1]
            yield node, made.get(name, name)


def test_every_raise_is_of_the_tree_and_says_three_things():
    seen = 0
    for file in FILES:
        path = str(file.relative_to(ROOT))
        for node, name in raises(file):
            seen += 1
            if (path, name) in OTHERS or (isinstance(node.exc, ast.Name) and node.exc.id not in errors.__all__):
                continue  # the second: an exception that was kept and is raised again
            assert name in errors.__all__, f"{path}:{node.lineno} raises {name}"
            is_made = isinstance(node.exc, ast.Call) and ast.unparse(node.exc.func).rsplit(".", 1)[-1] == name
            if is_made and not any(isinstance(argument, ast.Starred) for argument in node.exc.args):
                assert len(node.exc.args) == 3, f"{path}:{node.lineno} does not say what was asked, found, and what to do"
                blank = [a for a in node.exc.args if isinstance(a, ast.Constant) and not str(a.value).strip()]
                assert not blank, f"{path}:{node.lineno} leaves a sentence empty"
    assert seen > 100


def test_what_is_listed_as_no_error_of_a_callers_is_there():
    there = {(str(file.relative_to(ROOT)), name) for file in FILES for _, name in raises(file)}
    assert set(OTHERS) <= there


def test_the_whole_tree_is_exported_and_catches_what_reference_and_zoo_raise():
    for name in errors.__all__:
        cls = getattr(inspector, name)
        assert name in inspector.__all__
        assert issubclass(cls, InspectorError)
        assert cls.__doc__
    assert inspector.__all__ == sorted(inspector.__all__)
    assert all(hasattr(inspector, name) for name in inspector.__all__)
    for attempt in (lambda: reference.padding_mask(torch.tensor([0.5])), lambda: zoo.dates.path("nowhere")):
        with pytest.raises(InspectorError) as caught:
            attempt()
        assert all((caught.value.asked, caught.value.found, caught.value.do))


@pytest.mark.parametrize("name", errors.__all__)
def test_an_error_survives_the_way_from_a_worker_process(name):
    error = getattr(errors, name)("It was asked.", "It was found.", "Do this.")
    error.extra = 3
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.asked, again.found, again.do, again.extra) == ("It was asked.", "It was found.", "Do this.", 3)
    assert str(again) == str(error) == "It was asked. It was found. Do this."


WRONG = [None, "", "nowhere", 5, -99, 1.5, b"x", [], {}, object(), float("nan"), np.zeros(2), torch.zeros(2)]


def attempts(bundled, cap, folder):
    """Every public function with each of its arguments wrong in turn, the others right."""
    call, text = cap.calls[0], "The cat sat."
    yield "Inspector(model)", Inspector, {"model": bundled.model, "tokenizer": bundled.tokenizer}, {"tokenizer": [None]}
    yield "from_pretrained", Inspector.from_pretrained, {"name": "bundled"}, {"name": ["bundled"]}
    yield "inspector()", bundled, {"text": text, "pair": text, "generate_kwargs": {}}, {
        "text": ["nowhere"], "pair": [None, "", "nowhere"], "generate_kwargs": [None, {}]}  # fmt: skip
    yield "encode", bundled.encode, {"text": text}, {"text": ["nowhere"]}
    yield (
        "call",
        cap.call,
        {"layer": 0, "kind": "self", "tower": "", "step": 0},
        {"layer": [5], "kind": [None], "tower": [None, ""], "step": [None]},
    )
    yield "cap[]", cap.__getitem__, {"index": 0}, {"index": [5]}
    yield "weights", call.weights, {"batch": 0, "heads": 0, "queries": 0}, {
        name: [None, 5, []] for name in ("heads", "queries")} | {"batch": [None, []]}  # fmt: skip
    yield "tile", call.tile, {"head": 0, "batch": 0, "pool": 1, "reduce": "mean"}, {"head": [5], "pool": [5]}
    yield "measure", measure, {"cap": cap, "name": "rest", "batch": 0, "rows": "all", "tower": "", "kind": "self"}, {
        "batch": [None], "tower": [None, ""], "kind": [None]}  # fmt: skip
    yield "head_distance", head_distance, {"cap_a": cap, "cap_b": cap, "batch": 0, "rows": "all"}, {}
    yield "scores[]", measure(cap, "rest").__getitem__, {"index": (0, 0)}, {"index": [None, 5, []]}
    yield "top", measure(cap, "rest").top, {"count": 3}, {"count": [5]}
    yield "summarize", cap.summarize, {"batch": 0, "how": "auto", "pool": 8}, {"pool": [None, 5]}
    yield (
        "compare",
        cap.compare,
        {"layer": 0, "head": 0, "batch": 0, "window": 1},
        {"layer": [5], "head": [5], "window": [None, 5]},
    )
    page = {"view": "head_view", "path": folder / "a.html", "batch": 0, "step": 0, "start": {"layer": 0}}
    yield "to_html", cap.to_html, page, {"path": [None], "step": [None], "start": [None, {}]}
    yield "to_bertviz", cap.to_bertviz, {"view": "head_view", "layers": [0]}, {"layers": [None, 5]}
    yield "save", cap.save, {"path": folder / "a.safetensors"}, {"path": ["nowhere"]}
    yield "load", Capture.load, {"path": folder / "a.safetensors"}, {"path": ["nowhere"]}


def test_a_wrong_argument_of_any_public_function_is_answered_in_three_sentences(bundled, tmp_path, unchecked, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cap = bundled("The cat sat.")
    cap.save(tmp_path / "a.safetensors")
    bad = []
    for name, function, right, fine in attempts(bundled, cap, tmp_path):
        for argument in right:
            for wrong in WRONG:
                if any(type(wrong) is type(ok) and (wrong is ok or wrong == ok) for ok in fine.get(argument, [])):
                    continue
                try:
                    function(**{**right, argument: wrong}) if name not in ("cap[]", "scores[]") else function(wrong)
                except InspectorError as error:
                    if not all((error.asked, error.found, error.do)):
                        bad.append(f"{name}({argument}={wrong!r}): not three sentences: {error}")
                except Exception as error:
                    bad.append(f"{name}({argument}={wrong!r}): {type(error).__name__}: {error}"[:200])
                else:
                    bad.append(f"{name}({argument}={wrong!r}): nothing was raised")
    assert not bad, "\n".join(bad)
