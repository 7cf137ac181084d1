"""Unit files, scripts and cron file, judged by the tools that read them."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from tests.packaging.scratch_host import needs

from openinspector.agent.collection.process_limits import MAX_MEMORY_BYTES

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
SERVICES = sorted((PACKAGING / "systemd").glob("*.service"))
SCRIPTS = ("install", "launcher", "openinspector-agent", "openinspector-agent.init", "package-scripts.sh")
MOST_EXPOSED = {"openinspector-agent.service": 2.9, "openinspector-agent-experiment.service": 2.9}
"""Of 10, as systemd-analyze counts. Root, a network and four capabilities are what sensors need."""
FOR_SENSORS = {"CAP_DAC_READ_SEARCH", "CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_AUDIT_CONTROL"}


def directives(unit: Path) -> list[tuple[str, str]]:
    return re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_services_are_sandboxed(unit: Path) -> None:
    needs("systemd-analyze")
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert found, judged.stdout + judged.stderr
    assert float(found[1]) <= MOST_EXPOSED.get(unit.name, 2.0)


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    needs("systemd-analyze")
    # Stands in for the agent, which is not installed where the tests run.
    program = tmp_path / "openinspector-agent"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in (PACKAGING / "systemd").iterdir():
        text = re.sub(
            r"/opt/openinspector-agent/(stable|experiment)/openinspector-agent", str(program), unit.read_text()
        )
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.glob("*.*"))]
    judged = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")


def test_agent_keeps_only_required_capabilities() -> None:
    for name in ("openinspector-agent.service", "openinspector-agent-experiment.service"):
        found = dict(directives(PACKAGING / "systemd" / name))
        assert set(found["CapabilityBoundingSet"].split()) == FOR_SENSORS
        text = (PACKAGING / "systemd" / name).read_text()
        assert all(re.search(rf"^# {capability} +\w", text, re.MULTILINE) for capability in FOR_SENSORS)
        assert (found["NoNewPrivileges"], found["ProtectSystem"]) == ("yes", "strict")
    updater = dict(directives(PACKAGING / "systemd" / "openinspector-agent-update.service"))
    assert updater["CapabilityBoundingSet"] == ""


def test_the_trial_has_the_agents_sandbox_but_for_the_slots() -> None:
    agent, trial = (
        dict(directives(PACKAGING / "systemd" / f"openinspector-agent{part}.service")) for part in ("", "-experiment")
    )
    names = [n for n in agent if n.startswith(("Protect", "Private", "Restrict", "Capab", "NoNew", "System", "Memory"))]
    assert len(names) > 15
    assert {n: trial.get(n) for n in names if n != "RestartPreventExitStatus"} == {n: agent[n] for n in names}
    assert trial["ReadWritePaths"] == f"{agent['ReadWritePaths']} /opt/openinspector-agent"


def test_units_check_before_replacing_the_agent() -> None:
    """Systemd stops what conflicts with a unit before it looks at the unit's conditions, and then starts neither."""
    rivals = {"openinspector-agent.service"}.union(
        unit.name for unit in SERVICES for key, value in directives(unit) if key == "Conflicts" and "agent" in value
    )
    assert len(rivals) == 2
    for unit in (PACKAGING / "systemd").iterdir():
        for key, value in directives(unit):
            if not rivals.isdisjoint(re.findall(r"[\w-]+\.service", value)):
                plain = key in ("After", "Before", "Conflicts")
                assert plain or (key.startswith("Exec") and re.match(r"\+/bin/sh -c '\[ .+ \|\| exec ", value)), value


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_units_have_no_environment_file(unit: Path) -> None:
    """The agent reads agent.env itself, and refuses what others may write; LD_PRELOAD would come before it."""
    assert not {"EnvironmentFile", "PassEnvironment"}.intersection(key for key, _ in directives(unit))


@pytest.mark.parametrize(
    ("link", "active", "started"), [(True, True, True), (False, True, False), (True, False, False)]
)
def test_trial_starts_only_if_prepared_and_the_agent_runs(
    tmp_path: Path, *, link: bool, active: bool, started: bool
) -> None:
    line = dict(directives(PACKAGING / "systemd" / "openinspector-agent-update.service"))["ExecStartPost"]
    if link:
        (tmp_path / "experiment").symlink_to("versions/2.0.0")
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(
        f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\ncase $* in *is-active*) exit {0 if active else 3} ;; esac\n'
    )
    systemctl.chmod(0o755)
    command = shlex.split(line.removeprefix("+").replace("/opt/openinspector-agent", str(tmp_path)))
    done = subprocess.run(command, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"}, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    calls = (tmp_path / "calls").read_text().splitlines() if (tmp_path / "calls").exists() else []
    start = "--no-block start openinspector-agent-experiment.service"
    assert (start in calls) is started
    assert all(call == start or "is-active" in call for call in calls)


@pytest.mark.parametrize("name", sorted(MOST_EXPOSED))
def test_memory_limit_ends_sensors_before_the_agent(name: str) -> None:
    found = dict(directives(PACKAGING / "systemd" / name))
    assert found["OOMPolicy"] == "continue"
    unit = int(found["MemoryMax"].removesuffix("M")) * 2**20
    # The rest is the agent's: 30.6 MB after a collection (docs/performance.md).
    assert unit > MAX_MEMORY_BYTES + 31 * 10**6


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_clean_posix_shell(script: str) -> None:
    needs("shellcheck")
    # SC2148: package-scripts.sh gets its first line where it is put into a package.
    command = ["shellcheck", "--shell=sh", "--exclude=SC2148", str(PACKAGING / script)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    assert judged.returncode == 0, judged.stdout


def test_init_script_declares_its_runlevels() -> None:
    text = (PACKAGING / "openinspector-agent.init").read_text()
    header = text.partition("### BEGIN INIT INFO")[2].partition("### END INIT INFO")[0]
    for key in ("Provides", "Required-Start", "Required-Stop", "Default-Start", "Default-Stop", "Short-Description"):
        assert re.search(rf"^# {key}: +\S", header, re.MULTILINE)


def test_cron_defers_to_systemd() -> None:
    (line,) = re.findall(
        r"^\d+ \d+ \* \* \* root (.*)$", (PACKAGING / "openinspector-agent.cron").read_text(), re.MULTILINE
    )
    assert line.startswith("[ -d /run/systemd/system ] || ")
