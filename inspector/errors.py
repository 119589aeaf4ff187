"""Every error the package raises on purpose, in one tree.

    InspectorError
    ├── InputError (ValueError)         the text, image or encodings cannot be run
    │   ├── EmptyInput
    │   └── InputTooLong                more tokens than the model takes
    ├── ModelError                      the model cannot be loaded or read
    │   ├── ModelNotFound (OSError)
    │   ├── UnsafeWeights (OSError)     pickle weights, or a file that is not what it says
    │   └── NoAttention                 nothing the hook layer reaches
    ├── CaptureError
    │   ├── Cancelled                   the caller stopped a long computation
    │   ├── CaptureFileError (OSError)  a damaged or foreign capture file
    │   └── OutOfRange (IndexError)     a layer, head, token or span that is not there
    ├── RegistryError (KeyError)        no metric, view or model of that name
    ├── ShapeError (ValueError)         tensors that do not fit together
    ├── TooLarge (MemoryError)          the request would not fit; says what would
    ├── AttentionInputError (ValueError)    ``reference``: tensors a mechanism cannot take
    └── ZooError (ValueError)               ``zoo``: a model or a text it does not know

Each message has three sentences: what was asked, what was found, what to do; ``asked``, ``found`` and ``do`` hold them.
"""

from __future__ import annotations

from reference.errors import AttentionInputError, InspectorError
from zoo.errors import ZooError

__all__ = [
    "AttentionInputError",
    "Cancelled",
    "CaptureError",
    "CaptureFileError",
    "EmptyInput",
    "InputError",
    "InputTooLong",
    "InspectorError",
    "ModelError",
    "ModelNotFound",
    "NoAttention",
    "OutOfRange",
    "RegistryError",
    "ShapeError",
    "TooLarge",
    "UnsafeWeights",
    "ZooError",
]


class InputError(InspectorError, ValueError):
    """The input cannot be run as it is."""


class EmptyInput(InputError):
    """There is no text to look at."""


class InputTooLong(InputError):
    """More tokens than the model takes; ``tokens`` and ``limit`` say how many."""

    def __init__(self, asked: str, found: str, do: str, *, tokens: int = 0, limit: int = 0) -> None:
        super().__init__(asked, found, do)
        self.tokens, self.limit = tokens, limit


class ModelError(InspectorError):
    """The model cannot be loaded or read."""


class ModelNotFound(ModelError, OSError):
    """No such model, or it cannot be reached."""


class UnsafeWeights(ModelError, OSError):
    """The weights are not in safetensors, or not the file they claim to be."""


class NoAttention(ModelError):
    """The model ran, and no attention was seen."""


class CaptureError(InspectorError):
    """A capture cannot do what was asked of it."""


class Cancelled(CaptureError):
    """The caller stopped a long computation; nothing was kept of it."""


class CaptureFileError(CaptureError, OSError):
    """The file is damaged or is not a capture."""


class OutOfRange(CaptureError, IndexError):
    """A layer, head, token or span that does not exist."""


class RegistryError(InspectorError, KeyError):
    """Nothing is registered under that name."""


class ShapeError(InspectorError, ValueError):
    """Tensors whose axes do not fit together."""


class TooLarge(InspectorError, MemoryError):
    """What was asked does not fit; the message says what would."""
