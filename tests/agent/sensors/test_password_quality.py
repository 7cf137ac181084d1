import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.password_quality import FOLDER, MAIN, SENSOR, parse
from openinspector.model.inventory import PasswordQuality
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost, Node

FILES: Files = {
    MAIN: "# minlen = 8\nminlen = 14\nenforce_for_root\n",
    f"{FOLDER}/50-local.conf": "minlen = 8\ndcredit=-1\nucredit -1 # upper\n",
    f"{FOLDER}/60-more.conf": "dcredit = -2\nbadwords = a = b\n",
    f"{FOLDER}/README": "minlen = 1\n",
}


class TestPasswordQuality(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return FILES


def test_the_folder_in_order_and_the_main_file_last() -> None:
    assert run(SENSOR, FakeHost(FILES))[0] == [
        PasswordQuality(
            present=True,
            values={"minlen": "14", "dcredit": "-2", "ucredit": "-1", "badwords": "a = b", "enforce_for_root": ""},
        )
    ]


def test_a_host_with_pam_and_without_pwquality() -> None:
    host = FakeHost({"/etc/security": Node(is_directory=True, mode=0o755)})
    assert run(SENSOR, host)[0] == [PasswordQuality(present=False)]


def test_comments_and_empty_lines_set_nothing() -> None:
    assert parse(["", "   ", "# minlen = 8", "#"]) == {}
