"""Plans of a stored run and of a file, in every form; hostile names stay words."""

import json
import shlex
from pathlib import Path

import msgspec
import pytest
from tests.cli.conftest import Command
from tests.cli.stored_run import ADVISORIES, HOSTS, make_stored_run, records

from openinspector.cli.plan_output import playbook, shell_lines, upgrade_command
from openinspector.model.advisory import Advisory, Fix, PackageKind, Restart, Target, VendorUpdate
from openinspector.model.exposure import Exposure
from openinspector.model.inventory import MonitoringStart, PackageManager
from openinspector.model.plan import Goal, Plan, Reboot, Step, Urgency
from openinspector.model.record import Record
from openinspector.testing.windows_hosts import windows_server
from openinspector.wire.codec import encode_record

yaml = pytest.importorskip("yaml")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_plan_of_a_run_has_every_host(command: Command, data: Path) -> None:
    run = make_stored_run(data)
    outcome = command("plan", "--run", run, "--data-dir", str(data), "--json")
    assert outcome.status == 0, outcome.err
    plans = json.loads(outcome.out)
    assert [one["agentId"] for one in plans] == list(HOSTS)
    first = plans[0]
    assert (first["closes"], first["restarts"], first["reboot"], first["remains"]) == (2, ["mirror.service"], None, [])
    assert [(step["source"], step["closes"]) for step in first["steps"]] == [
        ("openssl", ["CVE-2026-0001"]),
        ("curl", ["CVE-2026-0002"]),
    ]
    assert first["steps"][0]["command"][:3] == ["apt-get", "install", "--only-upgrade"]


def test_the_newest_run_is_the_default_and_hosts_fold(command: Command, data: Path) -> None:
    make_stored_run(data)
    outcome = command("plan", "--data-dir", str(data))
    assert outcome.status == 0, outcome.err
    assert outcome.words.count("openssl") == 1
    assert "HOSTS" in outcome.words
    assert f"{HOSTS[0]} name-of-{HOSTS[0]}: 2 upgrades close 2 findings; 0 remain." in outcome.words
    one = command("plan", "--data-dir", str(data), "--host", HOSTS[1])
    assert HOSTS[0] not in one.words


def test_a_host_that_is_not_of_the_run_is_refused(command: Command, data: Path) -> None:
    run = make_stored_run(data)
    for arguments in (("--run", run, "--host", "i-none"), ("--host", "i-none"), ("--run", f"{run}x")):
        outcome = command("plan", "--data-dir", str(data), *arguments)
        assert (outcome.status, outcome.out) == (1, "")


def test_a_plan_of_a_file_needs_no_service(command: Command, tmp_path: Path) -> None:
    facts, advisories = tmp_path / "facts.jsonl", tmp_path / "advisories.json"
    facts.write_bytes(b"\n".join(msgspec.json.encode(encode_record(*one)) for one in records("x")))
    advisories.write_bytes(msgspec.json.encode(ADVISORIES))
    outcome = command("plan", "--facts", str(facts), "--advisories", str(advisories), "--shell")
    lines = outcome.out.splitlines()
    assert lines[1] == "apt-get update"
    assert set(lines[2:4]) == {"apt-get install --only-upgrade -- curl", "apt-get install --only-upgrade -- openssl"}
    assert lines[4:] == ["systemctl try-restart -- mirror.service"]
    limited = command("plan", "--facts", str(facts), "--advisories", str(advisories), "--allow", "no-restart")
    assert "Remain: 1 needs restart." in limited.words
    assert command("plan", "--facts", str(facts)).status == 2


def step(manager: PackageManager = PackageManager.DPKG, name: str = "curl") -> Step:
    return Step(
        manager=manager,
        source=name,
        goals=(Goal(name=name, installed="1", required="2", of_source=False),),
        install=(name,),
        closes=("CVE-2026-0001",),
        helps=0,
        urgency=Urgency(exploited=0, epss=0, score=0, exposure=Exposure.INSTALLED),
        restarts=("a.service",),
        reboot=False,
    )


def plan(distribution: str = "debian:12", hostname: str = "web-1.example") -> Plan:
    manager = {"debian": PackageManager.DPKG, "alpine": PackageManager.APK, "arch": PackageManager.PACMAN}.get(
        distribution.partition(":")[0], PackageManager.RPM
    )
    return Plan(
        agent_id="i-1",
        hostname=hostname,
        distribution=distribution,
        steps=(step(manager),),
        reboot=Reboot(reasons=("The running kernel is upgraded.",)),
        remains=(),
    )


@pytest.mark.parametrize(
    ("distribution", "command_line"),
    [
        ("debian:12", "apt-get install --only-upgrade -- curl"),
        ("almalinux:9.4", "dnf upgrade -- curl"),
        ("rhel:7.9", "yum update -- curl"),
        ("rhel:10.1", "dnf upgrade -- curl"),
        ("amzn:2", "yum update -- curl"),
        ("amzn:2023", "dnf upgrade -- curl"),
        ("amzn:2018.03", "yum update -- curl"),
        ("photon:5.0", "tdnf update curl"),
        ("sles:15.5", "zypper update -- curl"),
        ("opensuse-leap:15.6", "zypper update -- curl"),
        ("alpine:3.19.0", "apk upgrade -- curl"),
        ("arch:", "pacman -Syu"),
    ],
)
def test_each_distribution_has_its_own_command(distribution: str, command_line: str) -> None:
    made = plan(distribution)
    assert shlex.join(upgrade_command(made, made.steps[0])) == command_line
    assert command_line in list(shell_lines(made))


def test_the_playbook_is_yaml_with_one_play_for_equal_hosts() -> None:
    text = playbook([plan(), plan(hostname="web-2.example"), plan("almalinux:9.4", hostname="{{ evil }}\n")])
    first, second = yaml.safe_load(text)
    assert first["hosts"] == ["web-1.example", "web-2.example"]
    assert second["hosts"] == ["i-1"]
    assert first["tasks"][0]["ansible.builtin.apt"] == {
        "name": ["curl"],
        "state": "latest",
        "only_upgrade": True,
        "update_cache": True,
    }
    assert first["tasks"][1]["ansible.builtin.systemd_service"] == {"name": "a.service", "state": "restarted"}
    assert list(first["tasks"][-1]) == ["name", "ansible.builtin.reboot"]
    assert list(second["tasks"][0])[1] == "ansible.builtin.dnf"
    assert playbook([]) == "---\n[]\n"


def test_a_host_name_cannot_leave_its_comment() -> None:
    lines = list(shell_lines(plan(hostname="x\nreboot\\")))
    assert lines[0].startswith("# i-1 x?reboot?: 1 upgrade closes")
    assert all(line.startswith(("#", "apt-get ", "systemctl try-restart ")) for line in lines)


def test_a_windows_host_gets_one_update_and_a_restart(command: Command, tmp_path: Path) -> None:
    facts, advisories = tmp_path / "facts.jsonl", tmp_path / "advisories.json"
    host = windows_server("10.0.20348.2000")
    sent: list[tuple[str, Record]] = [("agent", MonitoringStart(agent_version="1", sensors=tuple(host.sensors)))]
    sent += [("windows_os", record) for kind in host.records.values() for record in kind]
    sent += [(name, status) for name, status in host.sensors.items()]
    facts.write_bytes(b"\n".join(msgspec.json.encode(encode_record(*one)) for one in sent))
    fixed = "10.0.20348.2300"
    target = Target(stream="windows:10.0.20348", kind=PackageKind.BINARY, name="Windows Server 2022")
    stated = Advisory(
        id="CVE-2026-0001",
        feed="microsoft",
        vulnerabilities=("CVE-2026-0001",),
        fixes=(Fix(target=target, version=fixed),),
        remedies=(VendorUpdate(target=target, update="KB5035857", restart=Restart.REBOOT),),
    )
    advisories.write_bytes(msgspec.json.encode([stated]))
    of_file = ("plan", "--facts", str(facts), "--advisories", str(advisories))
    shown = command(*of_file).words
    assert f"Install KB5035857 or a later one: Windows Server 2022 gets build {fixed}, which closes 1 finding." in shown
    assert "No upgrade closes" not in shown
    (made,) = json.loads(command(*of_file, "--json").out)
    assert (made["closes"], made["windows"]["updates"], made["notAssessed"]) == (1, ["KB5035857"], "")
    assert all(line.startswith("#") for line in command(*of_file, "--shell").out.splitlines())
    (play,) = yaml.safe_load(command(*of_file, "--ansible").out)
    assert "become" not in play
    assert play["tasks"][0]["ansible.windows.win_updates"] == {"accept_list": ["KB5035857"], "reboot": False}
    assert play["tasks"][1]["ansible.windows.win_reboot"] == {}


def test_a_host_without_a_feed_is_not_called_clean(command: Command, tmp_path: Path) -> None:
    facts, advisories = tmp_path / "facts.jsonl", tmp_path / "advisories.json"
    facts.write_bytes(b"\n".join(msgspec.json.encode(encode_record(*one)) for one in records("x")))
    advisories.write_bytes(b"[]")
    shown = command("plan", "--facts", str(facts), "--advisories", str(advisories)).words
    assert "not assessed. No feed in use covers debian:" in shown
