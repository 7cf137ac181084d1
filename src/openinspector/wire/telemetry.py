"""Telemetry messages: their types (F3.12 to F3.16) and the batches in which agents send them.

The vendor lists 28 message types and publishes no payloads (F3.19). Its agent watched events. Ours takes snapshots:
watching needs a kernel module, eBPF or audit rules. A snapshot fills 24 of the types:

- ``InspectorKernelModule``: loaded modules. ``InspectorOperatingSystem``: kernel images, which the host boots.
- ``InspectorCreateProcess``: a process that runs its own program. ``InspectorDuplicateProcess``: one that was forked
  and has not called exec since (``PF_FORKNOEXEC`` in ``/proc/PID/stat``).
- ``InspectorCodeModule``: a file that processes run code of, once, with the first 64 of them.
  ``InspectorLoadImageInProcess``: a process whose image differs from the file on disk. All pairs of process and module
  would be most of a collection and add nothing.
- ``InspectorConfigurationInfo``: mounts, systemd units and the packet filter, distinguished by kind.
- ``InspectorTcpV6Connection`` is our addition; the vendor's lists show version 4 only (F3.18).

Four are never sent:

- ``InspectorStopProcess``: a snapshot does not see the event, and a process may come and go between two snapshots.
- ``InspectorDynamicallyLoadedCodeModule``: a mapping does not show if dlopen or the linker loaded it.
- ``InspectorSplitMsgBegin`` and ``InspectorSplitMsgEnd`` (F3.17): a record is smaller than an envelope. A larger record
  is left out, and the status of its sensor reports it.
"""

from typing import NewType

import msgspec

from openinspector.model.record import Record

MessageType = NewType("MessageType", str)


def message_type(record: Record) -> MessageType:
    """Return the message type under which a record is counted and listed."""
    return MessageType(record.message_type())


class TelemetryMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One record of one sensor. ``payload`` stays raw until it is decoded by ``kind``."""

    sensor: str
    kind: str
    """Class name of the record: ``Package``, ``User``, ``Process``."""
    payload: msgspec.Raw


class TelemetryBatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of one envelope: messages in the order collected."""

    messages: tuple[TelemetryMessage, ...]
