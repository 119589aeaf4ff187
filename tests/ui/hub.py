"""A Hub of its own on this machine: as much of the protocol as ``huggingface_hub`` needs; it counts what it sends."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """Repositories are folders ``root/owner/name``. ``sizes`` lets a file be called larger than it is."""

    def __init__(self, root: Path) -> None:
        self.root, self.sizes, self.sent, self.url = root, {}, [], ""

    def listed(self, name: str) -> list[dict]:
        folder = self.root / name
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        return [{"rfilename": file, "size": self.sizes.get((name, file), (folder / file).stat().st_size)} for file in files]

    @contextlib.contextmanager
    def open(self) -> Iterator[Hub]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(False)

            def do_GET(self) -> None:
                self._answer(True)

            def _answer(self, whole: bool) -> None:
                path = unquote(urlsplit(self.path).path).strip("/")
                if path.startswith("api/models/"):
                    name, tree, _ = path.removeprefix("api/models/").split("/revision/")[0].partition("/tree/")
                    if (hub.root / name).is_dir() and tree:
                        files = [{"type": "file", "path": e["rfilename"], "size": e["size"], "oid": ""} for e in hub.listed(name)]
                        return self._send(200, json.dumps(files).encode(), whole, {})
                    if (hub.root / name).is_dir():
                        about = {"id": name, "modelId": name, "sha": COMMIT, "siblings": hub.listed(name), "private": False}
                        return self._send(200, json.dumps(about).encode(), whole, {})
                elif "/resolve/" in path:
                    name, _, rest = path.partition("/resolve/")
                    file = hub.root / name / rest.split("/", 1)[1]
                    if file.is_file():
                        if whole:
                            hub.sent.append((name, file.name))
                        data = file.read_bytes()
                        return self._send(200, data, whole, {"ETag": f'"{hashlib.sha256(data).hexdigest()}"'})
                return self._send(404, b"{}", whole, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})

            def _send(self, status: int, data: bytes, whole: bool, headers: dict[str, str]) -> None:
                self.send_response(status)
                for key, value in {"Content-Length": str(len(data)), "X-Repo-Commit": COMMIT, **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                if whole:
                    self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
