import re
from itertools import product

from openinspector.model.activity import ConnectionState, Process, TcpConnection
from openinspector.model.inventory import Group, ListeningPort, TransportProtocol
from openinspector.wire.record_kind import RECORD_KINDS
from openinspector.wire.telemetry import message_type

OFFICIAL = set(
    """
    InspectorPackageInfo InspectorConfigurationInfo InspectorDirectoryInfoMsg InspectorOperatingSystem
    InspectorInstanceMetaData InspectorKernelModule InspectorUser InspectorGroup InspectorTerminal
    InspectorCreateProcess InspectorDuplicateProcess InspectorStopProcess InspectorLoadImageInProcess
    InspectorCodeModule InspectorDynamicallyLoadedCodeModule InspectorProcessPerformance InspectorNetworkInterface
    InspectorDnsEntry InspectorTcpV4Connection InspectorTcpV4ListeningPort InspectorTcpV6ListeningPort
    InspectorUdpV4ListeningPort InspectorUdpV6ListeningPort InspectorSystemPerformance InspectorTimeEventMsg
    InspectorMonitoringStart InspectorSplitMsgBegin InspectorSplitMsgEnd
    """.split()
)
"""F3.12 to F3.16."""
LEFT = {
    "InspectorStopProcess",
    "InspectorDynamicallyLoadedCodeModule",
    "InspectorSplitMsgBegin",
    "InspectorSplitMsgEnd",
}
"""The docstring of `openinspector.wire.telemetry` gives the reasons."""
OUR_OWN = {"OpenInspectorContainerRoot", "OpenInspectorSensorStatus", "InspectorTcpV6Connection"}


def expand(pattern: str) -> list[str]:
    """Return the names that ``Inspector{Tcp,Udp}V{4,6}Connection`` stands for."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


def test_every_message_type_of_the_original_is_sent_or_left_for_a_reason() -> None:
    assert len(OFFICIAL) == 28
    sent = {name for kind in RECORD_KINDS.values() for name in expand(kind.MESSAGE_TYPE)}
    assert sent == OFFICIAL - LEFT | OUR_OWN


def test_the_message_type_of_a_record_is_one_of_its_kind() -> None:
    for transport, ip_version in product(TransportProtocol, (4, 6)):
        port = ListeningPort(transport=transport, ip_version=ip_version, address="::", port=22)
        assert message_type(port) in expand(ListeningPort.MESSAGE_TYPE)
    connection = TcpConnection(
        ip_version=4,
        state=ConnectionState.ESTABLISHED,
        local_address="127.0.0.1",
        local_port=22,
        remote_address="127.0.0.1",
        remote_port=50000,
    )
    assert message_type(connection) == "InspectorTcpV4Connection"
    process = Process(process_id=1, parent_id=0, uid=0, name="init", forked=True)
    assert message_type(process) == "InspectorDuplicateProcess"
    assert message_type(Group(name="root", gid=0)) == "InspectorGroup"
