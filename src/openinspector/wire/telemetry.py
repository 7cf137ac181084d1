"""Telemetry messages: their types (F3.12 to F3.16) and the batches agents send them in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NewType

import msgspec

from openinspector.model.activity import (
    CodeModule,
    DnsEntry,
    OutdatedImage,
    Process,
    ProcessPerformance,
    SystemPerformance,
    TcpConnection,
    Terminal,
    TimeState,
)
from openinspector.model.configuration import (
    FirewallChain,
    FirewallRule,
    FirewallSet,
    KernelModule,
    Mount,
    SystemdUnit,
)
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
        Kernel: "InspectorOperatingSystem",
        KernelModule: "InspectorKernelModule",
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
        Mount: "InspectorConfigurationInfo",
        SystemdUnit: "InspectorConfigurationInfo",
        FirewallChain: "InspectorConfigurationInfo",
        FirewallRule: "InspectorConfigurationInfo",
        FirewallSet: "InspectorConfigurationInfo",
        CodeModule: "InspectorCodeModule",
        OutdatedImage: "InspectorLoadImageInProcess",
        ProcessPerformance: "InspectorProcessPerformance",
        SystemPerformance: "InspectorSystemPerformance",
        DnsEntry: "InspectorDnsEntry",
        Terminal: "InspectorTerminal",
        TimeState: "InspectorTimeEventMsg",
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
    if isinstance(record, TcpConnection):
        return MessageType(f"InspectorTcpV{record.ip_version}Connection")
    if isinstance(record, Process):
        return MessageType("InspectorDuplicateProcess" if record.forked else "InspectorCreateProcess")
    return MessageType(_TYPES[type(record)])


def message_types() -> tuple[tuple[type[Record], str], ...]:
    """Return every record with its message type; those of several types with the pattern of theirs."""
    return (
        *_TYPES.items(),
        (ListeningPort, "Inspector{Tcp,Udp}V{4,6}ListeningPort"),
        (TcpConnection, "InspectorTcpV{4,6}Connection"),
        (Process, "Inspector{Create,Duplicate}Process"),
    )


class TelemetryMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of one sensor. ``payload`` is kept raw until its ``kind`` says how to decode it."""

    sensor: str
    kind: str
    """Class name of the record: ``Package``, ``User``, ``Process``."""
    payload: msgspec.Raw


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one envelope carries: messages in the order collected."""

    messages: tuple[TelemetryMessage, ...]
