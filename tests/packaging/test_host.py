"""Packages on a host: installed by dpkg and rpm themselves, run without systemd, and removed without a trace."""

from pathlib import Path

import pytest
from tests.packaging.conftest import SignedRelease
from tests.packaging.scratch_host import ScratchHost

from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway

COMMAND = "/usr/bin/openinspector-agent"
INIT = "/etc/init.d/openinspector-agent"
STATE = "/var/lib/openinspector-agent"


def install(host: ScratchHost, package: Path) -> None:
    host.write(f"/tmp/{package.name}", package.read_bytes())
    if package.suffix == ".deb":
        host.must("dpkg", "--install", f"/tmp/{package.name}")
    else:
        # The machine's own packages are not RPMs, so no package provides the C library or Python.
        host.must("rpm", "--install", "--nodeps", f"/tmp/{package.name}")


def enrol(host: ScratchHost, gateway: SimulatedGateway) -> None:
    host.write("/tmp/ca.pem", gateway.ca_file.read_bytes())
    host.must(COMMAND, "enrol", "--endpoint", gateway.url, "--ca", "/tmp/ca.pem", "--token", "-", given=TOKEN + "\n")


def set_stable(host: ScratchHost, version: str, number: int) -> None:
    """Put a version into place as an update does: its folder, and the link."""
    folder = f"/opt/openinspector-agent/versions/{version}"
    host.write(f"{folder}/release.json", f'{{"version": "{version}", "release": {number}}}')
    host.must("ln", "-sfn", f"versions/{version}", "/opt/openinspector-agent/stable")


@pytest.fixture(params=["deb", "rpm"])
def installed(request: pytest.FixtureRequest, release: SignedRelease, host: ScratchHost) -> ScratchHost:
    install(host, release.file(f"*.{request.param}"))
    return host


def test_the_installed_command_works(installed: ScratchHost) -> None:
    assert "usage: openinspector-agent" in installed.must(COMMAND, "--help")
    assert "Nothing was sent" in installed.must(COMMAND, "collect", "--dry-run")
    status = installed.run(COMMAND, "status")
    assert status.returncode != 0
    assert "cannot be contacted" in status.stdout + status.stderr


def test_an_agent_that_is_not_enrolled_is_not_started(installed: ScratchHost) -> None:
    assert "not running" in installed.run(INIT, "status").stdout
    started = installed.run(INIT, "start")
    assert started.returncode == 6
    assert "not enrolled" in started.stdout
    assert not any(name.startswith(STATE[1:]) for name in installed.changed())


def test_start_status_restart_stop_without_systemd(installed: ScratchHost, gateway: SimulatedGateway) -> None:
    enrol(installed, gateway)
    assert installed.must(INIT, "start") == "openinspector-agent: started\n"
    assert installed.must(INIT, "start") == "openinspector-agent: already running\n"
    gateway.wait_for(lambda: len(gateway.heartbeats) >= 1)
    # The agent writes its status when it has read the reply.
    installed.must("sh", "-c", f"for i in $(seq 50); do {COMMAND} status && exit; sleep 0.2; done; exit 1")
    before = installed.must("cat", "/run/openinspector-agent.pid")
    assert before.strip() in installed.must(INIT, "status")
    installed.must(COMMAND, "restart")
    assert installed.must("cat", "/run/openinspector-agent.pid") != before
    gateway.wait_for(lambda: len(gateway.heartbeats) >= 2)
    installed.must(COMMAND, "stop")
    assert installed.run(INIT, "status").returncode == 3
    assert installed.must(INIT, "try-restart") == ""
    assert installed.run(INIT, "status").returncode == 3


def test_update_script_does_not_execute_the_environment_file(installed: ScratchHost, gateway: SimulatedGateway) -> None:
    enrol(installed, gateway)
    installed.write("/etc/openinspector/agent.env", "https_proxy=$(touch /tmp/run)\ntouch /tmp/run\n")
    installed.must("chmod", "666", "/etc/openinspector/agent.env")
    done = installed.run("/usr/lib/openinspector-agent/update")
    assert (done.returncode, "others may write to /etc/openinspector/agent.env" in done.stderr) == (2, True)
    installed.must("chmod", "600", "/etc/openinspector/agent.env")
    assert "not a line of the form https_proxy=" in installed.run("/usr/lib/openinspector-agent/update").stderr
    assert installed.run("test", "-e", "/tmp/run").returncode == 1


def test_reused_pid_is_not_killed(installed: ScratchHost, gateway: SimulatedGateway) -> None:
    enrol(installed, gateway)
    installed.write("/run/openinspector-agent.pid", "1\n")
    assert installed.run(INIT, "status").returncode == 1
    assert "not running" in installed.must(INIT, "stop")


def test_removing_stops_the_agent_and_keeps_its_key_and_purging_leaves_nothing(
    release: SignedRelease, host: ScratchHost, gateway: SimulatedGateway
) -> None:
    before = host.changed()
    install(host, release.file("*.deb"))
    enrol(host, gateway)
    host.must(INIT, "start")
    pid = int(host.must("cat", "/run/openinspector-agent.pid"))
    host.must("dpkg", "--remove", "openinspector-agent")
    assert not Path(f"/proc/{pid}").exists()
    kept = host.changed().keys()
    assert {f"{STATE[1:]}/host.key", "etc/openinspector/agent.cfg"} <= kept
    assert not [name for name in kept if name.startswith(("opt/", "usr/", "run/openinspector"))]
    host.must("dpkg", "--purge", "openinspector-agent")
    assert host.changed() == before


def test_removing_the_rpm_removes_all_but_keys_and_settings(
    release: SignedRelease, host: ScratchHost, gateway: SimulatedGateway
) -> None:
    install(host, release.file("*.rpm"))
    enrol(host, gateway)
    host.must(INIT, "start")
    host.must("rpm", "--erase", "openinspector-agent")
    assert not [
        n for n in host.changed() if n.startswith(("opt/", "usr/", "run/openinspector", "etc/init.d", "etc/cron"))
    ]
    assert f"{STATE[1:]}/host.key" in host.changed()


def test_newer_version_from_an_update_is_kept(release: SignedRelease, host: ScratchHost) -> None:
    set_stable(host, "900.0.0", 900_000_000)
    install(host, release.file("*.deb"))
    assert host.must("readlink", "/opt/openinspector-agent/stable") == "versions/900.0.0\n"
    set_stable(host, "0.0.1", 1)
    install(host, release.file("*.deb"))
    assert host.must("readlink", "/opt/openinspector-agent/stable") != "versions/0.0.1\n"


def test_upgrading_keeps_settings_and_restores_lost_ones(installed: ScratchHost, release: SignedRelease) -> None:
    is_deb = installed.run("dpkg", "--status", "openinspector-agent").returncode == 0
    how = ["dpkg", "--install"] if is_deb else ["rpm", "--upgrade", "--nodeps", "--replacepkgs"]
    package = release.file("*.deb" if is_deb else "*.rpm")
    installed.write("/etc/openinspector/agent.cfg", "log_level = debug\n")
    installed.must(*how, f"/tmp/{package.name}")
    assert installed.must("cat", "/etc/openinspector/agent.cfg") == "log_level = debug\n"
    installed.must("rm", "/etc/openinspector/agent.cfg")
    installed.must(*how, f"/tmp/{package.name}")
    pristine = installed.must("cat", "/etc/openinspector/agent.cfg.orig")
    assert installed.must("cat", "/etc/openinspector/agent.cfg") == pristine


def test_upgrade_restarts_only_running_services(
    release: SignedRelease, host: ScratchHost, gateway: SimulatedGateway
) -> None:
    package = release.file("*.deb")
    install(host, package)
    enrol(host, gateway)
    host.must("dpkg", "--install", f"/tmp/{package.name}")
    assert host.run(INIT, "status").returncode == 3
    host.must(INIT, "start")
    first = host.must("cat", "/run/openinspector-agent.pid")
    host.must("dpkg", "--install", f"/tmp/{package.name}")
    assert host.must("cat", "/run/openinspector-agent.pid") != first
    assert host.run(INIT, "status").returncode == 0


def test_uninstall_command_leaves_nothing(release: SignedRelease, host: ScratchHost, gateway: SimulatedGateway) -> None:
    install(host, release.file("*.deb"))
    enrol(host, gateway)
    host.must(INIT, "start")
    host.must(COMMAND, "uninstall", "--purge", "--yes")
    assert host.changed() == {}
