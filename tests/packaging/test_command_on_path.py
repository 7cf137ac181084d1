"""`packaging/openinspector-agent` for real, on an installation below a folder of the test's own."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from openinspector.agent.files.state_lock import LOCK_FILE, running_agent
from openinspector.agent.identity import KEY_FILE
from openinspector.agent.membership.enrolment import CA_FILE, ENROLMENT_FILE
from openinspector.agent.membership.rotation import NEXT_FILE
from openinspector.agent.operation.status import STATUS_FILE
from openinspector.agent.operation.update_outcome import OUTCOME_FILE
from openinspector.agent.update.record import RECORD_FILE
from openinspector.agent.update.running import UPDATE_LOCK

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"
SOURCE = PACKAGING / "openinspector-agent"
UPDATE_SCRIPT = PACKAGING / "update"
UNITS = (
    "openinspector-agent.service",
    "openinspector-agent-experiment.service",
    "openinspector-agent-update.service",
    "openinspector-agent-update.timer",
)
NEIGHBOURS = {
    "etc/cron.d/other",
    "etc/passwd",
    "etc/systemd/system/other.service",
    "opt/other",
    "var/lock/other",
    "var/log/other.log",
    "var/spool/mail/root",
}
"""Files of others, which must outlast everything."""

STATE_FILES = (
    *(KEY_FILE, NEXT_FILE, ENROLMENT_FILE, CA_FILE, STATUS_FILE, OUTCOME_FILE, RECORD_FILE, LOCK_FILE, UPDATE_LOCK),
    *re.findall(r"\$state/([a-z.-]+)", UPDATE_SCRIPT.read_text()),
)
"""Whatever the agent and the update script lay into the state directory."""

RECORDER = '#!/bin/sh\necho "$(basename "$0") $*" >>"$(dirname "$0")/../../calls"\n'


class Installation:
    """An installation below ``folder``, laid out by the installer and unknown to package managers."""

    def __init__(self, folder: Path, *, systemd: bool = True) -> None:
        self.folder = folder
        self.state = folder / "var/lib/openinspector-agent"
        self.command = folder / "usr/bin/openinspector-agent"
        self._program()
        self._services(systemd=systemd)
        for name in ("agent.cfg", "agent.cfg.orig", "agent.env", "install.cfg"):
            self.write(f"etc/openinspector/{name}", "# ours\n")
        for name in ("host.key", "enrolment.json", "spool/quarantine/x"):
            self.write(f"var/lib/openinspector-agent/{name}", "secret")
        self.write("var/log/openinspector-agent/agent.log", "a line")
        self.write("var/lib/systemd/timers/stamp-openinspector-agent-update.timer", "")
        for name in NEIGHBOURS:
            self.write(name, "of others")

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def _program(self) -> None:
        self.write("usr/bin/openinspector-agent", SOURCE.read_text(), 0o755)
        entry = 'printf "%s\\n" "$0" "$@"\nexit 7\n'
        self.write("opt/openinspector-agent/versions/1.0/openinspector-agent", f"#!/bin/sh\n{entry}", 0o755)
        (self.folder / "opt/openinspector-agent/stable").symlink_to("versions/1.0")

    def _services(self, *, systemd: bool) -> None:
        self.write("etc/init.d/openinspector-agent", RECORDER, 0o755)
        self.write("usr/bin/systemctl", RECORDER, 0o755)
        if systemd:
            (self.folder / "run/systemd/system").mkdir(parents=True)
        for unit in UNITS:
            self.write(f"usr/lib/systemd/system/{unit}", "[Unit]\n")
        self.write(f"etc/systemd/system/{UNITS[0]}.d/override.conf", "[Unit]\n")
        for link, goal in (
            ("etc/systemd/system/multi-user.target.wants/openinspector-agent.service", "/usr/lib/systemd/system/x"),
            ("etc/rc2.d/S01openinspector-agent", "../init.d/openinspector-agent"),
        ):
            (self.folder / link).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / link).symlink_to(goal)
        self.write("etc/cron.d/openinspector-agent", "")

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.command, *arguments],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **variables},
        )

    def files(self) -> set[str]:
        """Every file and link that is left, but for what the test itself laid there."""
        return {
            str(path.relative_to(self.folder))
            for path in self.folder.rglob("*")
            if (path.is_symlink() or not path.is_dir()) and path.name not in ("calls", "systemctl")
        }

    def calls(self) -> list[str]:
        path = self.folder / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def installed(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


def test_script_is_clean_and_portable() -> None:
    subprocess.run(["sh", "-n", SOURCE], check=True)
    if shutil.which("shellcheck"):
        subprocess.run(["shellcheck", SOURCE], check=True)
    assert os.access(SOURCE, os.X_OK)


def test_other_arguments_are_passed_unchanged_to_the_agent(installed: Installation) -> None:
    done = installed.run("collect", "--sensor", "two words", "*")
    program = str(installed.folder / "opt/openinspector-agent/stable/openinspector-agent")
    assert done.stdout.splitlines() == [program, "collect", "--sensor", "two words", "*"]
    assert done.returncode == 7


def test_missing_agent_is_reported(installed: Installation) -> None:
    (installed.folder / "opt/openinspector-agent/stable").unlink()
    done = installed.run("status")
    assert done.returncode == 1
    assert "not installed whole" in done.stderr


@pytest.mark.parametrize("verb", ["start", "stop", "restart"])
def test_uses_systemd_if_running_and_the_init_script_otherwise(tmp_path: Path, verb: str) -> None:
    with_systemd = Installation(tmp_path / "new")
    assert with_systemd.run(verb).returncode == 0
    # Stopped is stopped: also the update under way and the trial of a new version, which would start the agent again.
    others = "openinspector-agent-update.service openinspector-agent-experiment.service "
    assert with_systemd.calls() == [f"systemctl {verb} {others if verb == 'stop' else ''}openinspector-agent.service"]
    without = Installation(tmp_path / "old", systemd=False)
    assert without.run(verb).returncode == 0
    assert without.calls() == [f"openinspector-agent {verb}"]


def test_service_manager_failure_is_reported(installed: Installation) -> None:
    installed.write("usr/bin/systemctl", "#!/bin/sh\nexit 5\n", 0o755)
    done = installed.run("start")
    assert done.returncode == 1
    assert "journalctl" in done.stderr


def test_a_host_that_is_not_enrolled_is_not_started_and_the_reason_is_printed(installed: Installation) -> None:
    (installed.state / "enrolment.json").unlink()
    assert "cannot start: this host is not enrolled; say: openinspector-agent enrol" in installed.run("start").stderr
    assert (installed.run("restart").returncode, installed.calls()) == (1, [])


def test_missing_service_manager_has_advice(tmp_path: Path) -> None:
    made = Installation(tmp_path, systemd=False)
    (tmp_path / "etc/init.d/openinspector-agent").unlink()
    done = made.run("start")
    assert done.returncode == 1
    assert "in the foreground" in done.stderr


def test_only_a_missing_settings_file_is_restored(installed: Installation) -> None:
    settings = installed.folder / "etc/openinspector/agent.cfg"
    installed.write("etc/openinspector/agent.cfg.orig", "log_level = debug\n", 0o600)
    installed.run("start")
    assert settings.read_text() == "# ours\n"
    settings.unlink()
    assert "restored it" in installed.run("restart").stdout
    assert settings.read_text() == "log_level = debug\n"
    assert settings.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in settings.parent.iterdir()) == [
        "agent.cfg",
        "agent.cfg.orig",
        "agent.env",
        "install.cfg",
    ]
    settings.unlink()
    settings.symlink_to("elsewhere")
    installed.run("start")
    assert settings.is_symlink()
    settings.unlink()
    installed.run("stop")
    assert not settings.exists()


@pytest.mark.parametrize("verb", ["start", "restart"])
def test_a_state_directory_that_the_service_does_not_know_is_refused(installed: Installation, verb: str) -> None:
    installed.write("etc/openinspector/agent.cfg", "state_directory = /srv/elsewhere\n")
    done = installed.run(verb)
    assert (done.returncode, installed.calls()) == (1, [])
    assert f"state_directory /srv/elsewhere, but the service uses {installed.state}" in done.stderr
    assert installed.run("stop").returncode == 0
    installed.write("etc/openinspector/agent.cfg", "state_directory = /var/lib/openinspector-agent/\n")
    assert installed.run(verb).returncode == 0


# uninstall


@pytest.mark.parametrize("systemd", [True, False])
def test_uninstall_leaves_the_key_and_the_state_and_nothing_else(tmp_path: Path, *, systemd: bool) -> None:
    made = Installation(tmp_path, systemd=systemd)
    done = made.run("uninstall", "--yes")
    assert done.returncode == 0, done.stderr
    kept = {f"var/lib/openinspector-agent/{name}" for name in ("host.key", "enrolment.json", "spool/quarantine/x")}
    assert made.files() == NEIGHBOURS | kept
    assert f"kept the key and the state in {made.state}" in done.stdout
    assert f"removed {made.folder}/opt/openinspector-agent" in done.stdout


def test_purge_leaves_nothing_at_all(installed: Installation) -> None:
    done = installed.run("uninstall", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert installed.files() == NEIGHBOURS
    left = [path for path in installed.folder.rglob("*") if "openinspector" in path.name]
    assert left == []
    assert "systemctl disable --now openinspector-agent.service" in installed.calls()
    assert "systemctl daemon-reload" in installed.calls()


@pytest.mark.parametrize(
    "gone",
    [
        "opt/openinspector-agent",
        "etc/openinspector",
        "var/lib/openinspector-agent",
        "usr/lib/systemd",
        "usr/bin/systemctl",
        "etc/init.d",
        "opt/openinspector-agent/versions",
    ],
)
def test_uninstall_completes_a_partial_installation(tmp_path: Path, gone: str) -> None:
    for systemd in (True, False):
        made = Installation(tmp_path / str(systemd), systemd=systemd)
        path = made.folder / gone
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.write_text("#!/bin/sh\nexit 1\n")
        done = made.run("uninstall", "--purge", "--yes")
        assert done.returncode == 0, done.stderr
        assert made.files() == NEIGHBOURS


def test_uninstall_removes_only_agent_files_from_configured_folders(installed: Installation) -> None:
    installed.write(
        "etc/openinspector/agent.cfg",
        "state_directory = /srv/shared place\n  log_file=/srv/log/agent.log\nca_file = /etc/passwd\n",
    )
    theirs = ("somebody's data", "somebody's.partial", "host.key.of-somebody")
    for name in (*STATE_FILES, *(f"{name}.partial" for name in STATE_FILES), f"spool/{'0' * 32}/1.envelope", *theirs):
        installed.write(f"srv/shared place/{name}", "x")
    for name in ("agent.log", "agent.log.1", "agent.log.12", "other.log", "agent.log.old"):
        installed.write(f"srv/log/{name}", "x")
    done = installed.run("uninstall", "--purge", "--yes")
    assert done.returncode == 0, done.stderr
    assert installed.files() - NEIGHBOURS == {
        *(f"srv/shared place/{name}" for name in theirs),
        "srv/log/other.log",
        "srv/log/agent.log.old",
    }


@pytest.mark.parametrize("path", ["/", "/etc", "/var", "/opt", "/srv/../etc", "relative", "$(touch /tmp/x)"])
def test_hostile_state_directory_is_never_removed(installed: Installation, path: str) -> None:
    installed.write("etc/openinspector/agent.cfg", f"state_directory = {path}\nlog_file = {path}\n")
    assert installed.run("uninstall", "--purge", "--yes").returncode == 0
    assert installed.files() == NEIGHBOURS


def test_shared_state_directory_keeps_other_files(installed: Installation) -> None:
    installed.write("etc/openinspector/agent.cfg", "state_directory = /var\n")
    for name in ("host.key", f"spool/{'f' * 32}/1.envelope", "spool/quarantine/x", "status.json"):
        installed.write(f"var/{name}", "x")
    assert installed.run("uninstall", "--purge", "--yes").returncode == 0
    assert installed.files() == NEIGHBOURS


def test_help(installed: Installation) -> None:
    done = installed.run("uninstall", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--purge" in done.stdout
    assert installed.command.exists()


def test_links_are_removed_and_not_followed(installed: Installation, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").write_text("x")
    shutil.rmtree(installed.state)
    installed.state.symlink_to(victim)
    assert installed.run("uninstall", "--purge", "--yes").returncode == 0
    assert (victim / "file").exists()
    assert not installed.state.is_symlink()


def test_without_a_terminal_and_without_yes_nothing_happens(installed: Installation) -> None:
    before = installed.files()
    done = installed.run("uninstall")
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert installed.run("uninstall", "--everything").returncode == 2
    assert installed.files() == before
    assert installed.calls() == []


@pytest.mark.parametrize(("answer", "removed"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_on_a_terminal_it_asks(installed: Installation, answer: str, *, removed: bool) -> None:
    ours, theirs = os.openpty()
    os.write(ours, answer.encode() or b"\x04")
    done = subprocess.run([installed.command, "uninstall"], stdin=theirs, capture_output=True, text=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert "[y/N]" in done.stdout
    assert (done.returncode == 0) is removed
    assert installed.command.exists() is not removed


@contextmanager
def agent(state: Path, *, stubborn: bool) -> Iterator["subprocess.Popen[bytes]"]:
    program = (
        "import signal, sys, time; from pathlib import Path\n"
        "from openinspector.agent.files.state_lock import take_lock\n"
        f"{'signal.signal(signal.SIGTERM, signal.SIG_IGN)' if stubborn else ''}\n"
        "lock = take_lock(Path(sys.argv[1])); print('up', flush=True); time.sleep(600)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, state], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("stubborn", "ended"), [(False, -signal.SIGTERM), (True, -signal.SIGKILL)])
def test_an_agent_that_still_runs_is_ended(installed: Installation, *, stubborn: bool, ended: int) -> None:
    with agent(installed.state, stubborn=stubborn) as process:
        assert running_agent(installed.state) is not None
        done = installed.run("uninstall", "--purge", "--yes")
        assert f"stopped the agent (pid {process.pid})" in done.stdout
        assert process.wait(30) == ended


def test_stale_pid_kills_no_process(installed: Installation) -> None:
    with subprocess.Popen(["sleep", "600"]) as other:
        (installed.state / "lock").write_text(f"{other.pid}\n")
        assert installed.run("uninstall", "--yes").returncode == 0
        assert other.poll() is None
        other.kill()


# Who may


def test_only_root_controls_the_agent() -> None:
    words = ["uninstall", "--yes"], ["start"], ["stop"], ["restart"]
    for given in words:
        done = subprocess.run(
            ["sh", "-s", "--", *given],
            input=SOURCE.read_text(),
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=65534 if os.geteuid() == 0 else None,
        )
        assert done.returncode == 1
        assert "for root" in done.stderr


def test_environment_cannot_redirect_it(installed: Installation, tmp_path: Path) -> None:
    evil = Installation(tmp_path / "evil")
    names = ("ROOT", "PREFIX", "prefix", "root", "OPENINSPECTOR_AGENT_ROOT", "settings", "state", "init", "log")
    done = installed.run("x", **{name: str(evil.folder) for name in names}, PATH=f"{evil.folder}/usr/bin:/usr/bin:/bin")
    assert done.stdout.splitlines()[0].startswith(str(installed.folder / "opt"))
    installed.run("start", PATH=f"{evil.folder}/usr/bin:/usr/bin:/bin")
    assert evil.calls() == []


# Packages

CONFFILE = "etc/openinspector/agent.cfg"
LEFT_BY_INSTALLATION = {f"etc/openinspector/{name}" for name in ("agent.cfg.orig", "agent.env", "install.cfg")}


KEPT_BY_DPKG = {
    CONFFILE,
    "etc/cron.d/openinspector-agent",
    "etc/init.d/openinspector-agent",
    "etc/rc2.d/S01openinspector-agent",
}


def left_of(installed: Installation) -> set[str]:
    """Return the product's remaining files, except keys, state and the package manager's own records."""
    return {name for name in installed.files() if "openinspector" in name and not name.startswith("var/lib/")}


@pytest.mark.skipif(shutil.which("dpkg-deb") is None or os.geteuid() != 0, reason="needs dpkg, and root")
@pytest.mark.parametrize("purge", [True, False])
def test_a_debian_package_is_removed_by_dpkg(tmp_path: Path, *, purge: bool) -> None:
    installed = Installation(tmp_path / "host")
    (installed.folder / CONFFILE).unlink()
    tree = tmp_path / "tree"
    for name, text in {
        "DEBIAN/control": "Package: openinspector-agent\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x.example>\n"
        "Description: x\n",
        "DEBIAN/conffiles": f"/{CONFFILE}\n",
        CONFFILE: "# of the package\n",
        "usr/bin/openinspector-agent": SOURCE.read_text(),
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
        (tree / name).chmod(0o755 if "bin" in name else 0o644)
    database = installed.folder / "var/lib/dpkg"
    for name in ("info", "updates", "triggers"):
        (database / name).mkdir(parents=True)
    (database / "status").touch()
    package = str(tmp_path / "x.deb")
    for command in (
        ["dpkg-deb", "-b", str(tree), package],
        ["dpkg", f"--root={installed.folder}", "--log=/dev/null", "-i", package],
    ):
        subprocess.run(command, check=True, capture_output=True)
    done = installed.run("uninstall", "--yes", *(["--purge"] if purge else []))
    assert done.returncode == 0, done.stderr
    assert "removed the package openinspector-agent" in done.stdout
    query = ["dpkg-query", f"--admindir={database}", "-W", "-f", "${db:Status-Status}", "openinspector-agent"]
    state = subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip()
    assert state in (("", "not-installed") if purge else ("config-files",))
    assert left_of(installed) == (set() if purge else LEFT_BY_INSTALLATION | KEPT_BY_DPKG)
    assert installed.state.exists() is not purge


SPEC = """Name: openinspector-agent
Version: 1
Release: 1
Summary: x
License: x
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}
cp -a TREE/. %{buildroot}/
%files
%config(noreplace) /etc/openinspector/agent.cfg
/usr/bin/openinspector-agent
"""


@pytest.mark.skipif(shutil.which("rpmbuild") is None or os.geteuid() != 0, reason="needs rpm, and root")
@pytest.mark.parametrize("purge", [True, False])
def test_an_rpm_package_is_removed_by_rpm(tmp_path: Path, *, purge: bool) -> None:
    installed = Installation(tmp_path / "host")
    (tmp_path / "x.spec").write_text(SPEC.replace("TREE", str(tmp_path / "tree")))
    tree = tmp_path / "tree"
    for name in (CONFFILE, "usr/bin/openinspector-agent"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(installed.folder / name, tree / name)
    (installed.folder / "var/lib/rpm").mkdir()
    rpm = ["rpm", "--root", str(installed.folder)]
    # Debian's rpm keeps its database in the home folder; hosts that live by rpm do not.
    home = {"HOME": str(tmp_path)}
    (tmp_path / ".rpmmacros").write_text("%_dbpath /var/lib/rpm\n")
    build = ["rpmbuild", "-bb", f"--define=_topdir {tmp_path / 'top'}", str(tmp_path / "x.spec")]
    subprocess.run(build, check=True, capture_output=True)
    install = [*rpm, "--nodeps", "--ignorearch", "-i", *map(str, (tmp_path / "top/RPMS").rglob("*.rpm"))]
    subprocess.run(install, check=True, capture_output=True, env={**os.environ, **home})
    done = installed.run("uninstall", "--yes", *(["--purge"] if purge else []), **home)
    assert done.returncode == 0, done.stderr
    assert "removed the package openinspector-agent" in done.stdout
    query = [*rpm, "-q", "openinspector-agent"]
    found = subprocess.run(query, capture_output=True, text=True, check=False, env={**os.environ, **home})
    assert "not installed" in found.stdout
    assert left_of(installed) == (set() if purge else LEFT_BY_INSTALLATION)
    assert installed.state.exists() is not purge
