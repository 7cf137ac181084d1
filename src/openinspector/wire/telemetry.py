"""Telemetry messages: their types (F3.12 to F3.16) and the batches agents send them in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NewType

import msgspec

from openinspector.model.facts import Record
from openinspector.model.inventory import (
    ContainerRoot,
    DirectoryMode,
    Group,
    InstanceMetadata,
    Kernel,
    KernelParameters,
    ListeningPort,
    LoginDefinitions,
    MonitoringStart,
    NetworkInterface,
    OperatingSystem,
    Package,
    PamConfiguration,
    PasswordQuality,
    ProcessorFeatures,
    SensorStatus,
    SshdConfiguration,
    Transport,
    User,
)
from openinspector.model.windows import (
    WindowsHotfix,
    WindowsProgram,
    WindowsRegistryValue,
    WindowsSecurityPolicy,
)

MessageType = NewType("MessageType", str)

_TYPES: Final[Mapping[type[Record], str]] = MappingProxyType(
    {
        Package: "InspectorPackageInfo",
        ContainerRoot: "OpenInspectorContainerRoot",
        OperatingSystem: "InspectorOperatingSystem",
        Kernel: "InspectorKernelModule",
        InstanceMetadata: "InspectorInstanceMetaData",
        NetworkInterface: "InspectorNetworkInterface",
        User: "InspectorUser",
        Group: "InspectorGroup",
        SshdConfiguration: "InspectorConfigurationInfo",
        LoginDefinitions: "InspectorConfigurationInfo",
        PamConfiguration: "InspectorConfigurationInfo",
        PasswordQuality: "InspectorConfigurationInfo",
        KernelParameters: "InspectorConfigurationInfo",
        ProcessorFeatures: "InspectorConfigurationInfo",
        DirectoryMode: "InspectorDirectoryInfoMsg",
        WindowsHotfix: "InspectorPackageInfo",
        WindowsProgram: "InspectorPackageInfo",
        WindowsRegistryValue: "InspectorConfigurationInfo",
        WindowsSecurityPolicy: "InspectorConfigurationInfo",
        MonitoringStart: "InspectorMonitoringStart",
        SensorStatus: "OpenInspectorSensorStatus",
    }
)


def message_type(record: Record) -> MessageType:
    """Return the message type a record is counted and listed under."""
    if isinstance(record, ListeningPort):
        transport = "Tcp" if record.transport is Transport.TCP else "Udp"
        return MessageType(f"Inspector{transport}V{record.ip_version}ListeningPort")
    return MessageType(_TYPES[type(record)])


def message_types() -> tuple[tuple[type[Record], str], ...]:
    """Return every record with its message type; listening ports with the pattern of theirs."""
    return (*_TYPES.items(), (ListeningPort, "Inspector{Tcp,Udp}V{4,6}ListeningPort"))


class TelemetryMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of one sensor. ``payload`` is kept raw until its ``kind`` says how to decode it."""

    sensor: str
    kind: str
    """Class name in `openinspector.model.inventory`: ``Package``, ``User``."""
    payload: msgspec.Raw


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one envelope carries: messages in the order collected."""

    messages: tuple[TelemetryMessage, ...]
