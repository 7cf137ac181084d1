import json

import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.npm import SENSOR, parse
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

MODULES = "/usr/lib/node_modules"


def package_file(name: str, version: str) -> str:
    return json.dumps({"name": name, "version": version, "scripts": {"postinstall": "exit 1"}})


FILES: Files = {
    f"{MODULES}/npm/package.json": package_file("npm", "10.9.0"),
    f"{MODULES}/npm/lib/package.json": package_file("not-installed", "0"),
    f"{MODULES}/npm/node_modules/semver/package.json": package_file("semver", "7.6.3"),
    f"{MODULES}/npm/node_modules/@npmcli/fs/package.json": package_file("@npmcli/fs", "4.0.0"),
    "/srv/shop/package.json": package_file("shop", "1.0.0"),
    "/srv/shop/node_modules/.bin/x/package.json": package_file("x", "1"),
    "/srv/shop/node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad/package.json": package_file("left-pad", "1.3.0"),
    "/srv/shop/node_modules/left-pad": Node(link=".pnpm/left-pad@1.3.0/node_modules/left-pad"),
    "/usr/share/nodejs/abbrev/package.json": package_file("abbrev", "1.1.1"),
    "/var/lib/dpkg/info/node-abbrev.list": "/.\n/usr/share/nodejs/abbrev/package.json\n",
}


class TestNpm(SensorConformance):
    decorations = ("/var/lib/dpkg/info",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_packages_at_every_depth_once_each() -> None:
    records, status = run(SENSOR, FakeHost(FILES))
    assert [(p.name, p.version, p.location, p.owner) for p in records if isinstance(p, Package)] == [
        ("npm", "10.9.0", f"{MODULES}/npm", ""),
        ("@npmcli/fs", "4.0.0", f"{MODULES}/npm/node_modules/@npmcli/fs", ""),
        ("semver", "7.6.3", f"{MODULES}/npm/node_modules/semver", ""),
        ("left-pad", "1.3.0", "/srv/shop/node_modules/.pnpm/left-pad@1.3.0/node_modules/left-pad", ""),
        ("abbrev", "1.1.1", "/usr/share/nodejs/abbrev", "node-abbrev"),
    ]
    assert status.state is SensorState.OK


@pytest.mark.parametrize(
    ("data", "reported"),
    [
        (b'\xef\xbb\xbf{"name": "a", "version": "1"}', ("a", "1")),
        (b'{"name": "a"}', None),
        (b'{"name": "", "version": "1"}', None),
        (b'{"name": ["a"], "version": 1}', None),
        (b"[]", None),
        (b"", None),
        (b'{"name": "a\xff", "version": "1"}', None),
        (b'{"x": ' + b"[" * 100_000, None),
    ],
)
def test_package_files(data: bytes, reported: tuple[str, str] | None) -> None:
    assert parse(data) == reported


def test_empty_package_file_is_reported() -> None:
    records, status = run(SENSOR, FakeHost({**FILES, "/opt/a/node_modules/b/package.json": "{}"}))
    assert len(records) == 5
    assert status.state is SensorState.PARTIAL
    assert status.details == ("/opt/a/node_modules/b/package.json has no package name or version.",)
