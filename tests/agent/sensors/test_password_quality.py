import ctypes
from ctypes.util import find_library

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def values(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    parse(text.encode(), found)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\n   \n# minlen = 8\n#", {}),
        ("MINLEN = 20", {"minlen": "20"}),
        ("Enforce_For_Root = 0", {"enforce_for_root": ""}),
        ("minlen=4", {"minlen": "6"}),
        ("minlen=-3", {"minlen": "6"}),
        ("minclass=9", {"minclass": "4"}),
        ("minlen=+020\r", {"minlen": "20"}),
        ("minlen\t20", {"minlen": "20"}),
    ],
)
def test_values_are_those_of_the_library(text: str, expected: dict[str, str]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("minlength=20", "minlength is not a setting"),
        ("=20", " is not a setting"),
        ("minlen", "minlen has an invalid value"),
        ("minlen==20", "minlen has an invalid value"),
        ("minlen=20 x", "minlen has an invalid value"),
        ("dcredit=2147483648", "dcredit has an invalid value"),
        ("#" * 1023, "the line is longer than 1022 bytes or binary"),
    ],
)
def test_library_stops_at_an_invalid_line(line: str, reason: str) -> None:
    files: Files = {f"{FOLDER}/1.conf": f"ucredit=-1\n{line}\ndcredit=-1\n", MAIN: "minlen=20\n"}
    assert run(SENSOR, FakeHost(files))[0] == [
        PasswordQuality(present=True, values={"ucredit": "-1"}, stopped_at=f"{FOLDER}/1.conf:2: {reason}")
    ]


NUMBERED = ("difok", "minlen", "dcredit", "ucredit", "lcredit", "ocredit", "minclass", "maxrepeat")
"""Settings by their number in pwquality.h: 1, 3 to 8 and 9."""
LIBRARY = find_library("pwquality")


@pytest.mark.skipif(not LIBRARY, reason="no libpwquality to compare with")
def test_agrees_with_the_library(tmp_path_factory: pytest.TempPathFactory) -> None:
    library = ctypes.CDLL(LIBRARY)
    library.pwquality_default_settings.restype = ctypes.c_void_p
    path = tmp_path_factory.mktemp("pwquality") / "pwquality.conf"

    def ask(text: str) -> dict[str, int]:
        path.write_text(text)
        settings = ctypes.c_void_p(library.pwquality_default_settings())
        library.pwquality_read_config(settings, str(path).encode(), ctypes.byref(ctypes.c_void_p()))
        found, number = {}, ctypes.c_int()
        for name, index in zip(NUMBERED, (1, *range(3, 10)), strict=True):
            library.pwquality_get_int_value(settings, index, ctypes.byref(number))
            found[name] = number.value
        library.pwquality_free_settings(settings)
        return found

    defaults = ask("")
    name = st.sampled_from([*NUMBERED, "MinLen", "DCREDIT", "retry", "badwords", "enforce_for_root", "frobnicate", ""])
    separator = st.sampled_from(["=", " = ", " ", "\t", "==", "= =", ""])
    value = st.one_of(
        st.integers(-40, 40).map(str), st.sampled_from(["", "x", "20 ", "20 # x", "+7", "- 7", "99999999999"])
    )
    line = st.tuples(name, separator, value).map("".join)

    @given(st.lists(line, max_size=5).map("\n".join))
    def check(text: str) -> None:
        numbers = {name: int(value) for name, value in values(text).items() if name in NUMBERED}
        assert {**defaults, **numbers} == ask(text)

    check()
