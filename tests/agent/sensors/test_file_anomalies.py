import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.file_anomalies import MAX_LISTED, SENSOR
from openinspector.model.hardening import AnomalyKind, FileAnomalies
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

ACCOUNTS: Files = {"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "/etc/group": "root:x:0:\n"}


class TestFileAnomalies(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return ACCOUNTS


def found(files: Files) -> dict[AnomalyKind, FileAnomalies]:
    records, _ = run(SENSOR, FakeHost({**ACCOUNTS, **files}))
    return {record.kind: record for record in records if isinstance(record, FileAnomalies)}


def test_each_anomaly_is_found() -> None:
    anomalies = found(
        {
            "/srv/open": Node(mode=0o666),
            "/srv/folder": Node(is_directory=True, mode=0o777),
            "/tmp": Node(is_directory=True, mode=0o1777),
            "/home/gone": Node(uid=1234, gid=4321),
            "/usr/bin/sudo": Node(mode=0o4755),
            "/usr/bin/text": Node(mode=0o4644),
        }
    )
    assert {kind: record.paths for kind, record in anomalies.items()} == {
        AnomalyKind.WORLD_WRITABLE_FILE: ("/srv/open",),
        AnomalyKind.WORLD_WRITABLE_DIRECTORY: ("/srv/folder",),
        AnomalyKind.UNOWNED: ("/home/gone",),
        AnomalyKind.UNGROUPED: ("/home/gone",),
        AnomalyKind.PRIVILEGED: ("/usr/bin/sudo",),
    }


def test_clean_host_reports_zero_for_each_kind() -> None:
    assert {kind: record.count for kind, record in found({}).items()} == dict.fromkeys(AnomalyKind, 0)


def test_counts_all_and_lists_the_first() -> None:
    anomalies = found({f"/srv/{n:04}": Node(mode=0o666) for n in range(MAX_LISTED + 5)})
    record = anomalies[AnomalyKind.WORLD_WRITABLE_FILE]
    assert (record.count, len(record.paths)) == (MAX_LISTED + 5, MAX_LISTED)


def test_timed_out_walk_is_incomplete() -> None:
    ticks = iter(range(0, 10_000, 200))
    host = FakeHost({**ACCOUNTS, "/srv/a/b": "x", "/var/a/b": "x"})
    from openinspector.agent.sensors.file_anomalies import collect  # noqa: PLC0415

    yielded = list(collect(host, clock=lambda: float(next(ticks))))
    assert any("stopped" in str(each) for each in yielded)
    assert SensorState.PARTIAL
