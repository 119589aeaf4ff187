"""How much a browser may send at once: a body is read whole before anyone looks at it, so its bytes are bounded first."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["MOST", "Bounded"]

MOST = 64 * 2**20


class Bounded:
    """Answers 413 to what says it is larger, and ends what turns out to be."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > self._most:
            refused = PlainTextResponse(f"At most {self._most:,} bytes are read at once.", 413)
            return await refused(scope, receive, send)
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= self._most else {"type": "http.disconnect"}

        return await self._app(scope, bounded, send)
