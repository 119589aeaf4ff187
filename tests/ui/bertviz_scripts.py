"""BertViz loads its scripts from a CDN; here they come from their npm packages and the CDN's addresses are answered with them."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from playwright.sync_api import BrowserContext, Route

PACKAGES = {
    "require.js": ("requirejs@2.3.6", "require.js"),
    "d3": ("d3@5.7.0", "dist/d3.min.js"),
    "jquery": ("jquery@2", "dist/jquery.min.js"),
}


@functools.cache
def scripts() -> dict[str, str] | None:
    """The text of each script by the name in its CDN address; None without npm or a registry that answers."""
    if shutil.which("npm") is None:
        return None
    folder = Path(tempfile.mkdtemp())
    found = {}
    for name, (package, path) in PACKAGES.items():
        try:
            options = {"cwd": folder, "capture_output": True, "text": True, "timeout": 120}
            packed = subprocess.run(["npm", "pack", "--silent", package], check=True, **options)
        except (OSError, subprocess.SubprocessError):
            return None
        with tarfile.open(folder / packed.stdout.split()[-1]) as archive:
            found[name] = archive.extractfile(f"package/{path}").read().decode()
    return found


def answer_cdn(context: BrowserContext) -> bool:
    """Answers BertViz's CDN in this context; False when its scripts cannot be had."""
    found = scripts()
    if found is None:
        return False

    def fulfil(route: Route) -> None:
        name = next(name for name in found if f"/{name}/" in route.request.url)
        route.fulfill(body=found[name], content_type="text/javascript", headers={"access-control-allow-origin": "*"})

    context.route("https://cdnjs.cloudflare.com/**", fulfil)
    return True
