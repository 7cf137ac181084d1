"""One conversation with the EC2 instance metadata service: version 2 with a token, else version 1 (F1.7).

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from collections.abc import Mapping
from typing import Final

from openinspector.agent.host import Host
from openinspector.model.errors import OpenInspectorError

TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105 - a path, not a token
INSTANCE_ID: Final = "/latest/meta-data/instance-id"
_LIFETIME: Final = "60"
"""Lifetime of the token in seconds."""
_OK: Final = 200
_NOT_FOUND: Final = 404
_NO_VERSION_2: Final = (403, 404, 405)
"""Replies to a token request that mean version 1 only, as for the vendor's SDKs."""
_MAX_TOKEN_BYTES: Final = 1024


class MetadataError(OpenInspectorError):
    """The metadata service did not return a document."""


class NoMetadataError(MetadataError):
    """There is no metadata service: the host is not an EC2 instance, or the service is turned off."""


class MetadataRefusedError(MetadataError):
    """The metadata service answered without the requested document."""


class MetadataConversation:
    """Requests documents; raises NoMetadataError or MetadataRefusedError."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._headers: Mapping[str, str] | None = None

    @property
    def version(self) -> str:
        """The version of the service, known after the first request: ``v1`` or ``v2``."""
        return "v2" if self._headers else "v1"

    def text(self, path: str) -> str | None:
        """Return a document's text, or None if the instance lacks the document."""
        try:
            if self._headers is None:
                self._headers = self._token()
            reply = self._host.metadata_service("GET", path, dict(self._headers))
        except OSError as error:
            raise NoMetadataError(f"no EC2 instance metadata service: {error.strerror or error}") from error
        if reply.status == _NOT_FOUND:
            return None
        if reply.status != _OK:
            raise MetadataRefusedError(f"the metadata service refused {path}: HTTP status {reply.status}")
        try:
            return reply.body.decode("ascii").strip()
        except UnicodeDecodeError as error:
            raise MetadataRefusedError(f"the metadata service returned {path} as something other than text") from error

    def _token(self) -> Mapping[str, str]:
        reply = self._host.metadata_service("PUT", TOKEN_PATH, {"X-aws-ec2-metadata-token-ttl-seconds": _LIFETIME})
        if reply.status in _NO_VERSION_2:
            return {}
        token = reply.body.decode("ascii", "replace")
        if reply.status != _OK or not token.isascii() or not token.isprintable() or len(token) > _MAX_TOKEN_BYTES:
            raise MetadataRefusedError(f"the metadata service did not return a token: HTTP status {reply.status}")
        return {"X-aws-ec2-metadata-token": token}
