import pytest
from tests.howto.useradd_defaults import PATH, SENSOR

from openinspector.agent.sensor import Sensor
from openinspector.model.inventory import LoginDefinitions
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost


class TestUseraddDefaults(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {PATH: "# defaults\nSHELL=/bin/sh\nINACTIVE=-1\n"}


def test_settings_are_read() -> None:
    records, _ = run(SENSOR, FakeHost({PATH: "# SKEL=/x\nSHELL = /bin/sh\nnonsense\n"}))
    assert records == [LoginDefinitions(values={"SHELL": "/bin/sh"})]
