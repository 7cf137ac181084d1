"""A small API over real TLS with canned answers by operation, for tests of clients.

It checks neither signature nor input, and records the requests.
"""

import json
import ssl
from collections import defaultdict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Final

from openinspector.testing.background_server import BackgroundServer
from openinspector.testing.throwaway_authority import ThrowawayAuthority
from openinspector.testing.tls_server import ThreadingTlsServer

MAX_BODY: Final = 1024 * 1024
Answer = Mapping[str, Any]


class InspectorError(Exception):
    """An answer that refuses: error code and message as the API has them."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class SimulatedInspector(BackgroundServer[ThreadingTlsServer]):
    """Use as a context manager. Operations nobody prepared answer UnsupportedFeatureException."""

    def __init__(self, folder: Path) -> None:
        authority = ThrowawayAuthority(folder)
        self.ca_file = authority.ca_file
        self.requests: list[tuple[str, Answer]] = []
        """Every operation asked for, with its input, in order."""
        self._answers: dict[str, list[Answer | InspectorError]] = defaultdict(list)
        super().__init__(_Server(self, authority.server_context()))

    @property
    def url(self) -> str:
        """URL for clients."""
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def prepare(self, operation: str, *answers: Answer | InspectorError) -> None:
        """Answer ``operation`` with each of ``answers`` in turn, and with the last one from then on."""
        self._answers[operation] = list(answers)

    def inputs(self, operation: str) -> list[Answer]:
        """Return what ``operation`` was called with, in order."""
        return [given for name, given in self.requests if name == operation]

    def answer(self, operation: str, given: Answer) -> Answer:
        """Answer one request; InspectorError."""
        self.requests.append((operation, given))
        prepared = self._answers[operation]
        if not prepared:
            raise InspectorError("UnsupportedFeatureException", f"nothing is prepared for {operation}")
        answer = prepared.pop(0) if len(prepared) > 1 else prepared[0]
        if isinstance(answer, InspectorError):
            raise answer
        return answer


class _Server(ThreadingTlsServer):
    def __init__(self, inspector: SimulatedInspector, context: ssl.SSLContext) -> None:
        super().__init__(_Handler, context)
        self.inspector = inspector


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        """Answer one operation."""
        assert isinstance(self.server, _Server)
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MAX_BODY))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            status, answer = 200, self.server.inspector.answer(operation, json.loads(body or b"{}"))
        except InspectorError as refused:
            status, answer = refused.status, {"__type": refused.code, "message": refused.message}
        self._send(status, json.dumps(answer).encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Log nothing."""
        del format, args

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
