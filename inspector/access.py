"""What a visitor may ask for: the one place that turns whatever was written as a model's name into something that may be loaded.

A server is public unless it surely serves this machine alone. On a public one a name is a Hub id and nothing else: it is never
looked up on the server's disk, so no answer, and no time an answer takes, tells which folders are there.
"""

from __future__ import annotations

import ipaddress
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from inspector.bundled import BUNDLED
from inspector.errors import ModelError, ModelNotFound

__all__ = ["Access", "Exposure", "hub_id", "normalized"]

_LONGEST = {"name": 200, "path": 4096}  # characters; a Hub id has at most 96 + 1 + 96
_PROXIES = ("forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip")


def normalized(asked: object) -> str:
    """The name as it is used from here on: one form of every character, nothing around it, nothing invisible in it.

    Raises:
        ModelError: it is no text, is empty, or holds characters no name has.
    """
    if not isinstance(asked, str):
        kind = "nothing" if asked is None else f"a {type(asked).__name__}"
        raise ModelError(
            "A model was to be named.", f"There was {kind} where its name should be.", "Choose one, or write its name."
        )
    name = asked.strip() if _is_path(asked.strip()) else unicodedata.normalize("NFKC", asked).strip()
    if not name:
        raise ModelError("A model was to be named.", "The name is empty.", "Choose one, or write its name.")
    longest = _LONGEST["path" if _is_path(name) else "name"]
    if len(name.encode("utf-8", "replace")) > longest:
        raise ModelNotFound(
            f"The model {name[:60]!r}… was asked for.", f"The name is longer than {longest} bytes.", "Write it as 'owner/name'."
        )
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name):
        raise ModelNotFound(
            f"The model {name[:80]!r} was asked for.", "The name holds characters that cannot be seen.", "Type it by hand."
        )
    return name


def _is_path(name: str) -> bool:
    """Whether a name is written as a path; those are taken letter by letter."""
    return name.startswith(("/", ".", "~", "\\")) or bool(re.match(r"[A-Za-z]:[\\/]", name))


def hub_id(name: str) -> bool:
    """Whether a name can be a Hub id: the Hub's own rule, in plain letters."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return name.isascii()


@dataclass(frozen=True)
class Access:
    """What one server lets its visitors load.

    Attributes:
        allowed: the only names that may be asked for besides "bundled"; empty: any. A folder its owner lists may be loaded.
        download: bytes that may be fetched for one model; None: any.
        memory: bytes of memory to reckon with; None: what the machine or its cgroup has.
    """

    allowed: tuple[str, ...] = ()
    download: int | None = None
    memory: int | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Access:
        """The settings INSPECTOR_MODELS, INSPECTOR_DOWNLOAD and INSPECTOR_MEMORY."""
        listed = re.split(r"[,\n]", environment.get("INSPECTOR_MODELS", ""))
        sizes = {name: _bytes(name, environment.get(name, "")) for name in ("INSPECTOR_DOWNLOAD", "INSPECTOR_MEMORY")}
        return cls(
            tuple(dict.fromkeys(normalized(name) for name in listed if name.strip())),
            sizes["INSPECTOR_DOWNLOAD"],
            sizes["INSPECTOR_MEMORY"],
        )

    def name(self, asked: object, *, public: bool) -> str:
        """The normalised name, when it may be asked for.

        Raises:
            ModelError: it may not; on a public server a folder's name gets the same answer whether the folder is there or not.
        """
        name = normalized(asked)
        if name == BUNDLED:
            return name
        if self.allowed and name not in self.allowed:
            raise ModelError(
                f"The model {name[:80]!r} was asked for.",
                "This server offers a list of models, and it is not on it.",
                f"Choose one of {', '.join([BUNDLED, *self.allowed][:8])}.",
            )
        if public and not hub_id(name) and name not in self.allowed:
            raise ModelError(
                f"The model {name[:80]!r} was asked for.",
                "This server is public and loads from the Hub only.",
                "Give a Hub id, such as 'openai-community/gpt2'.",
            )
        if not public:
            _check_path(name)
        return name

    def on_disk(self, name: str, *, public: bool) -> bool:
        """Whether a name that was let through may be a folder of this machine."""
        return name == BUNDLED or not public or (name in self.allowed and not hub_id(name))


def _check_path(name: str) -> None:
    """Names no file system takes, said as what they are."""
    try:
        Path(name).expanduser().is_dir()
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelNotFound(
            f"The model {name[:80]!r} was asked for.", "That is neither a Hub id nor a folder.", "Write it as 'owner/name'."
        ) from error


def _bytes(setting: str, text: str) -> int | None:
    """'2 GB' as a number of bytes."""
    if not text.strip():
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?)i?b?\s*", text.lower())
    if found is None:
        raise ModelError(f"{setting} was read.", f"{text[:40]!r} is no size.", "Write it as '2 GB' or '500 MB'.")
    return int(float(found[1]) * 1024 ** " kmgt".index(found[2] or " "))


class Exposure:
    """Whether strangers may reach this server. Once one seems to have, it stays public."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        said = environment.get("INSPECTOR_PUBLIC", "").strip().lower()
        self._said = None if not said else said not in ("0", "false", "no", "off")
        self._hosted = any(environment.get(name) for name in ("SPACE_ID", "GRADIO_ROOT_PATH"))
        self._seen = False

    def public(self, *, bound: str | None, shared: bool, root_path: str, headers: Mapping[str, str], client: str | None) -> bool:
        """Whether this server is to be treated as public; INSPECTOR_PUBLIC has the last word.

        Args:
            bound: the address the server listens on; None when somebody else serves it.
            shared: whether it has a share link.
            root_path: the path it is served under, which only a proxy makes other than "".
            headers: of the request.
            client: where the request comes from.
        """
        if self._said is not None:
            return self._said
        names = {name.lower() for name in headers}
        forwarded = any(name in _PROXIES or name.startswith("x-forwarded") for name in names)
        outside = not _loopback(client) or not _loopback(_host(headers))
        self._seen |= forwarded or outside
        return self._seen or self._hosted or shared or bool(root_path) or not _loopback(bound)


def _host(headers: Mapping[str, str]) -> str:
    """The name the browser knows the server by, without its port: another than this machine's means a tunnel or a trick."""
    value = next((value for name, value in headers.items() if name.lower() == "host"), "localhost")
    return value.rsplit(":", 1)[0] if not value.endswith("]") else value


def _loopback(address: str | None) -> bool:
    if address is None:
        return False
    bare = address.strip().strip("[]").lower()
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def offered(models: Iterable[tuple[str, str]], access: Access) -> list[tuple[str, str]]:
    """What the menu lists: the models known by name that may be asked for, and the rest of the server's own list."""
    kept = [(title, name) for title, name in models if not access.allowed or name == BUNDLED or name in access.allowed]
    return kept + [(name, name) for name in access.allowed if name not in {known for _, known in kept}]
