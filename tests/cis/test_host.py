from tests.cis.judging import facts, file

from openinspector.cis.configuration import Line
from openinspector.cis.host import JudgedHost
from openinspector.cis.verdict import Unknown


def test_files_are_unique_and_ordered_by_pattern() -> None:
    host = JudgedHost(facts(file("/etc/b/2.conf"), file("/etc/b/1.conf"), file("/etc/a.conf")))
    paths = [each.path for each in host.files("/etc/b/*.conf", "/etc/a.conf", "/etc/b/1.conf")]
    assert paths == ["/etc/b/1.conf", "/etc/b/2.conf", "/etc/a.conf"]


def test_lines_have_locations() -> None:
    host = JudgedHost(facts(file("/etc/a.conf", "x = 1", "y = 2")))
    assert host.lines("/etc/a.conf") == (
        Line(text="x = 1", source="/etc/a.conf:1"),
        Line(text="y = 2", source="/etc/a.conf:2"),
    )


def test_shared_files_are_read_once() -> None:
    calls = []

    def read(host: JudgedHost) -> int:
        calls.append(host)
        return len(calls)

    host = JudgedHost(facts())
    assert (host.once(read), host.once(read), len(calls)) == (1, 1, 1)


def test_a_sensor_that_did_not_see_everything_is_missing() -> None:
    host = JudgedHost(facts(incomplete=("mounts",)))
    assert host.missing("accounts") is None
    assert host.missing("accounts", "mounts") == Unknown(
        reason="The sensor mounts did not see everything. mounts was cut off."
    )
