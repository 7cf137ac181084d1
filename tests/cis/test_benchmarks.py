import pytest
from tests.cis.judging import facts

from openinspector.cis.benchmark import Benchmark, Profile, Role
from openinspector.cis.benchmarks import BENCHMARKS, READS, SENSORS, BuiltIn, benchmark_for
from openinspector.cis.check import Manual
from openinspector.cis.table import controls
from openinspector.cis.verdict import Satisfied
from openinspector.model.facts import HostFacts
from openinspector.model.tailoring import AS_PUBLISHED
from openinspector.testing.fact_builders import operating_system

MAX_TITLE = 180

CLASSIC = {
    "amazon_linux_2014": 1,
    "amazon_linux": 2,
    "amazon_linux_2": 2,
    "centos_6": 4,
    "centos_7": 4,
    "rhel_6": 4,
    "rhel_7": 4,
    "ubuntu_14_04": 4,
    "ubuntu_16_04": 4,
    "ubuntu_18_04": 4,
}
"""Number of profiles of Inspector Classic's benchmarks for Linux (F5.25 to F5.31)."""


CLASSIC_WINDOWS = {"windows_2016": 5, "windows_2012_r2": 2, "windows_2012": 2, "windows_2008_r2": 2}
"""Those for Windows (F5.32 to F5.35)."""


@pytest.fixture(params=BENCHMARKS, ids=lambda built_in: built_in.id)
def benchmark(request: pytest.FixtureRequest) -> Benchmark:
    built_in: BuiltIn = request.param
    return built_in.load()


def test_all_33_classic_profiles_exist() -> None:
    profiles = {built_in.id: len(built_in.profiles) for built_in in BENCHMARKS}
    assert {name: profiles[name] for name in CLASSIC} == CLASSIC
    assert sum(CLASSIC.values()) == 33


def test_all_11_classic_profiles_of_windows_exist() -> None:
    profiles = {built_in.id: len(built_in.profiles) for built_in in BENCHMARKS}
    assert {name: profiles[name] for name in CLASSIC_WINDOWS} == CLASSIC_WINDOWS
    titles = {built_in.id: [*map(built_in.load().title, built_in.profiles)] for built_in in BENCHMARKS}
    assert titles["windows_2016"][0] == (
        "Windows Server 2016 (CIS Benchmark for Microsoft Windows 2016, v1.1.0, Level 1 Member Server Profile)"
    )
    assert titles["windows_2016"][-1].endswith(", v1.1.0, Next Generation Windows Security Profile)")


def test_titles_are_those_of_the_vendor() -> None:
    """F5.36."""
    centos = next(built_in for built_in in BENCHMARKS if built_in.id == "centos_7").load()
    titles = [centos.title(profile) for profile in centos.profiles]
    assert "CIS Benchmark for CentOS Linux 7 Benchmark v2.2.0 Level 1 Server" in titles
    amazon = next(built_in for built_in in BENCHMARKS if built_in.id == "amazon_linux_2").load()
    assert amazon.title(amazon.profiles[0]) == "CIS Benchmark for Amazon Linux 2 Benchmark v1.0.0 Level 1"


def test_numbers_rise(benchmark: Benchmark) -> None:
    numbers = [[int(part) for part in control.number.split(".")] for control in benchmark.controls]
    assert numbers == sorted(numbers)
    assert len(numbers) > 190


def test_every_control_belongs_to_a_profile_and_has_a_title(benchmark: Benchmark) -> None:
    levels = {profile.level for profile in benchmark.profiles}
    for control in benchmark.controls:
        assert benchmark.profiles_of(control) or levels == {1}, control.number
        assert control.title, control.number
        assert not control.title.endswith("."), control.number
        assert len(control.title) <= MAX_TITLE, control.title


def test_level_2_includes_level_1(benchmark: Benchmark) -> None:
    for profile in benchmark.profiles:
        if profile.level == 2:
            lower = set(benchmark.controls_of(Profile(1, profile.role)))
            assert lower < set(benchmark.controls_of(profile))


def test_nine_of_ten_controls_of_todays_systems_are_judged(benchmark: Benchmark) -> None:
    manual = sum(all(isinstance(check, Manual) for check in control.checks) for control in benchmark.controls)
    share = 1 - manual / len(benchmark.controls)
    assert share >= (0.85 if benchmark.id in CLASSIC or benchmark.id.startswith("sles") else 0.95), share


def test_records_read_by_checks_are_declared(benchmark: Benchmark) -> None:
    assert set(benchmark.reads) <= set(READS)
    assert set(benchmark.sensors) <= set(SENSORS)


def test_no_unused_record_is_declared() -> None:
    loaded = [built_in.load() for built_in in BENCHMARKS]
    assert {kind for benchmark in loaded for kind in benchmark.reads} | {type(operating_system())} == set(READS)
    assert {name for benchmark in loaded for name in benchmark.sensors} | {"os_release", "windows_os"} == set(SENSORS)


def test_a_host_without_facts_meets_no_control(benchmark: Benchmark) -> None:
    empty = HostFacts(agent_id="i-1")
    passed = [r.control.number for r in benchmark.judge(empty, AS_PUBLISHED) if isinstance(r.verdict, Satisfied)]
    assert passed == []


def test_an_unrelated_order_of_records_changes_nothing(benchmark: Benchmark) -> None:
    system = operating_system()
    host = facts(system)
    assert benchmark.judge(host, AS_PUBLISHED) == benchmark.judge(facts(system), AS_PUBLISHED)


@pytest.mark.parametrize(
    ("identity", "version", "expected"),
    [
        ("debian", "12", "debian_12"),
        ("rhel", "9.4", "rhel_9"),
        ("rocky", "9.3", "rhel_9"),
        ("almalinux", "9.4", "almalinux_9"),
        ("almalinux", "8.9", "rhel_8"),
        ("amzn", "2", "amazon_linux_2"),
        ("amzn", "2018.03", "amazon_linux"),
        ("amzn", "2023", "amazon_linux_2023"),
        ("ubuntu", "16.04", "ubuntu_16_04"),
        ("sles", "15.5", "sles_15"),
    ],
)
def test_the_benchmark_of_a_host(identity: str, version: str, expected: str) -> None:
    found = benchmark_for(operating_system(identity, version))
    assert found is not None
    assert found.id == expected


@pytest.mark.parametrize(("identity", "version"), [("debian", "11"), ("alpine", "3.20"), ("ubuntu", "20.04"), ("", "")])
def test_hosts_without_a_benchmark(identity: str, version: str) -> None:
    """F5.37, and what no table covers."""
    assert benchmark_for(operating_system(identity, version)) is None


def test_roles_limit_a_control_to_their_profiles() -> None:
    (control,) = controls([("1.1", "1S2W", "absent:telnet")])
    assert control.profiles == (Profile(1, Role.SERVER), Profile(2, Role.WORKSTATION))
