"""A simulator of Vault's transit engine, after its documentation: there is no Vault server to be had for tests.

https://developer.hashicorp.com/vault/api-docs/secret/transit: ``encrypt`` and ``decrypt`` of one AES-256-GCM key with
derivation. Requests are kept, for tests that compare them with the documented ones.
"""

import json
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

TOKEN = "hvs.testing"  # noqa: S105 - of the simulator
_PREFIX = "vault:v1:"
_NONCE_BYTES = 12


class VaultSimulator(ThreadingHTTPServer):
    """One key ``openinspector`` of the engine at ``transit``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.master = os.urandom(32)
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        """Path, headers and body of each request."""
        self.is_sealed = False

    @property
    def environment(self) -> dict[str, str]:
        """The variables that a client needs."""
        return {"VAULT_ADDR": f"http://127.0.0.1:{self.server_address[1]}", "VAULT_TOKEN": TOKEN}

    def answer(self, path: str, token: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and body, as documented."""
        if self.is_sealed:
            return HTTPStatus.SERVICE_UNAVAILABLE, {"errors": ["Vault is sealed"]}
        if token != TOKEN or path not in ("/v1/transit/encrypt/openinspector", "/v1/transit/decrypt/openinspector"):
            return HTTPStatus.FORBIDDEN, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
        if not body.get("context"):
            return HTTPStatus.BAD_REQUEST, {"errors": ["missing 'context' for key derivation"]}
        derived = HKDF(hashes.SHA256(), 32, None, b64decode(body["context"])).derive(self.master)
        bound = b64decode(body.get("associated_data", ""))
        try:
            if path.startswith("/v1/transit/encrypt/"):
                nonce = os.urandom(_NONCE_BYTES)
                sealed = nonce + AESGCM(derived).encrypt(nonce, b64decode(body["plaintext"], validate=True), bound)
                return HTTPStatus.OK, {"data": {"ciphertext": _PREFIX + b64encode(sealed).decode(), "key_version": 1}}
            if not body["ciphertext"].startswith(_PREFIX):
                return HTTPStatus.BAD_REQUEST, {"errors": ["invalid ciphertext: no prefix"]}
            sealed = b64decode(body["ciphertext"].removeprefix(_PREFIX), validate=True)
            opened = AESGCM(derived).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
        except (InvalidTag, Base64Error, ValueError):
            return HTTPStatus.BAD_REQUEST, {"errors": ["cipher: message authentication failed"]}
        return HTTPStatus.OK, {"data": {"plaintext": b64encode(opened).decode()}}


class _Handler(BaseHTTPRequestHandler):
    server: VaultSimulator
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer a request."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        status, answer = self.server.answer(self.path, self.headers.get("X-Vault-Token", ""), body)
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Print nothing."""


@contextmanager
def vault_transit() -> Iterator[VaultSimulator]:
    """Run the simulator on a free port of loopback."""
    server = VaultSimulator()
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()
