"""Requests signed by botocore's own SigV4Auth: the oracle of the verifier."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from openinspector.service.api.model import target_prefix

URL = "https://testserver/"
STAMP = "%Y%m%dT%H%M%SZ"

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Who signs, and for what."""

    key_id: str = "AKIAEXAMPLEEXAMPLE22"
    secret: str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    region: str = "us-east-1"
    service: str = "inspector"
    token: str | None = None

    def headers(self, body: bytes, now: datetime, extra: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of a signed ``POST /``; all of ``extra`` that botocore signs are."""
        auth = SigV4Auth(Credentials(self.key_id, self.secret, self.token), self.service, self.region)
        request = AWSRequest(method="POST", url=URL, headers=dict(extra), data=body)
        # As add_auth does it, at a given time.
        request.context["timestamp"] = now.strftime(STAMP)
        auth._modify_request_before_signing(request)
        text = auth.string_to_sign(request, auth.canonical_request(request))
        auth._inject_signature_to_request(request, auth.signature(text, request))
        return {"Host": "testserver", **dict(request.headers.items())}


def call_headers(operation: str) -> dict[str, str]:
    """Return the headers botocore gives a call before it signs it."""
    return {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": f"{target_prefix(operation)}.{operation}"}


def as_received(headers: Mapping[str, str]) -> Headers:
    """Return headers as an ASGI server hands them on; botocore signs texts as UTF-8."""
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]
