import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.processor_features import SENSOR
from openinspector.model.inventory import ProcessorFeatures
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, FakeSystem

X86 = (
    "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu vme syscall nx pdpe1gb rdtscp lm\nbugs\t\t: spectre_v1\n"
)


class TestProcessorFeatures(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {"/proc/cpuinfo": X86, "/proc/cmdline": "BOOT_IMAGE=/vmlinuz quiet\n"}


@pytest.mark.parametrize(
    ("command_line", "disabled_by"),
    [
        ("quiet", ""),
        ("quiet noexec=off ro", "noexec=off"),
        ("noexec32=off", "noexec32=off"),
        ("noexec=off noexec=on", ""),
        ("quiet -- noexec=off", ""),
        ("xnoexec=off", ""),
    ],
)
def test_features_disabled_on_the_kernel_command_line(command_line: str, disabled_by: str) -> None:
    host = FakeHost({"/proc/cpuinfo": X86, "/proc/cmdline": command_line})
    assert run(SENSOR, host)[0] == [ProcessorFeatures(architecture="x86_64", nx_flag=True, nx_disabled_by=disabled_by)]


def test_a_flag_that_only_looks_like_it() -> None:
    host = FakeHost({"/proc/cpuinfo": X86.replace(" nx ", " nxx "), "/proc/cmdline": ""})
    assert run(SENSOR, host)[0] == [ProcessorFeatures(architecture="x86_64", nx_flag=False)]


def test_arm_has_no_such_flag() -> None:
    system = FakeSystem(uname=("arm", "6.1.0", "#1", "aarch64"))
    host = FakeHost({"/proc/cpuinfo": "Features\t: fp asimd\n", "/proc/cmdline": ""}, system)
    assert run(SENSOR, host)[0] == [ProcessorFeatures(architecture="aarch64", nx_flag=False)]
