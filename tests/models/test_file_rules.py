"""How the fields of a capture file have to fit each other: each rule is held, and says itself."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file

from inspector import Capture
from inspector.errors import CaptureFileError
from inspector.files import rules
from tests.models.headers import call, header


def scores_file(path, change=lambda header, tensors: None, **evidence):
    """A file of one call, its queries and keys [1, 2, 3, 4] and [1, 1, 3, 4], with some fields of its evidence replaced."""
    tensors = {"q": torch.randn(1, 2, 3, 4), "k": torch.randn(1, 1, 3, 4)}
    for name, value in list(evidence.items()):
        if torch.is_tensor(value):
            tensors[name], evidence[name] = value, {"tensor": name}
    plain = {"type": "Scores", "query": {"tensor": "q"}, "key": {"tensor": "k"}, "scale": 1.0}
    made = header(calls=[call(evidence=plain | evidence)])
    found = json.loads(made["inspector.capture"])
    change(found, tensors)
    save_file(tensors, path, metadata={"inspector.capture": json.dumps(found)})
    return path


def masked(**fields):
    """A change that gives the call a mask with these fields."""

    def change(header, tensors):
        mask = {"type": "Mask", "fill": "-inf"}
        for name, value in fields.items():
            parts = value if isinstance(value, tuple) else (value,)
            for at, part in enumerate(parts):
                if torch.is_tensor(part):
                    tensors[f"{name}{at}"] = part
            named = [{"tensor": f"{name}{at}"} if torch.is_tensor(part) else part for at, part in enumerate(parts)]
            mask[name] = named if isinstance(value, tuple) else named[0]
        header["calls"][0]["evidence"]["mask"] = mask

    return change


def laid_out(**fields):
    def change(header, tensors):
        header["calls"][0]["layout"] = {
            name: {"tensor": name} if torch.is_tensor(value) else value for name, value in fields.items()
        }
        tensors.update({name: value for name, value in fields.items() if torch.is_tensor(value)})

    return change


def ones(*shape):
    return torch.ones(*shape, dtype=torch.bool)


def whole(*shape):
    return torch.zeros(*shape, dtype=torch.int64)


FITTING = {
    "sinks": {"sinks": torch.zeros(2)},
    "a cap": {"softcap": 3.0},
    "keys": {"change": masked(keys=ones(1, 3))},
    "more keys than are used": {"change": masked(keys=ones(1, 5))},
    "segments": {"change": masked(segments=(whole(1, 3), whole(1, 3)))},
    "a table": {"change": masked(dense=ones(1, 2, 1, 3), bias=torch.zeros(3))},
    "a finite fill": {"change": masked(fill=-1e30)},
    "folded": {"change": laid_out(type="Folding", sizes=[1, 2], head_axis=1)},
    "folded, heads unknown": {"change": laid_out(type="Folding", sizes=[2], head_axis=None)},
    "bands": {"change": laid_out(type="Bands", window=32768, global_keys=ones(1, 3))},
    "rows": {"change": laid_out(type="ChosenRows", rows=whole(1, 2, 3) + 2)},
    "after a prompt": {"change": laid_out(type="Prompted", length=2)},
    "keys appended": {"change": laid_out(type="Transposed", num_keys=3 + 65536)},
}
MISFITTING = {
    "queries and keys have four axes": [{"query": torch.zeros(1, 2, 3)}, {"key": torch.zeros(1, 1, 1, 3, 4)}],
    "queries and keys are floating point": [{"query": whole(1, 2, 3, 4)}, {"key": whole(1, 1, 3, 4)}],
    "no axis of the queries and keys is empty": [
        {"query": torch.zeros(1, 2, 0, 4)},
        {"query": torch.zeros(1, 1, 1, 0), "key": torch.zeros(1, 1, 10**9, 0)},
    ],
    "queries and keys have as many batch items": [{"key": torch.zeros(2, 1, 3, 4)}],
    "queries and keys are as wide": [{"key": torch.zeros(1, 1, 3, 5)}],
    "each key head serves as many heads": [{"query": torch.zeros(1, 3, 3, 4), "key": torch.zeros(1, 2, 3, 4)}],
    "the scale is a number of single precision": [{"scale": "nan"}, {"scale": "inf"}, {"scale": -1e39}],
    "the soft cap is positive": [{"softcap": 0.0}, {"softcap": -1.0}, {"softcap": "inf"}, {"softcap": "nan"}],
    "there is a sink for each head": [{"sinks": torch.zeros(3)}, {"sinks": torch.zeros(1, 2)}],
    "sinks are floating point": [{"sinks": whole(2)}],
    "what is forbidden becomes minus infinity or a number": [{"change": masked(fill="inf")}, {"change": masked(fill="nan")}],
    "real keys are marked by true and false": [{"change": masked(keys=whole(1, 3))}],
    "real keys are marked for each batch item": [
        {"change": masked(keys=ones(2, 3))},
        {"change": masked(keys=ones(1, 2))},
        {"change": masked(keys=ones(3))},
    ],
    "segments are whole numbers": [{"change": masked(segments=(torch.zeros(1, 3), whole(1, 3)))}],
    "segments are given for each query": [{"change": masked(segments=(whole(1, 2), whole(1, 3)))}],
    "segments are given for each key": [
        {"change": masked(segments=(whole(1, 3), whole(1, 2)))},
        {"change": masked(segments=(whole(1, 3), whole(1, 4)))},
    ],
    "the table of the mask holds true and false": [{"change": masked(dense=torch.zeros(3))}],
    "the table of the mask fits": [
        {"change": masked(dense=ones(2, 1, 3, 3))},
        {"change": masked(dense=ones(1, 3, 3, 3))},
        {"change": masked(dense=ones(2, 3))},
        {"change": masked(dense=ones(3, 2))},
        {"change": masked(dense=ones(1, 1, 1, 1, 1))},
        {"change": masked(dense=ones(1, 0))},
    ],
    "the bias is floating point": [{"change": masked(bias=whole(3))}],
    "the bias fits": [{"change": masked(bias=torch.zeros(2))}],
    "the layout fits the weights": [
        {"change": laid_out(type="Folding", sizes=[10**9, -1], head_axis=5)},
        {"change": laid_out(type="Folding", sizes=[1, 2], head_axis=0)},
        {"change": laid_out(type="Folding", sizes=[1, 2], head_axis=2)},
        {"change": laid_out(type="Folding", sizes=[1, 2], head_axis=-1)},
        {"change": laid_out(type="Folding", sizes=[-1, -2], head_axis=1)},
        {"change": laid_out(type="Folding", sizes=[3], head_axis=None)},
        {"change": laid_out(type="Folding", sizes=[], head_axis=None)},
        {"change": laid_out(type="Bands", window=-1, global_keys=None)},
        {"change": laid_out(type="Bands", window=32769, global_keys=None)},
        {"change": laid_out(type="Bands", window=1, global_keys=ones(1, 4))},
        {"change": laid_out(type="Bands", window=1, global_keys=whole(1, 3))},
        {"change": laid_out(type="Bands", window=1, global_keys=None), "query": torch.zeros(1, 2, 4, 4)},
        {"change": laid_out(type="ChosenRows", rows=whole(1, 2, 3) + 3)},
        {"change": laid_out(type="ChosenRows", rows=whole(1, 2, 3) - 1)},
        {"change": laid_out(type="ChosenRows", rows=whole(1, 2, 4))},
        {"change": laid_out(type="ChosenRows", rows=whole(1, 1, 3))},
        {"change": laid_out(type="ChosenRows", rows=whole(1, 2, 0))},
        {"change": laid_out(type="ChosenRows", rows=torch.zeros(1, 2, 3))},
        {"change": laid_out(type="Prompted", length=3)},
        {"change": laid_out(type="Prompted", length=-1)},
        {"change": laid_out(type="Transposed", num_keys=2)},
        {"change": laid_out(type="Transposed", num_keys=3 + 65537)},
    ],
    "weights have four axes": [{"type": "Given", "table": torch.zeros(2, 3, 3)}],
    "weights are floating point": [{"type": "Given", "table": whole(1, 2, 3, 3)}],
    "no axis of the weights is empty": [{"type": "Given", "table": torch.zeros(1, 2, 3, 0)}],
}


@pytest.mark.parametrize("what", FITTING)
def test_what_fits_is_loaded_and_laid_out(tmp_path, what):
    cap = Capture.load(scores_file(tmp_path / "x.safetensors", **FITTING[what]))
    assert all(torch.isfinite(table).all() for table in cap.as_hf()["attentions"])


@pytest.mark.parametrize("rule", MISFITTING)
def test_each_rule_is_held(tmp_path, rule):
    for fields in MISFITTING[rule]:
        with pytest.raises(CaptureFileError, match=f"not so: {rule}"):
            Capture.load(scores_file(tmp_path / "x.safetensors", **fields))


def test_every_rule_has_a_file_that_breaks_it():
    sentences = {sentence for table in (rules._SCORES, rules._GIVEN, rules._MASK) for sentence, _ in table}
    assert sentences <= MISFITTING.keys()


NO_NUMBERS = {
    "offset": "9",
    "left": 1.5,
    "right": True,
    "scale": "9",
    "scale ": None,
    "query": {"tensor": "nowhere"},
    "key": {"tensor": "k", "axes": [0, 0, 1, 2]},
    "key ": {"tensor": "k", "axes": [0, 1, 2]},
    "offset ": 2**53 + 1,
}


@pytest.mark.parametrize("field", NO_NUMBERS)
def test_a_field_of_another_kind_is_refused_by_its_name(tmp_path, field):
    name, value = field.strip(), NO_NUMBERS[field]
    change = {"change": masked(**{name: value})} if name in ("offset", "left", "right") else {name: value}
    with pytest.raises(CaptureFileError, match=name):
        Capture.load(scores_file(tmp_path / "x.safetensors", **change))


def test_calls_that_share_their_queries_stand_for_no_more_than_the_file_holds(tmp_path):
    def repeat(times):
        def change(header, tensors):
            header["calls"] *= times
            tensors["q"], tensors["k"] = torch.zeros(1, 1, 100_000, 1).half(), torch.zeros(1, 1, 1, 1).half()

        return change

    assert len(Capture.load(scores_file(tmp_path / "x.safetensors", change=repeat(16)))) == 16
    with pytest.raises(CaptureFileError, match="queries and keys of their own"):
        Capture.load(scores_file(tmp_path / "x.safetensors", change=repeat(17)))
