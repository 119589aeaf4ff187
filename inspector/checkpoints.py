"""What a model's folder or repository names as its weights, looked at before any of it is read.

Transformers reads the files that an index, a configuration or an adapter names. None of the three is trusted: each may name
a pickle, which can run code, or a file that lies elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import huggingface_hub
import safetensors
from huggingface_hub import constants
from huggingface_hub import errors as hub

from inspector.adapter_folder import refuse_adapter
from inspector.errors import ModelError, ModelNotFound, UnsafeWeights

__all__ = ["check_folder", "check_repository"]

Find = Callable[[str], Path | None]

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_INDEX, _ENDING = ".safetensors.index.json", ".safetensors"
_ADAPTER, _OF_ADAPTER = "adapter_config.json", "adapter_model.safetensors"
_CONVERT = "Convert them with save_pretrained in a place you trust; it writes safetensors."


def check_folder(name: str, folder: Path, **options: Any) -> None:
    """Refuses a folder whose weights are not whole safetensors files inside it.

    Raises:
        UnsafeWeights: it holds or names a pickle, names a file outside, or a file is damaged.
        ModelNotFound: it holds no weights.
        ModelError: it has no configuration.
    """
    here = folder / str(options.get("subfolder") or "")
    if not (here / "config.json").is_file():
        refuse_adapter(name, here)
        raise ModelError(
            f"A model was to be loaded from {name!r}.", "The folder has no config.json.", "Give a folder made by save_pretrained."
        )
    for index in sorted(here.glob(f"*{_INDEX}")):
        for listed in _listed(name, index):
            _check_inside(name, index.name, here, listed)
    _check_named(name, lambda file: path if (path := here / file).is_file() else None, options)
    _check_weights(name, here)


def check_repository(name: str, **options: Any) -> None:
    """Refuses a repository on the Hub whose index, configuration or adapter names anything but its own safetensors files.

    Raises:
        UnsafeWeights: which name, and why.
    """

    def find(file: str) -> Path | None:
        return _fetched(name, file, options)

    variant = options.get("variant")
    for file in dict.fromkeys((f"model{_INDEX}", f"model.{variant}{_INDEX}" if variant else f"model{_INDEX}")):
        index = find(file)
        if index is not None:
            list(_listed(name, index, file))
    _check_named(name, find, options)
    _check_base(name, find, options)


def _check_base(name: str, find: Find, options: dict[str, Any]) -> None:
    """Beside an adapter Transformers reads the model that the adapter names, wherever that lies."""
    adapter = find(_ADAPTER)
    base = None if adapter is None else str(_read(name, adapter).get("base_model_name_or_path", name))
    if base is None or base == name:
        return
    if Path(base).expanduser().exists():
        raise _refused(name, _ADAPTER, base, "a place on this machine")
    check_repository(base, **{key: value for key, value in options.items() if key not in ("revision", "subfolder", "variant")})


def _fetched(name: str, file: str, options: dict[str, Any]) -> Path | None:
    """The file of a repository, downloaded or from the cache; None where the repository has none, as Transformers sees it."""
    taken = {key: options[key] for key in ("revision", "token", "cache_dir", "subfolder", "local_files_only") if key in options}
    try:
        return Path(huggingface_hub.hf_hub_download(name, file, **taken))
    except hub.LocalEntryNotFoundError:
        if constants.HF_HUB_OFFLINE or options.get("local_files_only"):
            return None
        raise
    except hub.EntryNotFoundError:
        return None


def _check_named(name: str, find: Find, options: dict[str, Any]) -> None:
    """What the configuration names as the weights, and an adapter, whose pickle is read where it has no safetensors file."""
    config = find("config.json")
    named = options.get("transformers_weights") or (None if config is None else _read(name, config).get("transformers_weights"))
    if named is not None:
        _check_name(name, "config.json", named, (_ENDING, _INDEX))
        index = find(named) if str(named).endswith(_INDEX) else None
        if index is not None:
            list(_listed(name, index, str(named)))
    if find(_ADAPTER) is not None and find(_OF_ADAPTER) is None:
        raise UnsafeWeights(f"A model was to be loaded from {name!r}.", f"Its adapter has no {_OF_ADAPTER}.", _CONVERT)


def _listed(name: str, index: Path, called: str = "") -> Iterator[str]:
    """The files an index names, each a safetensors file of the same folder by its name."""
    table = _read(name, index).get("weight_map")
    if not isinstance(table, dict):
        raise _damaged(name, called or index.name, "it has no weight_map")
    for listed in dict.fromkeys(map(str, table.values())):
        _check_name(name, called or index.name, listed, (_ENDING,))
        yield listed


def _read(name: str, path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(name, path.name, " ".join(str(error).split())[:120]) from error
    if not isinstance(found, dict):
        raise _damaged(name, path.name, "it is no JSON object")
    return found


def _check_name(name: str, by: str, listed: Any, endings: tuple[str, ...]) -> None:
    text = str(listed)
    parts = (*PurePosixPath(text).parts, *PureWindowsPath(text).parts)
    if ".." in parts or PurePosixPath(text).is_absolute() or PureWindowsPath(text).anchor:
        raise _refused(name, by, text, "outside its folder")
    if not text.endswith(endings):
        raise _refused(name, by, text, "no safetensors file: a pickle can run any code")


def _check_inside(name: str, by: str, folder: Path, listed: str) -> None:
    """A link may lead out of the folder; out of a snapshot of the Hub's cache only to the blobs beside it."""
    root, target = folder.resolve(), (folder / listed).resolve()
    blobs = next((p.parent / "blobs" for p in (root, *root.parents) if p.name == "snapshots"), root)
    if not (target.is_relative_to(root) or target.is_relative_to(blobs)):
        raise _refused(name, by, listed, "a link that leads outside its folder")


def _check_weights(name: str, folder: Path) -> None:
    weights = sorted(folder.glob(f"*{_ENDING}"))
    if not weights:
        pickled = [path.name for pattern in _PICKLES for path in folder.glob(pattern)]
        if pickled:
            raise UnsafeWeights(
                f"A model was to be loaded from {name!r}.",
                f"Its weights are pickled ({', '.join(pickled[:3])}), and a pickle can run any code.",
                _CONVERT,
            )
        raise ModelNotFound(
            f"A model was to be loaded from {name!r}.",
            "The folder has no *.safetensors weights.",
            "Save the model with save_pretrained.",
        )
    for path in weights:
        try:
            with safetensors.safe_open(path, framework="pt"):
                pass
        except Exception as error:
            raise _damaged(name, path.name, " ".join(str(error).split())[:160].rstrip(".")) from error


def _refused(name: str, by: str, listed: str, what: str) -> UnsafeWeights:
    return UnsafeWeights(f"A model was to be loaded from {name!r}.", f"{by} names {listed[:120]!r}, {what}.", _CONVERT)


def _damaged(name: str, file: str, why: str) -> UnsafeWeights:
    return UnsafeWeights(f"A model was to be loaded from {name!r}.", f"{file} is damaged ({why}).", "Download or save it again.")
