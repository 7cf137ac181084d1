import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.kernel import SENSOR
from openinspector.model.inventory import Kernel
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem, Node

RUNNING = "6.1.0-1-amd64"
NEWER = "6.1.0-18-amd64"
FILES: Files = {
    f"/boot/vmlinuz-{RUNNING}": b"MZ",
    f"/boot/vmlinuz-{NEWER}": b"MZ",
    f"/boot/config-{NEWER}": b"",
    "/boot/vmlinuz.old": b"",
    f"/lib/modules/{NEWER}/kernel/fs/ext4.ko": b"",
    "/var/lib/dpkg/info/linux-image-new.list": f"/.\n/boot\n/boot/vmlinuz-{NEWER}\n",
    f"/var/lib/dpkg/info/linux-image-{RUNNING}.list": f"/.\n/boot\n/boot/vmlinuz-{RUNNING}\n",
}


class TestKernel(SensorConformance):
    decorations = ("/var/lib/dpkg/info",)

    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_running_kernel_and_newer_pending_kernel() -> None:
    assert run(SENSOR, FakeHost(FILES))[0] == [
        Kernel(release=RUNNING, running=True, package=f"linux-image-{RUNNING}"),
        Kernel(release=NEWER, running=False, package="linux-image-new"),
    ]


def test_container_has_only_the_running_kernel() -> None:
    assert run(SENSOR, FakeHost({}))[0] == [Kernel(release=RUNNING, running=True)]


@pytest.mark.parametrize(
    "name",
    ["vmlinuz-lts", "vmlinuz-0-rescue-3f2b", "vmlinux-5.14.21-default.gz", "vmlinuz-6.1.0.old", "initrd.img-6.1.0"],
)
def test_other_files_are_not_kernels(name: str) -> None:
    assert run(SENSOR, FakeHost({f"/boot/{name}": b""}))[0] == [Kernel(release=RUNNING, running=True)]


def test_alpine_names_its_release_only_in_the_modules_folder() -> None:
    files: Files = {
        "/boot/vmlinuz-lts": b"",
        "/lib/modules/6.6.7-0-lts/kernel/fs/ext4.ko": b"",
        "/lib/apk/db/installed": "P:linux-lts\nV:6.6.7-r0\nF:lib/modules/6.6.7-0-lts/kernel\nR:x\n",
    }
    host = FakeHost(files, FakeSystem(uname=("alpine", "6.6.7-0-lts", "#1-Alpine", "x86_64")))
    assert run(SENSOR, host)[0] == [Kernel(release="6.6.7-0-lts", running=True, package="linux-lts")]


def test_leftovers_of_a_removed_kernel_are_ignored() -> None:
    files = {"/lib/modules/5.10.0-1/modules.dep.bin": Node()}
    assert run(SENSOR, FakeHost(files))[0] == [Kernel(release=RUNNING, running=True)]
