import shutil
import subprocess
from pathlib import Path

import pytest

from openinspector.agent.hosts.local_host import LocalHost
from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.systemd_units import SENSOR
from openinspector.model.configuration import SystemdUnit, UnitState
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

ETC, LIB = "/etc/systemd/system", "/usr/lib/systemd/system"
WANTED = "[Service]\nEnvironment=TOKEN=hunter2\n[Install]\nWantedBy=multi-user.target\n"
FILES: Files = {
    f"{LIB}/cron.service": WANTED,
    f"{ETC}/multi-user.target.wants/cron.service": Node(link=f"{LIB}/cron.service"),
    f"{LIB}/idle.service": WANTED,
    f"{LIB}/plain.service": "[Service]\nExecStart=/bin/true\n",
    f"{LIB}/getty@.service": "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n",
    f"{ETC}/getty.target.wants/getty@tty1.service": Node(link=f"{LIB}/getty@.service"),
    f"{LIB}/other@.service": "[Install]\nWantedBy=x.target\nDefaultInstance=tty1\n",
    f"{ETC}/x.target.wants/other@tty9.service": Node(link=f"{LIB}/other@.service"),
    f"{LIB}/sync.service": "[Install]\nAlias=dbus-org.sync.service\n",
    f"{ETC}/dbus-org.sync.service": Node(link=f"{LIB}/sync.service"),
    f"{LIB}/telnet.socket": WANTED,
    f"{ETC}/telnet.socket": Node(link="/dev/null"),
    f"{LIB}/also.service": "[Install]\nAlso=cron.service\n",
    f"{LIB}/empty.service": "",
    "/run/systemd/generator/home.mount": "[Mount]\nWhat=/dev/x\n",
    f"{ETC}/app.service": Node(link="/opt/app/app.service"),
    "/opt/app/app.service": WANTED,
    f"{LIB}/README": "no unit",
    f"{LIB}/added.service": "[Service]\nExecStart=/bin/true\n",
    f"{ETC}/added.service.d/a.conf": "[Install]\nWantedBy=multi-user.target\n",
    f"{LIB}/reset.service": "[Install]\nWantedBy=multi-user.target\nWantedBy=\n",
    f"{LIB}/taken.service": WANTED,
    f"{ETC}/taken.service.d/a.conf": "[Install]\nWantedBy=\n",
    f"{LIB}/back.service": WANTED,
    f"{LIB}/back.service.d/a.conf": "[Install]\nWantedBy=\n",
    f"{ETC}/back.service.d/a.conf": "[Unit]\nDescription=hides the one below /usr/lib\n",
    f"{LIB}/no-drop-in.service": "[Service]\nExecStart=/bin/true\n",
    f"{LIB}/no-drop-in.service.d/a.txt": "[Install]\nWantedBy=multi-user.target\n",
    f"{LIB}/template@.service": "[Service]\nExecStart=/bin/true\n",
    f"{LIB}/template@one.service": "[Service]\nExecStart=/bin/true\n",
    f"{LIB}/template@.service.d/a.conf": "[Install]\nWantedBy=multi-user.target\n",
    f"{LIB}/not-also.service": "[Install]\nAlso=cron.service\nAlso=\n",
    f"{LIB}/not-alias.service": "[Install]\nAlias=x.service\nAlias=\n",
}


class TestSystemdUnits(SensorConformance):
    decorations = ("/opt/", f"{ETC}/multi", f"{LIB}/README")

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {path: node for path, node in FILES.items() if not isinstance(node, Node)}


def states(files: Files) -> dict[str, UnitState]:
    return {r.name: r.state for r in run(SENSOR, FakeHost(files))[0] if isinstance(r, SystemdUnit)}


def test_unit_states() -> None:
    assert states(FILES) == {
        "added.service": UnitState.DISABLED,
        "also.service": UnitState.INDIRECT,
        "app.service": UnitState.LINKED,
        "back.service": UnitState.DISABLED,
        "cron.service": UnitState.ENABLED,
        "dbus-org.sync.service": UnitState.ALIAS,
        "empty.service": UnitState.MASKED,
        "getty@.service": UnitState.ENABLED,
        "home.mount": UnitState.GENERATED,
        "idle.service": UnitState.DISABLED,
        "no-drop-in.service": UnitState.STATIC,
        "not-alias.service": UnitState.STATIC,
        "not-also.service": UnitState.INDIRECT,
        "other@.service": UnitState.INDIRECT,
        "plain.service": UnitState.STATIC,
        "reset.service": UnitState.STATIC,
        "sync.service": UnitState.ENABLED,
        "taken.service": UnitState.STATIC,
        "telnet.socket": UnitState.MASKED,
        "template@.service": UnitState.DISABLED,
        "template@one.service": UnitState.DISABLED,
    }


def test_unit_contents_are_not_sent() -> None:
    assert "hunter2" not in str(run(SENSOR, FakeHost(FILES))[0])


def test_a_unit_that_cannot_be_read_is_unknown_and_reported() -> None:
    records, status = run(SENSOR, FakeHost({f"{LIB}/x.service": Node(unreadable=True)}))
    assert records == [SystemdUnit(name="x.service", state=UnitState.UNKNOWN, folder=LIB)]
    assert status.state is SensorState.PARTIAL


@pytest.mark.parametrize("root", ["/", "made"])
def test_agrees_with_systemctl(root: str, tmp_path: Path) -> None:
    systemctl = shutil.which("systemctl")
    if systemctl is None:
        pytest.skip("systemctl is absent: no oracle")
    if root == "made":
        root = str(_write(tmp_path))
    command = [systemctl, f"--root={root}", "list-unit-files", "--no-legend", "--no-pager"]
    reported = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")
    theirs = {fields[0]: fields[1] for fields in (line.split() for line in reported) if fields}
    records, _ = run(SENSOR, LocalHost(root))
    assert {r.name: r.state.value for r in records if isinstance(r, SystemdUnit)} == theirs


def _write(folder: Path) -> Path:
    for path, node in FILES.items():
        place = folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(node, Node) and node.link:
            place.symlink_to(node.link)
        else:
            place.write_text(str(node))
    return folder


def test_masked_drop_in_is_ignored() -> None:
    files: Files = {
        f"{LIB}/a.service": WANTED,
        f"{LIB}/a.service.d/a.conf": "[Install]\nWantedBy=\n",
        f"{ETC}/a.service.d/a.conf": Node(link="/dev/null"),
    }
    assert states(files) == {"a.service": UnitState.DISABLED}
