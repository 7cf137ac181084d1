import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.name_resolution import SENSOR
from openinspector.model.activity import DnsEntry, DnsEntryKind
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

FILES: Files = {
    "/etc/resolv.conf": "; by hand\nsearch example.org corp.example\nnameserver 127.0.0.53  # stub\noptions edns0\n",
    "/run/systemd/resolve/resolv.conf": "nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver not-an-address\n",
    "/etc/hosts": "127.0.0.1 localhost\n# 192.0.2.9 commented\n192.0.2.7 mirror mirror.example\nbroken line\n",
    "/etc/nsswitch.conf": "passwd: files\nhosts:  files dns [NOTFOUND=return]\n",
}


class TestNameResolution(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_entries_in_the_order_of_their_files() -> None:
    records, _ = run(SENSOR, FakeHost(FILES))
    real = "/run/systemd/resolve/resolv.conf"
    assert records == [
        DnsEntry(kind=DnsEntryKind.SEARCH, names=("example.org", "corp.example"), source="/etc/resolv.conf:2"),
        DnsEntry(kind=DnsEntryKind.NAMESERVER, addresses=("127.0.0.53",), source="/etc/resolv.conf:3"),
        DnsEntry(kind=DnsEntryKind.NAMESERVER, addresses=("192.0.2.1",), source=f"{real}:1"),
        DnsEntry(kind=DnsEntryKind.NAMESERVER, addresses=("2001:db8::1",), source=f"{real}:2"),
        DnsEntry(kind=DnsEntryKind.HOST, names=("localhost",), addresses=("127.0.0.1",), source="/etc/hosts:1"),
        DnsEntry(
            kind=DnsEntryKind.HOST,
            names=("mirror", "mirror.example"),
            addresses=("192.0.2.7",),
            source="/etc/hosts:3",
        ),
        DnsEntry(kind=DnsEntryKind.LOOKUP, names=("files", "dns", "[NOTFOUND=return]"), source="/etc/nsswitch.conf:2"),
    ]


def test_empty_file_is_accepted() -> None:
    records, status = run(SENSOR, FakeHost({"/etc/resolv.conf": "# nothing\n"}))
    assert (records, status.state) == ([], SensorState.OK)
