import io
import sysconfig
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.pypi import SENSOR, parse
from openinspector.model.inventory import Package, SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

SYSTEM = "/usr/lib/python3/dist-packages"
VENV = "/opt/app/venv/lib/python3.12/site-packages"
METADATA = """Metadata-Version: 2.4
Name: requests
Version: 2.32.3
License-Expression: Apache-2.0
License-File: LICENSE

Version: 9 is not its version
"""


def archive(name: str, metadata: str) -> bytes:
    """Return a zipped package with one metadata file among others."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("module.py", "")
        made.writestr(name, metadata)
    return buffer.getvalue()


FILES: Files = {
    f"{SYSTEM}/PyYAML-6.0.egg-info": "Metadata-Version: 2.1\r\nName: PyYAML\r\nVersion: 6.0\r\n\r\nName: x\r\n",
    f"{SYSTEM}/six-1.16.0.egg-info/PKG-INFO": "Name: six\nVersion: 1.16.0\n",
    f"{VENV}/requests-2.32.3.dist-info/METADATA": METADATA,
    f"{VENV}/old-1-py3.12.egg/EGG-INFO/PKG-INFO": "Name: old\nVersion: 1\n",
    f"{VENV}/setuptools/_vendor/inner-1.dist-info/METADATA": "Name: inner\nVersion: 1\n",
    f"{VENV}/zipped-2-py3.12.egg": archive("EGG-INFO/PKG-INFO", "Name: zipped\nVersion: 2\n"),
    f"{VENV}/wheel-3-py3-none-any.whl": archive("wheel-3.dist-info/METADATA", "Name: wheel\nVersion: 3\n"),
    "/opt/app/eggs/built-4-py3.12.egg": archive("EGG-INFO/PKG-INFO", "Name: built\nVersion: 4\n"),
    "/opt/app/wheels/downloaded-5-py3-none-any.whl": archive("x-5.dist-info/METADATA", "Name: x\nVersion: 5\n"),
    "/opt/app/app.egg-info/PKG-INFO": "name: app\nVERSION:  0.1 \n",
    "/var/lib/dpkg/info/python3-six.list": f"/.\n{SYSTEM}/six-1.16.0.egg-info/PKG-INFO\n",
}


def found(files: Files) -> list[tuple[str, str, str, str]]:
    records, _ = run(SENSOR, FakeHost(files))
    return sorted((p.name, p.version, p.location, p.owner) for p in records if isinstance(p, Package))


class TestPypi(SensorConformance):
    decorations = ("/var/lib/dpkg/info", f"{VENV}/setuptools", f"{VENV}/requests", "/opt/app/wheels")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_every_environment_and_every_form_of_record() -> None:
    assert found(FILES) == [
        ("PyYAML", "6.0", SYSTEM, ""),
        ("app", "0.1", "/opt/app", ""),
        ("built", "4", "/opt/app/eggs/built-4-py3.12.egg", ""),
        ("old", "1", f"{VENV}/old-1-py3.12.egg", ""),
        ("requests", "2.32.3", VENV, ""),
        ("six", "1.16.0", SYSTEM, "python3-six"),
        ("wheel", "3", f"{VENV}/wheel-3-py3-none-any.whl", ""),
        ("zipped", "2", f"{VENV}/zipped-2-py3.12.egg", ""),
    ]


@pytest.mark.parametrize(
    ("record", "name", "version"),
    [
        ("typing_extensions-4.12.2.dist-info/METADATA", "typing_extensions", "4.12.2"),
        ("a-1.0-py3.11.egg-info/PKG-INFO", "a", "1.0"),
        ("a-1.0-py3.11-linux-x86_64.egg-info/PKG-INFO", "", ""),
        ("a.egg-info/PKG-INFO", "", ""),
    ],
)
def test_unreadable_record_is_identified_by_name_or_reported(record: str, name: str, version: str) -> None:
    records, status = run(SENSOR, FakeHost({f"{VENV}/{record}": Node(unreadable=True)}))
    names = [(package.name, package.version) for package in records if isinstance(package, Package)]
    assert names == ([(name, version)] if name else [])
    assert status.state is (SensorState.OK if name else SensorState.PARTIAL)


def test_metadata_without_a_version_is_reported() -> None:
    assert parse(b"Name: x\n\nVersion: 1\n") == ("x", "")
    _, status = run(SENSOR, FakeHost({f"{VENV}/x.dist-info/METADATA": "Name: x\n"}))
    assert status.state is SensorState.PARTIAL
    assert "has no package name or version" in status.details[0]


@pytest.mark.parametrize(
    "content", [b"", b"not a zip", archive("other", "")], ids=["empty", "text", "without metadata"]
)
def test_an_egg_that_cannot_be_read_is_reported(content: bytes) -> None:
    _, status = run(SENSOR, FakeHost({"/opt/x-1.egg": content}))
    assert status.state is SensorState.PARTIAL
    assert status.details[0].startswith("/opt/x-1.egg ")


def test_homes_caches_and_links_are_not_searched() -> None:
    files: Files = {
        "/root/venv/lib/python3.12/site-packages/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
        "/srv/link": Node(link="/root/venv"),
        "/opt/x/.git/a-1.dist-info/METADATA": "Name: a\nVersion: 1\n",
    }
    assert found(files) == []


def test_agrees_with_importlib_metadata(tmp_path: Path) -> None:
    """The oracle is importlib.metadata over the metadata of this environment."""
    site = tmp_path / "opt/site-packages"
    for record in Path(sysconfig.get_path("purelib")).glob("*.dist-info/METADATA"):
        (site / record.parent.name).mkdir(parents=True)
        (site / record.parent.name / "METADATA").write_bytes(record.read_bytes())
    records, _ = run(SENSOR, LocalHost(str(tmp_path)))
    found = {(package.name, package.version) for package in records if isinstance(package, Package)}
    assert len(found) > 20
    assert found == {(each.name, each.version) for each in distributions(path=[str(site)])}


@pytest.mark.parametrize("blank", [b" ", b"\t", b"\r", b" \t\r"])
def test_mebibyte_of_blanks_in_a_value_takes_one_pass(blank: bytes) -> None:
    blanks = blank * (2**20 // len(blank))
    name, version = parse(b"Name: x\r\nVersion: a" + blanks + b"b" + blanks + b"\n")
    assert name == "x"
    assert version == f"a{blanks.decode()}b"
