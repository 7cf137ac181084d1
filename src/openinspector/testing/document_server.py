"""A web server on loopback that serves a folder, with validators, and fails on demand."""

import hashlib
import re
import ssl
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from openinspector.testing.background_server import BackgroundServer

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


class DocumentServer(BackgroundServer[ThreadingHTTPServer]):
    """A context manager that serves ``folder``, with TLS if a context is given. ETags are SHA-256."""

    def __init__(self, folder: Path, tls: ssl.SSLContext | None = None) -> None:
        self.folder = folder
        self.requests: list[tuple[str, int]] = []
        """Paths asked for and the statuses they got, in order."""
        self.faults: dict[str, list[Answer]] = {}
        """Answers given once each, in order, before a path is served as usual."""
        self._scheme = "https" if tls else "http"
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self._answer))
        server.daemon_threads = True
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        super().__init__(server)

    @property
    def url(self) -> str:
        """URL of the folder, without a slash at the end."""
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def paths(self) -> list[str]:
        """Return the requested paths, in order."""
        return [path for path, _ in self.requests]

    def _answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        answer = self.faults[path].pop(0) if self.faults.get(path) else self._document(path, headers)
        self.requests.append((path, answer[0]))
        return answer

    def _document(self, path: str, asked: Mapping[str, str]) -> Answer:
        file = (self.folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(self.folder.resolve()) or not file.is_file():
            return 404, {}, b""
        content = file.read_bytes()
        current = f'"{hashlib.sha256(content).hexdigest()}"'
        headers = {"ETag": current, "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}
        if asked.get("If-None-Match") == current:
            return 304, headers, b""
        start = _RANGE.fullmatch(asked.get("Range", ""))
        if start is not None and asked.get("If-Range") == current:
            place = int(start[1])
            rest = {"Content-Range": f"bytes {place}-{len(content) - 1}/{len(content)}"}
            return (206, headers | rest, content[place:]) if place < len(content) else (416, headers, b"")
        return 200, headers, content


_RANGE: Final = re.compile(r"bytes=([0-9]+)-")


def _handler(answer: Callable[[str, Mapping[str, str]], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = answer(unquote(self.path), dict(self.headers.items()))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            # a fault may promise more than it sends
            self.close_connection = self.close_connection or int(headers.get("Content-Length", "0")) > len(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
            """Log nothing."""

    return Handler
