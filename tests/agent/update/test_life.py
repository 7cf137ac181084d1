"""The whole life with real processes: the init script's agent, the update script, versions that are good or bad."""

import os
import signal
import subprocess
from pathlib import Path

import pytest
from tests.agent.update.installed_host import DRIVER, InstalledHost, wait_for
from tests.agent.update.version_bundle import CRASHES_LATER, HANGS, LACKS_A_SENSOR

from openinspector.agent.operation.update_outcome import UpdateCode


def beats(host: InstalledHost) -> int:
    return len(host.gateway.heartbeats)


def test_a_good_version_is_tried_and_becomes_the_stable_one(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    installed.start()
    done = installed.driver()
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line for line in done.stdout.splitlines() if line.isupper()] == ["PREPARED", "UPDATED"]
    assert (installed.slot("stable"), installed.slot("experiment")) == ("2.0", None)
    wait_for(lambda: installed.running_version() == "2.0" and installed.is_running)
    assert sorted(path.name for path in (installed.root / "versions").iterdir()) == ["1.0", "2.0"]
    (report,) = installed.gateway.reports
    assert (report.from_version, report.to_version, report.succeeded) == ("1.0", "2.0", True)
    assert installed.driver().stdout.splitlines()[-1] == "UP_TO_DATE"


@pytest.mark.parametrize(
    ("customised", "code"),
    [(LACKS_A_SENSOR, UpdateCode.SELF_TEST_FAILED), (CRASHES_LATER, UpdateCode.TRIAL_ENDED_EARLY)],
    ids=["self-test fails", "crashes"],
)
def test_bad_version_is_rolled_back(installed: InstalledHost, customised: str, code: UpdateCode) -> None:
    installed.offer("2.0", 2, customised)
    installed.start()
    if code is UpdateCode.TRIAL_ENDED_EARLY:
        # No heartbeat is acknowledged before it crashes.
        installed.gateway.refuse_heartbeats = True
    done = installed.driver()
    installed.gateway.refuse_heartbeats = False
    assert done.returncode != 0
    assert installed.slot("stable") == "1.0"
    wait_for(lambda: installed.running_version() == "1.0" and installed.is_running)
    installed.gateway.offered = None
    installed.driver()
    assert installed.slot("experiment") is None
    (report,) = installed.gateway.reports
    assert (report.result, report.succeeded) == (code.value, False)
    assert (report.from_version, report.to_version) == ("1.0", "2.0")


def test_version_without_a_connection_is_rolled_back(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    installed.start()
    prepared = subprocess.run(installed.command("stable", "update"), env=installed.environment, check=True)
    assert prepared.returncode == 0
    installed.service("stop")
    installed.gateway.refuse_heartbeats = True
    tried = subprocess.run(
        installed.command("experiment", "run-experiment", "--seconds", "3"),
        env=installed.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tried.returncode, tried.stdout.splitlines()[-1]) == (1, "HEARTBEAT_MISSED")
    assert (installed.slot("stable"), installed.slot("experiment")) == ("1.0", None)


def test_a_version_that_hangs_is_ended_by_the_timer(installed: InstalledHost) -> None:
    installed.offer("2.0", 2, HANGS)
    installed.start()
    done = installed.driver(OPENINSPECTOR_TRIAL_SECONDS="2")
    assert done.returncode != 0
    wait_for(lambda: installed.running_version() == "1.0" and installed.is_running)


def test_an_agent_stopped_on_purpose_stays_stopped(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    done = installed.driver()
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "AGENT_NOT_RUNNING_NO_UPDATE")
    assert not installed.is_running
    assert (installed.slot("stable"), installed.slot("experiment")) == ("1.0", None)
    assert installed.gateway.fetched == []


def test_an_agent_stopped_during_its_trial_stays_stopped(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    installed.start()
    installed.gateway.refuse_heartbeats = True
    driver = subprocess.Popen([str(DRIVER)], env=installed.environment, stdout=subprocess.PIPE, text=True)
    before = installed.gateway.requests.count("heartbeat")
    wait_for(lambda: installed.record.on_trial == "2.0")
    wait_for(lambda: installed.gateway.requests.count("heartbeat") > before + 1 and installed.is_running)
    trial = experiment_process(installed)
    os.kill(trial, signal.SIGTERM)
    out, _ = driver.communicate(timeout=60)
    assert (driver.returncode, out.splitlines()[-1]) == (0, "STOPPED")
    assert not installed.is_running
    assert installed.slot("stable") == "1.0"
    assert installed.record.attempts == {"2.0": 0}


def test_next_run_restarts_the_agent_after_a_killed_trial(
    installed: InstalledHost,
) -> None:
    installed.offer("2.0", 2)
    installed.start()
    driver = subprocess.Popen([str(DRIVER)], env=installed.environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: installed.record.on_trial == "2.0")
    driver.kill()
    driver.wait()
    wait_for(lambda: installed.slot("stable") == "2.0")
    wait_for(lambda: not installed.is_running)

    def again() -> bool:
        installed.driver()
        return installed.is_running

    wait_for(again)
    assert installed.running_version() == "2.0"


def test_a_trial_killed_at_any_instant_leaves_an_agent_that_runs(installed: InstalledHost) -> None:
    installed.offer("2.0", 2)
    installed.start()
    driver = subprocess.Popen([str(DRIVER)], env=installed.environment, stdout=subprocess.DEVNULL)
    wait_for(lambda: installed.record.on_trial == "2.0")
    os.kill(experiment_process(installed), signal.SIGKILL)
    assert driver.wait(60) != 0
    wait_for(lambda: installed.running_version() == "1.0" and installed.is_running)

    def updated() -> bool:
        """Return True if the update is done. A child of the killed trial may hold the script's lock for a while."""
        assert installed.driver().returncode == 0
        return installed.slot("stable") == "2.0"

    wait_for(updated)
    assert [report.result for report in installed.gateway.reports] == ["TRIAL_ENDED_EARLY", "UPDATED"]


def experiment_process(host: InstalledHost) -> int:
    """Return the id of the trial's own process."""
    found: list[int] = []

    def look() -> bool:
        listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines()[1:]:
            pid, _, words = line.strip().partition(" ")
            if "openinspector.agent run-experiment" in words and is_of(int(pid), host):
                found.append(int(pid))
        return bool(found)

    wait_for(look)
    return found[-1]


def is_of(pid: int, host: InstalledHost) -> bool:
    try:
        return f"OPENINSPECTOR_ROOT={host.root}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
