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
"""Seconds the token is good for."""
_OK: Final = 200
_NOT_FOUND: Final = 404
_NO_VERSION_2: Final = (403, 404, 405)
"""What services answer to the token request when they only speak version 1, as the vendor's SDKs take it."""
_MAX_TOKEN_BYTES: Final = 1024


class MetadataError(OpenInspectorError):
    """The metadata service does not tell what was asked."""


class NoMetadataError(MetadataError):
    """There is no metadata service: the host is no EC2 instance, or it is turned off."""


class MetadataRefusedError(MetadataError):
    """The metadata service answered, but not with what was asked for."""


class MetadataConversation:
    """Asks for documents; NoMetadataError, MetadataRefusedError."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._headers: Mapping[str, str] | None = None

    @property
    def version(self) -> str:
        """The version it speaks, once it was asked: ``v1`` or ``v2``."""
        return "v2" if self._headers else "v1"

    def text(self, path: str) -> str | None:
        """Return a document's text, None where the instance has none of it."""
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
            raise MetadataRefusedError(f"what the metadata service gives as {path} is no text") from error

    def _token(self) -> Mapping[str, str]:
        reply = self._host.metadata_service("PUT", TOKEN_PATH, {"X-aws-ec2-metadata-token-ttl-seconds": _LIFETIME})
        if reply.status in _NO_VERSION_2:
            return {}
        token = reply.body.decode("ascii", "replace")
        if reply.status != _OK or not token.isascii() or not token.isprintable() or len(token) > _MAX_TOKEN_BYTES:
            raise MetadataRefusedError(f"the metadata service gave no token: HTTP status {reply.status}")
        return {"X-aws-ec2-metadata-token": token}
