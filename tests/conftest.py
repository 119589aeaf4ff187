"""What every test stands on: offline, warnings are errors, and the axis names of public signatures are checked at run time."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import torch
    import transformers.modeling_utils

import jaxtyping
from jaxtyping import install_import_hook

install_import_hook(["inspector", "reference"], "beartype.beartype")

import pytest  # noqa: E402

from inspector import Inspector  # noqa: E402

SENTENCE = "The animal didn't cross the street because it was too tired, so the driver stopped and waited for it."

torch.set_num_threads(max(1, min(2, os.cpu_count() or 1)))
transformers.utils.logging.set_verbosity_error()


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def unchecked():
    """Without the checks of types that the test run adds: what a user's argument of a wrong kind meets."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def bundled() -> Inspector:
    """The real pretrained model that ships with the package."""
    return Inspector.from_pretrained("bundled")


@pytest.fixture(scope="session")
def sentence_capture(bundled: Inspector):
    """A capture of the bundled model on the example sentence; shared, so only to be read."""
    return bundled(SENTENCE)
