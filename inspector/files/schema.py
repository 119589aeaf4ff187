"""What each field of a capture file may be, taken from the annotations of our own classes and checked by pydantic.

Strict: a number written as text is no number. Read only when a file is opened, for pydantic takes a while to import.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    create_model,
)
from pydantic import Field as Bounds
from torch import Tensor

from inspector.captures import KINDS, LAYOUTS, AttentionCall, Capture, Missing
from inspector.files.rules import check_call, check_capture, check_evidence, check_tokens
from inspector.files.writing import EVIDENCE, PLAIN
from inspector.proofs import of_file
from inspector.tokens import Tokens

__all__ = ["Version", "capture_of"]

_CONFIG = ConfigDict(strict=True, extra="ignore", arbitrary_types_allowed=True, frozen=True)
_LARGEST = 2**53  # the whole numbers that a browser holds exactly; sums of a few of them stay in 64 bits


def _not_finite(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf", "nan") else value


_Whole = Annotated[int, Bounds(ge=-_LARGEST, le=_LARGEST)]
_Counted = Annotated[int, Bounds(ge=0, lt=2**31)]
_Number = Annotated[float, BeforeValidator(_not_finite)]


class _Entry(BaseModel):
    model_config = _CONFIG


class Version(_Entry):
    """The layout of a file, before anything else of it is read."""

    version: _Whole


class _Reference(_Entry):
    tensor: str
    axes: tuple[_Counted, ...] | None = None


def _looked_up(entry: _Reference, info: Any) -> Tensor:
    """The tensor that a file has under that name, its axes in the order of the capture."""
    tensor = info.context(entry.tensor)
    axes = range(tensor.ndim) if entry.axes is None else entry.axes
    if sorted(axes) != list(range(tensor.ndim)):
        raise ValueError(f"axes {list(axes)} of a tensor that has {tensor.ndim}")
    return tensor.permute(sorted(range(tensor.ndim), key=list(axes).__getitem__))


_Tensor = Annotated[_Reference, AfterValidator(_looked_up)]
_SIMPLE: dict[Any, Any] = {Tensor: _Tensor, int: _Whole, float: _Number}


@functools.cache
def _entry_of(cls: type) -> Any:
    """The entry that stands for a dataclass of ours; it becomes one once every field has passed."""
    hints = typing.get_type_hints(cls)
    columns = {field.name: (_field(hints[field.name]), _default(field)) for field in fields(cls) if field.init}
    tag = (Literal[cls.__name__], cls.__name__)
    made = create_model(cls.__name__, __base__=_Entry, type=tag, **columns)  # type: ignore[call-overload]
    _CLASSES[made] = cls
    return made


_CLASSES: dict[type[BaseModel], type] = {}


def _made(entry: BaseModel) -> Any:
    cls = _CLASSES[type(entry)]
    return cls(**{field.name: getattr(entry, field.name) for field in fields(cls) if field.init})


def _default(field: Field) -> Any:
    if field.default_factory is not MISSING:
        return Bounds(default_factory=field.default_factory)
    return ... if field.default is MISSING else field.default


def _field(hint: Any) -> Any:
    """An annotation with tensors, numbers and classes of ours replaced by what a file has in their place."""
    if is_dataclass(hint):
        return Annotated[_entry_of(hint), AfterValidator(_made)]  # type: ignore[arg-type]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return typing.Union[tuple(map(_field, arguments))]  # noqa: UP007  (built at run time)
    if origin is tuple:
        return tuple[tuple(part if part is ... else _field(part) for part in arguments)]  # type: ignore[misc]
    return _SIMPLE.get(hint, hint)


def _one_of(classes: tuple[type, ...]) -> Any:
    return Annotated[typing.Union[tuple(map(_entry_of, classes))], Discriminator("type"), AfterValidator(_made)]  # noqa: UP007


class _Proof(_Entry):
    residual: _Number | None
    rows: _Counted
    note: str


class _Missing(_Entry):
    name: str
    reason: str


class _Call(_Entry):
    name: str
    kind: Literal[KINDS]  # type: ignore[valid-type]
    layer_index: _Counted
    source: str
    tower: str
    axes: tuple[str, str]
    index: _Counted
    note: str
    step: _Counted = 0
    proof: _Proof


class _Header(_Entry):
    info: dict[str, str]
    missing: tuple[_Missing, ...]


_SEQUENCE: Any = Annotated[_field(Tokens), AfterValidator(check_tokens)]


@functools.cache
def _header_of(layouts: tuple[type, ...]) -> type[BaseModel]:
    """The whole header, for the layouts that are registered now."""
    evidence: Any = Annotated[_one_of(EVIDENCE), AfterValidator(check_evidence)]
    columns: dict[str, Any] = {"evidence": evidence, "layout": (_one_of(layouts) | None, None)}
    call: Any = Annotated[create_model("Call", __base__=_Call, **columns), AfterValidator(_call)]
    columns = {"sequences": dict[str, tuple[_SEQUENCE, ...]], "calls": tuple[call, ...]}
    return create_model("Header", __base__=_Header, **columns)


def _call(entry: Any) -> AttentionCall:
    proof = of_file(entry.proof.residual, entry.proof.rows, entry.proof.note, next(iter(entry.evidence.tensors().values())).dtype)
    parts = {name: getattr(entry, name) for name in (*PLAIN, "axes", "evidence", "layout")}
    return check_call(AttentionCall(**parts, proof=proof))


def capture_of(text: str, find: Callable[[str], Tensor], size: int) -> Capture:
    """The capture that a header describes.

    Args:
        text: the header's JSON.
        find: the tensor of a name; raises ValueError where there is none.
        size: bytes of the file, which what it stands for is held against.

    Raises:
        ValidationError: a field is not what it has to be, or does not fit the others.
    """
    found: Any = _header_of(tuple(cls for _, cls in LAYOUTS.items())).model_validate_json(text, context=find)
    missing = [Missing(entry.name, entry.reason) for entry in found.missing]
    return check_capture(Capture(list(found.calls), missing, dict(found.sequences), dict(found.info)), size)
