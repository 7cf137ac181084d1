"""Messages and bytes by type; `Total` is the sum of all others (F3.9)."""

from hypothesis import given
from hypothesis import strategies as st

from openinspector.service.app.telemetry_metadata import TOTAL, metadata_of
from openinspector.service.ports.telemetry_store import Volume
from openinspector.wire.telemetry import MessageType

PACKAGES = MessageType("InspectorPackageInfo")
USERS = MessageType("InspectorUser")

volumes = st.dictionaries(
    st.sampled_from([PACKAGES, USERS, MessageType("InspectorKernelModule")]),
    st.builds(Volume, count=st.integers(0, 10**6), size=st.integers(0, 10**12)),
)


def test_no_telemetry() -> None:
    assert metadata_of([]) == []
    assert metadata_of([{}]) == []


def test_agents_are_added_up() -> None:
    one = {USERS: Volume(count=1, size=10), PACKAGES: Volume(count=2, size=20)}
    other = {PACKAGES: Volume(count=3, size=30)}
    assert metadata_of([one, other]) == [
        {"messageType": PACKAGES, "count": 5, "dataSize": 50},
        {"messageType": USERS, "count": 1, "dataSize": 10},
        {"messageType": TOTAL, "count": 6, "dataSize": 60},
    ]


@given(st.lists(volumes, max_size=4))
def test_total_is_the_sum_of_all_others(agents: list[dict[MessageType, Volume]]) -> None:
    *others, total = metadata_of(agents) or [{"messageType": TOTAL, "count": 0, "dataSize": 0}]
    assert total == {
        "messageType": TOTAL,
        "count": sum(volume.count for agent in agents for volume in agent.values()),
        "dataSize": sum(volume.size for agent in agents for volume in agent.values()),
    }
    assert {entry["messageType"] for entry in others} == {kind for agent in agents for kind in agent}
