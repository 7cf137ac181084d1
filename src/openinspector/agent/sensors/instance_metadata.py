"""Identity of the host according to the EC2 instance metadata service (F1.7)."""

from collections.abc import Iterator
from typing import Final

import msgspec

from openinspector.agent.cloud.instance_metadata import (
    INSTANCE_ID,
    MetadataConversation,
    MetadataRefusedError,
    NoMetadataError,
)
from openinspector.agent.host import Host
from openinspector.agent.sensor import LINUX, WINDOWS, Absent, Incomplete, Needs, Sensor, Trigger
from openinspector.model.inventory import InstanceMetadata

IDENTITY: Final = "/latest/dynamic/instance-identity/document"
META_DATA: Final = "/latest/meta-data/"


class _Identity(msgspec.Struct):
    """The used members of the instance identity document, which is read for information, not as proof."""

    accountId: str = ""  # noqa: N815 - the document's name
    region: str = ""


def collect(host: Host) -> Iterator[InstanceMetadata | Incomplete | Absent]:
    """Yield the one InstanceMetadata, or Absent outside of EC2 and if the service is turned off."""
    try:
        yield _describe(MetadataConversation(host))
    except NoMetadataError as error:
        yield Absent(reason=_sentence(error))
    except MetadataRefusedError as refused:
        yield Incomplete(reason=_sentence(refused))


def _describe(service: MetadataConversation) -> InstanceMetadata:
    instance_id = service.text(INSTANCE_ID)
    if not instance_id:
        raise MetadataRefusedError("the metadata service does not name an instance")
    identity = _identity(service)
    zone = _text(service, "placement/availability-zone")
    return InstanceMetadata(
        instance_id=instance_id,
        ami_id=_text(service, "ami-id"),
        instance_type=_text(service, "instance-type"),
        # The service names the region only since 2020; a zone is its region and one letter.
        region=identity.region or _text(service, "placement/region") or zone[:-1],
        availability_zone=zone,
        account_id=identity.accountId,
        local_ipv4=_text(service, "local-ipv4"),
        public_ipv4=_text(service, "public-ipv4"),
        service_version=service.version,
    )


def _text(service: MetadataConversation, name: str) -> str:
    """Return a document's text; empty if the instance lacks it (no public address)."""
    return service.text(META_DATA + name) or ""


def _identity(service: MetadataConversation) -> _Identity:
    try:
        return msgspec.json.decode(service.text(IDENTITY) or "{}", type=_Identity)
    except msgspec.DecodeError:
        return _Identity()


def _sentence(error: NoMetadataError | MetadataRefusedError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


SENSOR: Final = Sensor(
    name="instance_metadata",
    title="EC2 instance metadata",
    records=(InstanceMetadata,),
    collect=collect,
    trigger=Trigger.EVERY_RUN,
    systems=LINUX | WINDOWS,
    needs=Needs(network=True),
    max_seconds=15.0,
)
