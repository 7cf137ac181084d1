import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.login_definitions import PATHS, SENSOR, parse
from openinspector.model.inventory import LoginDefinitions
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost

LOGIN_DEFS = """# comment
PASS_MAX_DAYS\t99999
PASS_MIN_DAYS   0   # trailing
  UMASK 022
ENV_PATH "PATH=/bin:/usr/bin # not a comment"
TTYPERM
PASS_MAX_DAYS 365
pass_max_days 1
"""


class TestLoginDefinitions(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return {PATHS[0]: LOGIN_DEFS}


def test_names_are_case_sensitive_and_the_last_wins() -> None:
    assert parse(LOGIN_DEFS.split("\n")) == {
        "PASS_MAX_DAYS": "365",
        "pass_max_days": "1",
        "PASS_MIN_DAYS": "0",
        "UMASK": "022",
        "ENV_PATH": "PATH=/bin:/usr/bin # not a comment",
        "TTYPERM": "",
    }


def test_local_file_overrides_the_vendor_file() -> None:
    both = {PATHS[0]: "PASS_MAX_DAYS 90", PATHS[1]: "PASS_MAX_DAYS 99999"}
    assert run(SENSOR, FakeHost(both))[0] == [LoginDefinitions(values={"PASS_MAX_DAYS": "90"})]
    assert run(SENSOR, FakeHost({PATHS[1]: "UMASK 077"}))[0] == [LoginDefinitions(values={"UMASK": "077"})]
