"""From a Hub id to a folder: what is needed and no more, counted before it is fetched.

The folder is named by its commit in the Hub's cache, so that a folder of this machine which happens to be called like a Hub id
is never taken for it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import HfHubHTTPError

from inspector.errors import InspectorError, TooLarge, UnsafeWeights
from inspector.loading import explained
from inspector.memory import amount

__all__ = ["called", "fetched", "needed_files"]

_TEXTS = (".json", ".txt", ".model", ".spm", ".bpe", ".tiktoken")
_LEFT_OUT = ("adapter_config.json",)  # it names another model, by Hub id or by path
_LONGEST_TEXT = 64 * 2**20
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_SECONDS = 10.0  # the Hub is asked for a list; fetching the files takes the time it takes


def fetched(name: str, limit: int | None, *, token: bool | None = None) -> Path:
    """The folder of a Hub id in the Hub's cache, fetched if it is not there.

    Args:
        name: a Hub id.
        limit: the most bytes that may be fetched; None: any.
        token: False asks as a stranger, so that nobody is shown what only the server's owner may see.

    Raises:
        TooLarge: the files take more; nothing was fetched.
        ModelNotFound: no such model, or the Hub cannot be reached and the cache has none.
    """
    with explained(name):
        try:
            about = HfApi(token=token).model_info(name, files_metadata=True, timeout=_SECONDS)
        except Exception as error:
            if isinstance(error, HfHubHTTPError) and 400 <= error.response.status_code < 500:  # the Hub's answer: no such model
                raise
            return Path(snapshot_download(name, local_files_only=True))
        files = needed_files({entry.rfilename: entry.size for entry in about.siblings or ()})
        _check(name, files, limit)
        return Path(snapshot_download(name, revision=about.sha, allow_patterns=sorted(files), token=token))


@contextlib.contextmanager
def called(name: str, folder: Path) -> Iterator[None]:
    """Errors speak of the model by its name, not of where this server keeps it."""
    try:
        yield
    except InspectorError as error:
        error.asked, error.found, error.do = (part.replace(str(folder), name) for part in (error.asked, error.found, error.do))
        raise


def needed_files(listed: dict[str, int | None]) -> dict[str, int]:
    """Of the files of a repository those a model is loaded from: safetensors, and the texts beside them."""
    top = {name: size or 0 for name, size in listed.items() if re.fullmatch(r"[\w.\-]+", name) and name not in _LEFT_OUT}
    texts = {name: size for name, size in top.items() if name.endswith(_TEXTS) and size <= _LONGEST_TEXT}
    weights = {name: size for name, size in top.items() if _WEIGHTS.fullmatch(name)}
    if "model.safetensors" in weights:
        weights = {"model.safetensors": weights["model.safetensors"]}
    return texts | weights


def _check(name: str, files: dict[str, int], limit: int | None) -> None:
    if not _has_weights(files):
        raise UnsafeWeights(
            f"The model {name!r} was asked for.",
            "It has no safetensors weights.",
            "Choose a revision or a copy that has them; pickles are not loaded.",
        )
    size = sum(files.values())
    if limit is not None and size > limit:
        raise TooLarge(
            f"The model {name!r} was asked for.",
            f"Its files take {amount(size)}, and this server fetches at most {amount(limit)} for one model.",
            "Choose a smaller one.",
        )


def _has_weights(files: Iterable[str]) -> bool:
    return any(name.endswith(".safetensors") for name in files)
