"""See, measure and trust the attention of any Hugging Face Transformers model."""

from inspector import analyses, bertviz, files, html, notebook, tiles  # noqa: F401  (they add methods to Capture)
from inspector.captures import AttentionCall, Capture
from inspector.errors import (
    AttentionInputError,
    Cancelled,
    CaptureError,
    CaptureFileError,
    EmptyInput,
    InputError,
    InputTooLong,
    InspectorError,
    ModelError,
    ModelNotFound,
    NoAttention,
    OutOfRange,
    RegistryError,
    ShapeError,
    TooLarge,
    UnsafeWeights,
    ZooError,
)
from inspector.hooks import capture, carry
from inspector.metrics import list_metrics, measure
from inspector.models import Inspector
from inspector.summaries import Summary

__all__ = [
    "AttentionCall",
    "AttentionInputError",
    "Cancelled",
    "Capture",
    "CaptureError",
    "CaptureFileError",
    "EmptyInput",
    "InputError",
    "InputTooLong",
    "Inspector",
    "InspectorError",
    "ModelError",
    "ModelNotFound",
    "NoAttention",
    "OutOfRange",
    "RegistryError",
    "ShapeError",
    "Summary",
    "TooLarge",
    "UnsafeWeights",
    "ZooError",
    "capture",
    "carry",
    "list_metrics",
    "measure",
]
