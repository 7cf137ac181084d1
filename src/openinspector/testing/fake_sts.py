"""STS on loopback over real TLS: recomputes every signature with botocore and names the signer.

After https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html. It can also be made to fail: with
another document, a redirect, an endless body.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Final

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from openinspector.testing.background_server import BackgroundServer
from openinspector.testing.tls_server import ThreadingTlsServer

ROLE: Final = "fleet"
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/sts/aws4_request, SignedHeaders=([^,]+), Signature=(.+)"
)
_REPLY: Final = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult>
    <Arn>{arn}</Arn>
    <UserId>{user_id}</UserId>
    <Account>{account}</Account>
  </GetCallerIdentityResult>
  <ResponseMetadata><RequestId>01234567-89ab-cdef-0123-456789abcdef</RequestId></ResponseMetadata>
</GetCallerIdentityResponse>
"""
_ERROR: Final = "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code></Error></ErrorResponse>"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCredentials:
    """Credentials of one session of a role, and their owner."""

    access_key: str = "ASIAQQQQQQQQQQQQQQQQ"
    secret_key: str = "not-a-secret-of-anybody"  # noqa: S105 - opens nothing but this simulator
    token: str = "IQoJb3JpZ2luX2VjEXAMPLEtoken=="  # noqa: S105 - the same
    session_name: str = "i-0123456789abcdef0"
    role: str = ROLE
    account: str = "123456789012"
    user_id: str = ""
    """Empty: as STS builds it."""
    arn: str = ""
    """The same."""

    def reply(self) -> bytes:
        """Return STS's description of the credentials."""
        arn = self.arn or f"arn:aws:sts::{self.account}:assumed-role/{self.role}/{self.session_name}"
        user_id = self.user_id or f"AROAQQQQQQQQQQQQQQQQ:{self.session_name}"
        return _REPLY.format(arn=arn, user_id=user_id, account=self.account).encode()


class FakeSts(BackgroundServer[ThreadingTlsServer]):
    """STS for a with-block; it knows ``credentials``."""

    def __init__(self, context: ssl.SSLContext, *credentials: RoleCredentials) -> None:
        self.credentials = {one.access_key: one for one in credentials}
        self.answer: tuple[int, Mapping[str, str], bytes] | None = None
        """Given instead of the truth: status, headers, body."""
        self.requests: list[tuple[Mapping[str, str], bytes]] = []
        """Headers (lower case) and body of each."""
        super().__init__(ThreadingTlsServer(_handler(self), context))
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"

    def reply(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Return status, headers and body for one request."""
        self.requests.append((headers, body))
        if self.answer is not None:
            return self.answer
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        known = self.credentials.get(found[1]) if found else None
        if path != "/" or known is None or found is None or headers.get("x-amz-security-token") != known.token:
            return 403, {}, _ERROR.encode()
        signature = _signature(known, found[3], {name: headers.get(name, "") for name in found[4].split(";")}, body)
        if signature != found[5] or body != b"Action=GetCallerIdentity&Version=2011-06-15":
            return 403, {}, _ERROR.encode()
        return 200, {"Content-Type": "text/xml"}, known.reply()


def _signature(known: RoleCredentials, region: str, signed: Mapping[str, str], body: bytes) -> str:
    """Return botocore's signature over the signed headers."""
    request = AWSRequest(method="POST", url=f"https://{signed['host']}/", data=body, headers=dict(signed))
    request.context["timestamp"] = signed["x-amz-date"]
    auth = SigV4Auth(Credentials(known.access_key, known.secret_key, known.token), "sts", region)
    return str(auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request))


def _handler(service: FakeSts) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 5

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, reply = service.reply(self.path, given, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(reply)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply)

        def log_request(self, *_: object) -> None:
            """Log nothing: tests read ``requests``."""

    return Handler
