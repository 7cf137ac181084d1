import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.mandatory_access_control import APPARMOR, CONFIGURATION, ENFORCING, SENSOR
from openinspector.model.hardening import ConfinementSystem, MandatoryAccessControl
from openinspector.model.inventory import SensorState
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

PROFILES = "/usr/sbin/cupsd (enforce)\nlsb_release (complain)\n"


class TestMandatoryAccessControl(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {APPARMOR: PROFILES}


def test_apparmor_with_a_program_that_runs_without_its_profile() -> None:
    host = FakeHost(
        {
            APPARMOR: PROFILES,
            "/proc/7/attr/current": "unconfined\n",
            "/proc/7/exe": Node(link="/usr/sbin/cupsd"),
            "/proc/8/attr/current": "unconfined\n",
            "/proc/8/exe": Node(link="/usr/bin/other"),
        }
    )
    assert run(SENSOR, host)[0] == [
        MandatoryAccessControl(
            system=ConfinementSystem.APPARMOR,
            mode="enabled",
            profiles=(("/usr/sbin/cupsd", "enforce"), ("lsb_release", "complain")),
            unconfined_processes=("/usr/sbin/cupsd",),
        )
    ]


def test_selinux_with_its_policy() -> None:
    host = FakeHost(
        {
            ENFORCING: "1",
            CONFIGURATION: "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
            "/proc/9/attr/current": "system_u:system_r:unconfined_service_t:s0\0",
            "/proc/9/exe": Node(link="/opt/x"),
        }
    )
    assert run(SENSOR, host)[0] == [
        MandatoryAccessControl(
            system=ConfinementSystem.SELINUX, mode="enforcing", policy="targeted", unconfined_processes=("/opt/x",)
        )
    ]


def test_kernel_without_either_is_not_applicable() -> None:
    assert run(SENSOR, FakeHost({}))[1].state is SensorState.NOT_APPLICABLE
