import pytest

from openinspector.agent.sensor import Sensor
from openinspector.agent.sensors.windows_hotfixes import PACKAGES, SENSOR
from openinspector.agent.windows.bounds import MAX_PACKAGES
from openinspector.model.inventory import SensorState
from openinspector.model.windows import WindowsHotfix
from openinspector.testing.conformance.sensor import Files, SensorConformance, run
from openinspector.testing.fake_host import FakeHost
from openinspector.testing.windows_documents import Data, recorded_windows

ROLLUP = "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2031.1.6"
UPDATE = "Package_for_KB5029928~31bf3856ad364e35~amd64~~20348.1960.1.0"
INSTALLED: dict[str, Data] = {"CurrentState": 112, "InstallTimeHigh": 0x01DA0B8E, "InstallTimeLow": 0x80000000}
LIST = "Node,HotFixID,InstalledOn\nWIN,KB5029928,9/20/2023\nWIN,KB4486129,\n"


class TestWindowsHotfixes(SensorConformance):
    @pytest.fixture
    def sensor(self) -> Sensor:
        return SENSOR

    @pytest.fixture
    def files(self) -> Files:
        return recorded_windows({rf"{PACKAGES}\{UPDATE}": INSTALLED}, {"hotfixes.csv": LIST.encode()})


def found(keys: dict[str, dict[str, Data]], lists: dict[str, bytes] | None = None) -> tuple[object, SensorState]:
    whole = {rf"{PACKAGES}\{name}": values for name, values in keys.items()}
    records, status = run(SENSOR, FakeHost(recorded_windows({PACKAGES: {}, **whole}, lists or {})))
    return records, status.state


def test_hotfixes_from_component_servicing() -> None:
    records, state = found(
        {
            UPDATE: INSTALLED,
            "Package_for_KB5000001~31bf3856ad364e35~amd64~~10.0.1.0": {"CurrentState": 0},
            "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~10.0.20348.1": INSTALLED,
        }
    )
    assert state is SensorState.OK
    assert records == [
        WindowsHotfix(
            kb="KB5029928",
            package=UPDATE,
            version="20348.1960.1.0",
            installed_on="2023-10-31",
            source="registry",
        )
    ]


def test_a_staged_update_is_sent_with_its_state() -> None:
    records, state = found({ROLLUP: {"CurrentState": 64}, UPDATE: INSTALLED}, {"hotfixes.csv": LIST.encode()})
    assert state is SensorState.OK
    assert isinstance(records, list)
    assert [(record.version, record.is_installed, record.is_waiting) for record in records[:2]] == [
        ("20348.1960.1.0", True, False),
        ("20348.2031.1.6", False, True),
    ]


def test_a_state_that_is_not_a_number_is_reported() -> None:
    assert found({ROLLUP: {"CurrentState": "112"}}) == ([], SensorState.PARTIAL)


def test_more_updates_than_any_host_has_are_cut_and_reported() -> None:
    keys: dict[str, dict[str, Data]] = {
        f"Package_for_KB{number:07}~x~amd64~~1.0.0.0": {"CurrentState": 112} for number in range(MAX_PACKAGES + 1)
    }
    records, state = found(keys)
    assert isinstance(records, list)
    assert (len(records), state) == (MAX_PACKAGES, SensorState.PARTIAL)


def test_rollup_is_identified_by_location_or_build() -> None:
    location = r"\\?\C:\Windows\SoftwareDistribution\Download\x\Windows10.0-KB5031364-x64.cab"
    assert found({ROLLUP: {"CurrentState": 112, "InstallLocation": location}})[0] == [
        WindowsHotfix(kb="KB5031364", package=ROLLUP, version="20348.2031.1.6", source="registry")
    ]
    assert found({ROLLUP: {"CurrentState": 112}})[0] == [
        WindowsHotfix(kb="", package=ROLLUP, version="20348.2031.1.6", source="registry")
    ]


def test_hotfix_list_complements_servicing() -> None:
    records, state = found({UPDATE: INSTALLED}, {"HotFixes.txt": LIST.encode("utf-16")})
    assert state is SensorState.OK
    assert isinstance(records, list)
    assert [(record.kb, record.source.rpartition("/")[2]) for record in records] == [
        ("KB5029928", "registry"),
        ("KB4486129", "HotFixes.txt"),
    ]


def test_entries_without_an_article_are_reported() -> None:
    assert found({}, {"hotfixes.csv": b"Node,HotFixID\nWIN,File 1\n"}) == ([], SensorState.PARTIAL)


def test_out_of_range_time_is_empty() -> None:
    records, _ = found({UPDATE: {**INSTALLED, "InstallTimeHigh": 0xFFFFFFFF}})
    assert isinstance(records, list)
    assert records[0].installed_on == ""
