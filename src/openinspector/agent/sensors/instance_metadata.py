"""What the EC2 instance metadata service says of the host: version 2 with a token, else version 1 (F1.7).

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from openinspector.agent.config_file import decode
from openinspector.agent.host import Host
from openinspector.agent.sensor import Absent, Incomplete, Needs, Sensor
from openinspector.model.inventory import InstanceMetadata

TOKEN_PATH: Final = "/latest/api/token"  # noqa: S105 - a path, not a token
IDENTITY: Final = "/latest/dynamic/instance-identity/document"
META_DATA: Final = "/latest/meta-data/"
_LIFETIME: Final = "60"
"""Seconds the token is good for: as long as one collection."""
_OK: Final = 200
_NOT_FOUND: Final = 404
_NO_VERSION_2: Final = (403, 404, 405)
"""What services answer to the token request when they only speak version 1, as the vendor's SDKs take it."""
_MAX_TOKEN_BYTES: Final = 1024


class _Identity(msgspec.Struct):
    """The members of the instance identity document that are of use; read for information, not as proof."""

    accountId: str = ""  # noqa: N815 - the document's name
    region: str = ""


@dataclass(frozen=True, slots=True)
class _RefusedError(Exception):
    """The service answered, but not with what was asked for."""

    sentence: str


def collect(host: Host) -> Iterator[InstanceMetadata | Incomplete | Absent]:
    """Yield the one InstanceMetadata; Absent off EC2 and where the service is turned off."""
    try:
        headers = _token(host)
        yield _describe(host, headers)
    except OSError as error:
        yield Absent(reason=f"No EC2 instance metadata service: {error.strerror or error}.")
    except _RefusedError as refused:
        yield Incomplete(reason=refused.sentence)


def _describe(host: Host, headers: Mapping[str, str]) -> InstanceMetadata:
    instance_id = _get(host, META_DATA + "instance-id", headers)
    if not instance_id:
        raise _RefusedError("The metadata service names no instance.")
    identity = _identity(host, headers)
    zone = _get(host, META_DATA + "placement/availability-zone", headers)
    return InstanceMetadata(
        instance_id=instance_id,
        ami_id=_get(host, META_DATA + "ami-id", headers),
        instance_type=_get(host, META_DATA + "instance-type", headers),
        # The region has a name of its own only since 2020; a zone is its region and one letter.
        region=identity.region or _get(host, META_DATA + "placement/region", headers) or zone[:-1],
        availability_zone=zone,
        account_id=identity.accountId,
        local_ipv4=_get(host, META_DATA + "local-ipv4", headers),
        public_ipv4=_get(host, META_DATA + "public-ipv4", headers),
        service_version="v2" if headers else "v1",
    )


def _token(host: Host) -> Mapping[str, str]:
    """Return the header that version 2 asks for; none where the service only speaks version 1."""
    reply = host.metadata_service("PUT", TOKEN_PATH, {"X-aws-ec2-metadata-token-ttl-seconds": _LIFETIME})
    if reply.status in _NO_VERSION_2:
        return {}
    token = decode(reply.body)
    if reply.status != _OK or not token.isascii() or not token.isprintable() or len(token) > _MAX_TOKEN_BYTES:
        raise _RefusedError(f"The metadata service gave no token: HTTP status {reply.status}.")
    return {"X-aws-ec2-metadata-token": token}


def _get(host: Host, path: str, headers: Mapping[str, str]) -> str:
    """Return a document's text; empty where the instance has none of it (no public address)."""
    reply = host.metadata_service("GET", path, dict(headers))
    if reply.status == _NOT_FOUND:
        return ""
    if reply.status != _OK:
        raise _RefusedError(f"The metadata service refused {path}: HTTP status {reply.status}.")
    return decode(reply.body).strip()


def _identity(host: Host, headers: Mapping[str, str]) -> _Identity:
    try:
        return msgspec.json.decode(_get(host, IDENTITY, headers) or "{}", type=_Identity)
    except msgspec.DecodeError:
        return _Identity()


SENSOR: Final = Sensor(
    name="instance_metadata",
    title="EC2 instance metadata",
    records=(InstanceMetadata,),
    collect=collect,
    needs=Needs(network=True),
    max_seconds=15.0,
)
