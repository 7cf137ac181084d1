import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.gem import SENSOR, parse
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

FILES: Files = {
    "/var/lib/gems/3.1.0/specifications/rack-2.2.8.gemspec": "system('exit 1')",
    "/var/lib/gems/3.1.0/gems/rack-2.2.8/rack.gemspec": "",
    "/usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec": "",
    "/usr/local/bundle/specifications/nokogiri-1.16.0-x86_64-linux.gemspec": "",
    "/usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec": "",
    "/var/lib/dpkg/info/rake.list": "/.\n/usr/share/rubygems-integration/all/specifications/rake-13.0.6.gemspec\n",
}


class TestGem(SensorConformance):
    decorations = ("/var/lib/dpkg/info",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_gems_are_found_by_file_name_alone() -> None:
    host = FakeHost(FILES)
    records, status = run(SENSOR, host)
    assert sorted((p.name, p.version, p.location, p.owner) for p in records if isinstance(p, Package)) == [
        ("json", "2.6.1", "/usr/lib/ruby/gems/3.1.0", ""),
        ("nokogiri", "1.16.0", "/usr/local/bundle", ""),
        ("rack", "2.2.8", "/var/lib/gems/3.1.0", ""),
        ("rake", "13.0.6", "/usr/share/rubygems-integration/all", "rake"),
    ]
    assert status.state is SensorState.OK
    assert not [path for path in host.reads if path.endswith(".gemspec")]


@pytest.mark.parametrize(
    ("file_name", "reported"),
    [
        ("rack-2.2.8.gemspec", ("rack", "2.2.8")),
        ("net-http-persistent-4.0.2.gemspec", ("net-http-persistent", "4.0.2")),
        ("google-protobuf-3.25.1-java.gemspec", ("google-protobuf", "3.25.1")),
        ("rails-7.1.0.rc1.gemspec", ("rails", "7.1.0.rc1")),
        ("base-2-1.0.gemspec", ("base-2", "1.0")),
        ("a-2b-1.0-x86-mingw32.gemspec", ("a-2b", "1.0")),
        ("rack.gemspec", None),
        (".gemspec", None),
    ],
)
def test_names_of_gemspecs(file_name: str, reported: tuple[str, str] | None) -> None:
    assert parse(file_name) == reported


def test_a_gemspec_by_another_name_is_reported() -> None:
    _, status = run(SENSOR, FakeHost({"/opt/x/specifications/odd.gemspec": ""}))
    assert status.state is SensorState.PARTIAL
    assert status.details == ("/opt/x/specifications/odd.gemspec is not named after a gem and its version.",)
