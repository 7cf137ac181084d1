"""Record: the base class of all telemetry records."""

from typing import ClassVar


class Record:
    """One item that a sensor found on a host.

    A kind of record is a frozen dataclass that derives from this class, in one of the modules of `openinspector.model`
    that `openinspector.wire.record_kind` lists. That is all it takes to register it: the class name is its name on the
    wire.
    """

    __slots__ = ()

    MESSAGE_TYPE: ClassVar[str]
    """Type of the telemetry message (F3.12 to F3.16), which several kinds may share.

    A kind with more than one type gives a pattern, such as ``InspectorTcpV{4,6}Connection``, and overrides
    `message_type`.
    """

    def message_type(self) -> str:
        """Return the type of the message that carries this record."""
        return self.MESSAGE_TYPE
