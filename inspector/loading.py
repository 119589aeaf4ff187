"""A model and its tokenizer from a Hub id or a folder: safetensors only, no foreign code, and errors a person can act on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import transformers
from huggingface_hub import errors as hub
from torch import nn
from transformers import AutoConfig, AutoModel, AutoTokenizer, PretrainedConfig, PreTrainedModel

from inspector.checkpoints import check_folder, check_repository
from inspector.errors import ModelError, ModelNotFound, UnsafeWeights
from inspector.made_up import note_made_up

__all__ = ["explained", "load_model", "load_tokenizer", "model_class", "named"]

_FILES_OF_A_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "*.model", "spiece.model")


def named(name: Any) -> str:
    """A name as text.

    Raises:
        ModelError: it is none.
    """
    if isinstance(name, str | os.PathLike) and str(name).strip():
        return str(name)
    asked = "A model was to be loaded by its name."
    if isinstance(name, nn.Module):
        raise ModelError(asked, f"A {type(name).__name__} was given, which is loaded.", "Use Inspector(model, tokenizer).")
    found = "The name is empty." if isinstance(name, str) else f"A {type(name).__name__} was given."
    raise ModelError(asked, found, "Give a Hub id such as 'gpt2', a folder, or 'bundled'.")


def load_model(name: str, **options: Any) -> PreTrainedModel:
    """The model of a Hub id or a folder in Hub format, of the class its config names, in evaluation mode.

    Args:
        name: Hub id or folder.
        options: what ``from_pretrained`` takes: revision, dtype, device_map, quantization_config, token, attn_implementation,
            trust_remote_code (False unless given) and the rest.

    Raises:
        ModelNotFound: no such model, or no way to reach it, or no permission.
        UnsafeWeights: there are only pickle weights, a pickle or a file elsewhere is named, or a safetensors file is damaged.
        ModelError: the config is missing or cannot be understood.
    """
    folder = _local(name)
    if folder is not None:
        check_folder(name, folder, **options)
    with explained(name):
        if folder is None:
            check_repository(name, **options)
        config = AutoConfig.from_pretrained(name, **_for_config(options))
        chosen = model_class(config, bool(options.get("trust_remote_code")))
        taken = {"trust_remote_code": False, **options, "use_safetensors": True, "output_loading_info": True}
        model, report = chosen.from_pretrained(name, **taken)
    note_made_up(model, report)
    return model.eval()


def load_tokenizer(name: str, **options: Any) -> tuple[Any | None, str]:
    """The tokenizer beside a model, and why there is none: a model may come without one (vision, audio, a bare folder)."""
    folder = _local(name)
    if folder is not None and not any(next(folder.glob(pattern), None) for pattern in _FILES_OF_A_TOKENIZER):
        return None, "This model comes without a tokenizer."
    try:
        return AutoTokenizer.from_pretrained(name, **_for_config(options)), ""
    except Exception as error:  # the model can still be used with encodings; whoever gives a text is told
        return None, f"Its tokenizer cannot be read: {type(error).__name__}: {_short(error)}."


def _for_config(options: dict[str, Any]) -> dict[str, Any]:
    return {"trust_remote_code": False} | {
        k: v
        for k, v in options.items()
        if k in ("revision", "token", "trust_remote_code", "cache_dir", "subfolder", "local_files_only")
    }


def _local(name: str) -> Path | None:
    """The folder a name stands for; a name with a path's first character is never looked up on the Hub."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if name.startswith(("/", "./", "../", "~", ".\\")) or path.is_file():
        raise ModelNotFound(
            f"The folder {name!r} was asked for.",
            "There is no such folder.",
            "Give a folder in Hub format, or a Hub id such as 'gpt2'.",
        )
    return None


def model_class(config: PretrainedConfig, trusted: bool) -> Any:
    """The class the config names; the Auto class for code that lives beside the weights."""
    if trusted and getattr(config, "auto_map", None):
        return AutoModel
    for name in getattr(config, "architectures", None) or ():
        found = getattr(transformers, str(name), None)
        if isinstance(found, type) and issubclass(found, PreTrainedModel):
            return found
    return AutoModel


@contextlib.contextmanager
def explained(name: str) -> Iterator[None]:
    """Whatever loading raises, in three sentences."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise _translate(name, error) from error


def _translate(name: str, error: Exception) -> ModelError:
    asked = f"The model {name!r} was asked for."
    causes = list(_chain(error))
    unknown = any(isinstance(c, hub.RepositoryNotFoundError) for c in causes)  # its message speaks of gated repositories too
    if any(isinstance(c, hub.GatedRepoError) for c in causes) or ("gated repo" in str(error) and not unknown):
        return ModelNotFound(
            asked,
            "Its owner gives access on request, and this token has none.",
            f"Ask at huggingface.co/{name}, then set HF_TOKEN.",
        )
    if any(isinstance(c, hub.HFValidationError) for c in causes):
        return ModelNotFound(
            asked, "That is neither a Hub id nor a folder.", "Write it as 'name' or 'owner/name', or give a folder."
        )
    if any(isinstance(c, hub.RevisionNotFoundError) for c in causes):
        return ModelNotFound(asked, "It has no such revision.", "Look at its branches and tags on the Hub.")
    unreachable = any(isinstance(c, hub.LocalEntryNotFoundError | ConnectionError | TimeoutError) for c in causes)
    if unreachable or "couldn't connect" in str(error):
        return ModelNotFound(
            asked,
            "It is not in the local cache and the Hub cannot be reached.",
            "Check the name and the network, or give a folder, or 'bundled'.",
        )
    if unknown or "is not a local folder" in str(error):
        return ModelNotFound(
            asked, "The Hub has no such model, or it is private.", "Check the spelling; for a private one set HF_TOKEN."
        )
    if "safetensors" in str(error) and isinstance(error, OSError):
        return UnsafeWeights(
            asked,
            f"It has no safetensors weights ({_short(error)}).",
            "Choose a revision or a copy that has them; pickles are not loaded.",
        )
    if "trust_remote_code" in str(error):
        return ModelError(
            asked,
            "It needs Python code from its repository, which is not run unasked.",
            "Read that code, then pass trust_remote_code=True.",
        )
    return ModelError(
        asked,
        f"It could not be loaded: {type(error).__name__}: {_short(error)}.",
        "Check that this version of Transformers knows it.",
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _short(error: object) -> str:
    text = " ".join(str(error).split())
    return (text[:160] + "…" if len(text) > 160 else text).rstrip(".")
