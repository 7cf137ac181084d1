"""Imports, sensors, enrolment, both services and a whole run of the agent, on a Windows of Wine."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripts.windows.runtime import ROOT
from scripts.windows.wine import WinePrefix, windows_path
from tests.scenarios.test_main_job import findings_of, wait_for_end

from openinspector.feeds.microsoft import FEED
from openinspector.model.advisory import Advisory
from openinspector.model.agent import AgentId
from openinspector.model.windows import ASKED
from openinspector.model.windows_policy import AUDIT_SUBCATEGORIES, USER_RIGHTS
from openinspector.service.ports.advisory_store import FeedSnapshot
from openinspector.testing.golden_feed import documents_in
from openinspector.testing.model_builders import moment
from openinspector.testing.whole_system import PACKAGES, WholeSystem

SERVICES = ("openinspector-agent", "openinspector-agent-updater")
MODULE = ("-I", "-B", "-m", "openinspector.agent")
TESTS = (
    "tests/agent/collection/test_windows_sensor_process.py",
    "tests/agent/hosts/test_windows_host.py",
)
"""Those that need a Windows. Without tests/agent/files/test_windows_acl.py: Wine keeps no access lists."""


@pytest.fixture
def system(tmp_path: Path) -> Iterator[WholeSystem]:
    made = WholeSystem(tmp_path)
    yield made
    made.processes.stop()


@pytest.fixture
def python(agent_folder: Path) -> str:
    return windows_path(agent_folder / "python.exe")


def test_isolated_agent_starts_its_sensors(windows: WinePrefix, python: str) -> None:
    shown = windows.run(python, *MODULE, "collect", "--dry-run").stdout
    rows = {line.split()[0]: line.split()[-1] for line in shown.splitlines() if line.startswith("windows_")}
    assert rows["windows_os"] == rows["windows_installation"] == rows["windows_hotfixes"] == "OK"
    code = "from openinspector.agent.this_platform import sensor_process; print(len(sensor_process().names()))"
    assert int(windows.run(python, "-I", "-c", code).stdout) > 40


def test_one_service_manager_runs(windows: WinePrefix) -> None:
    windows.run("net", "start")
    assert windows.processes().count("services.exe") == 1


def test_sensor_asks_the_libraries_for_the_security_policy(windows: WinePrefix, python: str) -> None:
    sent = windows.run(python, *MODULE, "collect", "--dry-run", "--json").stdout.splitlines()
    (policy,) = [message["payload"] for message in map(json.loads, sent) if message["kind"] == "WindowsSecurityPolicy"]
    assert policy["source"] == ASKED
    assert policy["system_access"] == {
        "MinimumPasswordLength": "14",
        "MaximumPasswordAge": "42",
        "MinimumPasswordAge": "1",
        "PasswordHistorySize": "24",
        "ForceLogoffWhenHourExpire": "0",
        "LockoutBadCount": "5",
        "LockoutDuration": "30",
        "ResetLockoutCount": "15",
        "PasswordComplexity": "1",
        "ClearTextPassword": "0",
        "NewAdministratorName": "Verwalter",
        "EnableAdminAccount": "1",
        "NewGuestName": "Gast",
        "EnableGuestAccount": "0",
    }
    rights = policy["privilege_rights"]
    assert rights["SeBackupPrivilege"] == ["S-1-5-32-544", "S-1-1-0"]
    assert "SeTimeZonePrivilege" not in rights
    assert len(rights) == len(USER_RIGHTS) - 1
    audit = policy["audit_subcategories"]
    assert (audit["Logon"], audit["Logoff"], len(audit)) == (3, 0, len(AUDIT_SUBCATEGORIES) - 3)


def test_tests_of_windows_pass_there(windows: WinePrefix, python: str) -> None:
    code = f"import os, sys, pytest; os.chdir({windows_path(ROOT)!r}); sys.exit(pytest.main(sys.argv[1:]))"
    source = {"PYTHONPATH": windows_path(ROOT / "src")}
    options = (
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
        "--noconftest",
        "-o",
        "addopts=",
        "-o",
        "pythonpath=.",
        "-q",
    )
    done = windows.run(python, "-B", "-c", code, *options, *TESTS, check=False, environment=source)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    assert "passed" in done.stdout
    assert not list((windows.drive / "ProgramData").glob("openinspector/Agent/exports/*"))


def test_enrolment_services_and_a_whole_run(windows: WinePrefix, python: str, system: WholeSystem) -> None:
    data = windows.drive / "ProgramData" / "openinspector" / "Agent"
    data.mkdir(parents=True)
    (data / "agent.cfg").write_text(f"endpoint = {system.url}\n")
    store_advisories(system)

    # 1. the host enrols, and `check` speaks of it without a traceback
    enrol = ("enrol", "--ca", windows_path(system.processes.ca_file), "--token", "-")
    agent_id = windows.run(python, *MODULE, *enrol, given=system.processes.join_token()).stdout.strip()
    assert agent_id
    checked = windows.run(python, *MODULE, "check", check=False)
    assert checked.returncode in (0, 1), checked.stdout + checked.stderr
    assert "Traceback" not in checked.stderr
    assert "chmod" not in checked.stdout

    # 2. both services are registered, isolated and again, and the agent runs as one
    for _ in range(2):
        windows.run(python, "-I", "-B", "-m", "openinspector.agent.windows_service", "install")
    for name in SERVICES:
        shown = windows.run("reg", "query", rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}", "/v", "ImagePath").stdout
        assert 'python.exe" -I -B -m' in shown, shown
    windows.run("net", "start", SERVICES[0])

    # 3. a run is complete and finds what the build lacks
    run = wait_for_run(system, agent_id)
    assert run["state"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    found = findings_of(system.client, run["arn"])
    known = {finding["id"]: finding for finding in found}
    assert "CVE-2026-0001" in known, exclusions_of(system, run["arn"])
    assert known["CVE-2026-0001"]["assetAttributes"]["agentId"] == agent_id
    values = {one["key"]: one.get("value", "") for one in known["CVE-2026-0001"]["attributes"]}
    assert (values["package_version"], values["fixed_version"]) == ("10.0.20348.2031", "10.0.20348.2458")
    assert known["CVE-2026-0001"]["recommendation"].startswith("Restart the host")
    # The CIS rules judge what the host says of its security policy (policy.c).
    numbers = {finding["id"].partition(" ")[0] for finding in found}
    assert {"2.2.10", "17.5.3", "18.1.1.1"} <= numbers
    assert not {"1.1.1", "1.1.2", "2.2.4", "17.5.4"} & numbers
    metadata = system.client.get_telemetry_metadata(assessmentRunArn=run["arn"])["telemetryMetadata"]
    counts = {entry["messageType"]: entry["count"] for entry in metadata}
    assert counts["InspectorPackageInfo"] >= 3
    assert counts["InspectorOperatingSystem"] >= 2

    # 4. stopped and removed, nothing of them stays
    windows.run("net", "stop", SERVICES[0])
    windows.run(python, "-I", "-B", "-m", "openinspector.agent.windows_service", "remove")
    for name in SERVICES:
        key = rf"HKLM\SYSTEM\CurrentControlSet\Services\{name}"
        assert windows.run("reg", "query", key, "/v", "ImagePath", check=False).returncode != 0


def exclusions_of(system: WholeSystem, run: str) -> list[str]:
    arns = system.client.list_exclusions(assessmentRunArn=run)["exclusionArns"]
    found = system.client.describe_exclusions(exclusionArns=arns)["exclusions"]
    return [one["description"] for one in found.values()]


def store_advisories(system: WholeSystem) -> None:
    documents = documents_in(ROOT / "tests" / "feeds" / "data" / "microsoft")
    advisories = [found for found in FEED.parse(documents) if isinstance(found, Advisory)]
    snapshot = FeedSnapshot(
        feed=FEED.name,
        fingerprint="0" * 64,
        origin="the test",
        fetched_at=moment(0),
        published_at=None,
        advisories=len(advisories),
        unparsed=0,
        validators={},
    )
    system.processes.stores().advisories.replace(snapshot, advisories, ())


def wait_for_run(system: WholeSystem, agent_id: str) -> dict[str, str]:
    """Start a run once the agent has sent a heartbeat, and wait for its end."""
    deadline = time.monotonic() + 60
    agents = system.processes.stores().agents
    while not any(agent.last_heartbeat_at for agent in agents.agents_by_id([AgentId(agent_id)])):
        assert time.monotonic() < deadline, "the agent sends no heartbeat"
        time.sleep(0.5)
    found: dict[str, str] = wait_for_end(system.client, system.start_run((*PACKAGES, "CIS")))
    return found
