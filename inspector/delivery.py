"""What a server sends to a browser, sent light: the script as one file that is fetched once, everything else compressed.

Gradio compresses what ends in a known suffix, which its page and its answers do not.
"""

from __future__ import annotations

import functools
import zlib
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from inspector.views.assets import script_file, script_name

__all__ = ["app_kwargs", "script_address"]

_FOLDER = "inspector"
_FOREVER = "public, max-age=31536000, immutable"  # the name changes with what is in it
_SMALL = 400  # bytes under which compressing costs more than it saves


def script_address() -> str:
    """Where the script is, seen from the page: relative, so that it holds under a proxy's prefix too."""
    return f"{_FOLDER}/{script_name()}"


def app_kwargs() -> dict[str, Any]:
    """What ``Blocks.launch(app_kwargs=…)`` or ``gr.mount_gradio_app(…, app_kwargs=…)`` takes to send pages light."""
    return {
        "routes": [Route(f"/{_FOLDER}/{{name}}", _script, methods=["GET", "HEAD"])],
        "middleware": [Middleware(Compressed)],
    }


class Compressed:
    """Compresses what Gradio sends as it is: its page with the whole configuration, and the answers to views."""

    def __init__(self, app: ASGIApp) -> None:
        self._app, self._compressing = app, GZipMiddleware(app, minimum_size=_SMALL, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        named = "." in scope.get("path", "").rpartition("/")[2]  # files with a suffix are Gradio's to compress, or are so already
        await (self._app if named else self._compressing)(scope, receive, send)


async def _script(request: Request) -> Response:
    """The script under its present name; under any other there is none."""
    if request.path_params["name"] != script_name():
        return Response("There is no such script.", 404, media_type="text/plain")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return Response(script_file(), media_type="text/javascript", headers=headers)
    return Response(_packed(), media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})


@functools.cache
def _packed() -> bytes:
    """The script compressed once, not for every visitor."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return deflate.compress(script_file().encode("utf-8")) + deflate.flush()
