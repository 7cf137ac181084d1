"""A metadata service on loopback with the rules of the real one: tokens, their lifetime, and refusals.

After https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from openinspector.testing.background_server import BackgroundServer

TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105 - a path, not a token
TTL_HEADER: Final = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER: Final = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name
MAX_TTL_SECONDS: Final = 21_600

DOCUMENTS: Final[Mapping[str, bytes]] = {
    "/latest/meta-data/instance-id": b"i-0123456789abcdef0",
    "/latest/meta-data/ami-id": b"ami-0123456789abcdef0",
    "/latest/meta-data/instance-type": b"t3.micro",
    "/latest/meta-data/local-ipv4": b"10.0.0.5",
    "/latest/meta-data/public-ipv4": b"198.51.100.7",
    "/latest/meta-data/placement/region": b"eu-west-1",
    "/latest/meta-data/placement/availability-zone": b"eu-west-1a",
    "/latest/dynamic/instance-identity/document": b"""{
  "accountId" : "123456789012", "architecture" : "x86_64", "availabilityZone" : "eu-west-1a",
  "imageId" : "ami-0123456789abcdef0", "instanceId" : "i-0123456789abcdef0", "instanceType" : "t3.micro",
  "pendingTime" : "2026-01-01T00:00:00Z", "privateIp" : "10.0.0.5", "region" : "eu-west-1", "version" : "2017-09-30"
}""",
}
"""The metadata of an instance; the identity document is unsigned."""


def role_documents(role: str, access_key: str, secret_key: str, token: str) -> dict[str, bytes]:
    """Return the documents of an instance's role: its name and its credentials."""
    folder = "/latest/meta-data/iam/security-credentials/"
    credentials = {
        "Code": "Success",
        "LastUpdated": "2026-01-01T00:00:00Z",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key,
        "SecretAccessKey": secret_key,
        "Token": token,
        "Expiration": "2026-01-01T06:00:00Z",
    }
    return {folder: role.encode(), f"{folder}{role}": json.dumps(credentials, indent=2).encode()}


class Speaks(StrEnum):
    """Versions that the fake service accepts, as configured by HttpTokens."""

    V2_ONLY = "required"
    V1_AND_V2 = "optional"
    V1_ONLY = "before IMDSv2"


class FakeImds(BackgroundServer[ThreadingHTTPServer]):
    """A metadata service for a with-block; ``address`` is its ``host:port`` on loopback."""

    def __init__(
        self,
        documents: Mapping[str, bytes] = DOCUMENTS,
        speaks: Speaks = Speaks.V2_ONLY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.documents = dict(documents)
        self.speaks = speaks
        self.clock = clock
        self.tokens: dict[str, float] = {}
        """Token to the clock's time at which it expires."""
        self.requests: list[tuple[str, str]] = []
        """(method, path) of every request, in order."""
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), _handler(self)))
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Return (status, body) of the answer to one request."""
        self.requests.append((method, path))
        headers = {name.lower(): value for name, value in headers.items()}
        if method == "PUT":
            return self._token(path, headers)
        if method != "GET":
            return 405, b""
        if not self._admits(headers):
            return 401, b""
        document = self.documents.get(path)
        return (404, b"") if document is None else (200, document)

    def _token(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        if self.speaks is Speaks.V1_ONLY:
            return 405, b""
        if path != TOKEN_PATH:
            return 404, b""
        if headers.get("x-forwarded-for") is not None:  # the real one refuses what came through a proxy
            return 403, b""
        ttl = headers.get(TTL_HEADER.lower(), "")
        if not (ttl.isdecimal() and 1 <= int(ttl) <= MAX_TTL_SECONDS):
            return 400, b""
        token = secrets.token_urlsafe(32)
        self.tokens[token] = self.clock() + int(ttl)
        return 200, token.encode()

    def _admits(self, headers: Mapping[str, str]) -> bool:
        token = headers.get(TOKEN_HEADER.lower())
        if self.speaks is Speaks.V1_ONLY or (token is None and self.speaks is Speaks.V1_AND_V2):
            return True
        return token is not None and self.tokens.get(token, 0.0) > self.clock()


def _handler(service: FakeImds) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_GET(self) -> None:
            self._reply()

        def do_PUT(self) -> None:
            self._reply()

        def _reply(self) -> None:
            status, body = service.answer(self.command, self.path, dict(self.headers.items()))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: object) -> None:
            """Log nothing: tests read ``requests``."""

    return Handler
