import re
from itertools import product

from openinspector.wire.telemetry import message_types

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
"""ADR 0020 says why."""
OUR_OWN = {"OpenInspectorContainerRoot", "OpenInspectorSensorStatus", "InspectorTcpV6Connection"}


def expand(pattern: str) -> list[str]:
    """Return the names that ``Inspector{Tcp,Udp}V{4,6}Connection`` stands for."""
    parts = [part.split(",") for part in re.split(r"[{}]", pattern)]
    return ["".join(chosen) for chosen in product(*parts)]


def test_every_message_type_of_the_original_is_sent_or_left_for_a_reason() -> None:
    assert len(OFFICIAL) == 28
    sent = {name for _, pattern in message_types() for name in expand(pattern)}
    assert sent == OFFICIAL - LEFT | OUR_OWN
