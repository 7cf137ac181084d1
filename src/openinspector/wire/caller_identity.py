"""The STS request that proves an EC2 role: the service sends exactly the request that the agent signs.

``POST /`` with a fixed body to the endpoint of the region. In addition to the headers of SigV4, the signature covers
the service's name, the nonce of its challenge and the id of the host key, so that it cannot be used for another
service, at another time, or for another key.
https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from openinspector.model.errors import WireError

BODY: Final = b"Action=GetCallerIdentity&Version=2011-06-15"
SERVICE: Final = "sts"
ALGORITHM: Final = "AWS4-HMAC-SHA256"
DATE: Final = "x-amz-date"
TOKEN: Final = "x-amz-security-token"  # noqa: S105 - a header's name
KEY: Final = "x-openinspector-key"
NONCE: Final = "x-openinspector-nonce"
SERVER: Final = "x-openinspector-server"
CONTENT_TYPE: Final = "application/x-www-form-urlencoded; charset=utf-8"
DATE_FORM: Final = "%Y%m%dT%H%M%SZ"

_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]{2,12}){1,3}-[0-9]{1,2}")
_DATE: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_-]{16,4096}")
_SERVER: Final = re.compile(r"[A-Za-z0-9._:-]{1,255}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_KEY: Final = re.compile(r"[0-9a-f]{64}")
_AUTHORIZATION: Final = re.compile(
    rf"{ALGORITHM} Credential=(?P<access_key>ASIA[A-Z0-9]{{12,28}})/(?P<day>[0-9]{{8}})/(?P<region>[a-z0-9-]+)"
    rf"/{SERVICE}/aws4_request, SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<signature>[0-9a-f]{{64}})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentityRequest:
    """The request without its signature. WireError if a part is malformed."""

    region: str
    date: str
    """``YYYYMMDDTHHMMSSZ``."""
    token: str
    """The session token: credentials of a role always have one."""
    key_id: str
    nonce: str
    server: str
    """The name by which the agent knows the service."""

    def __post_init__(self) -> None:
        forms = (
            (self.region, _REGION),
            (self.date, _DATE),
            (self.token, _TOKEN),
            (self.key_id, _KEY),
            (self.nonce, _NONCE),
            (self.server, _SERVER),
        )
        if not all(form.fullmatch(text) for text, form in forms):
            raise WireError("a part of the request to STS is not of its one form")

    @property
    def host(self) -> str:
        """The endpoint of the region. The pattern of regions allows only host names of the vendor."""
        return f"{SERVICE}.{self.region}.{'amazonaws.com.cn' if self.region.startswith('cn-') else 'amazonaws.com'}"

    @property
    def headers(self) -> dict[str, str]:
        """All signed headers, in the order of signing."""
        return {
            "content-type": CONTENT_TYPE,
            "host": self.host,
            DATE: self.date,
            TOKEN: self.token,
            KEY: self.key_id,
            NONCE: self.nonce,
            SERVER: self.server,
        }

    @property
    def scope(self) -> str:
        """The credential scope, from which the signing key is derived."""
        return f"{self.date[:8]}/{self.region}/{SERVICE}/aws4_request"

    @property
    def string_to_sign(self) -> str:
        """The string that SigV4 signs."""
        lines = "".join(f"{name}:{value}\n" for name, value in self.headers.items())
        body = hashlib.sha256(BODY).hexdigest()
        canonical = f"POST\n/\n\n{lines}\n{';'.join(self.headers)}\n{body}"
        return f"{ALGORITHM}\n{self.date}\n{self.scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"

    def signed_at(self) -> datetime:
        """Return the claimed time of signing. Raises WireError if the date is malformed."""
        try:
            return datetime.strptime(self.date, DATE_FORM).replace(tzinfo=UTC)
        except ValueError as error:
            raise WireError("the date of the request to STS is malformed") from error

    def authorization(self, access_key: str, signature: str) -> str:
        """Return the Authorization header of this request under a signature."""
        signed = f"Credential={access_key}/{self.scope}, SignedHeaders={';'.join(self.headers)}"
        return f"{ALGORITHM} {signed}, Signature={signature}"

    def check_authorization(self, header: str) -> None:
        """Raise WireError unless ``header`` signs every header of this request, for its region and day."""
        found = _AUTHORIZATION.fullmatch(header)
        if found is None or header != self.authorization(found["access_key"], found["signature"]):
            raise WireError("the authorization is not one of this very request")
