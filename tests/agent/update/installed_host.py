"""A host with the agent installed in slots, enrolled at a gateway in miniature that also serves releases."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from tests.agent.update.version_bundle import version_files

from openinspector.agent.operation.update_outcome import UpdateOutcome, load_outcome
from openinspector.agent.runtime import enrol_host
from openinspector.agent.settings.settings import Address, AgentSettings
from openinspector.agent.update.installation import AgentInstallation, read_release
from openinspector.agent.update.record import ReleaseRecord, load_record
from openinspector.agent.update.running import is_running
from openinspector.agent.update.update_pass import UpdateHost, run_pass
from openinspector.testing.simulated_gateway import TOKEN, SimulatedGateway
from openinspector.testing.simulated_releases import SimulatedReleases, release
from openinspector.wire.release import RELEASE_FILE, ROOT_FILE

DRIVER = Path(__file__).resolve().parents[3] / "packaging" / "update"
INIT = """#!/bin/sh
# As small as an init script can be: start, stop, and a file that says which process it is.
pid={state}/agent.pid
case $1 in
start)
    "{root}/stable/openinspector-agent" run >>{state}/agent.log 2>&1 &
    echo $! >"$pid" ;;
stop)
    [ -f "$pid" ] || exit 0
    kill "$(cat "$pid")" 2>/dev/null
    while kill -0 "$(cat "$pid")" 2>/dev/null; do sleep 0.05; done
    rm -f "$pid" ;;
esac
"""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A real service."""

    port: int
    ca_file: Path


@dataclass(kw_only=True)
class InstalledHost:
    """Everything of one host lies in ``folder``."""

    folder: Path
    at: "SimulatedGateway | Service"
    releases: SimulatedReleases
    token: str = TOKEN
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if isinstance(self.at, SimulatedGateway):
            self.at.releases = self.releases.folder
        self.state.mkdir(mode=0o700, parents=True)
        enrol_host(self.settings, self.token)
        self.init = self.folder / "init"
        self.init.write_text(INIT.format(state=self.state, root=self.root))
        self.init.chmod(0o755)
        self.environment = {
            **os.environ,
            "OPENINSPECTOR_ROOT": str(self.root),
            "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(self.state),
            "OPENINSPECTOR_INIT": str(self.init),
        }

    @property
    def gateway(self) -> SimulatedGateway:
        """The gateway in miniature."""
        assert isinstance(self.at, SimulatedGateway)
        return self.at

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def settings(self) -> AgentSettings:
        return AgentSettings(
            endpoint=Address(host="127.0.0.1", port=self.at.port),
            ca_file=self.at.ca_file,
            state_directory=self.state,
        )

    @property
    def host(self) -> UpdateHost:
        """The stable version's view."""
        stable = (self.root / "stable").resolve()
        own = read_release(stable)
        assert own is not None
        installation = AgentInstallation(root=self.root, own=own)
        return UpdateHost(settings=self.settings, installation=installation, now=lambda: datetime.now(UTC))

    def install(self, version: str, number: int, slot: str = "stable") -> None:
        """Put a version into its folder and a slot, as a package does."""
        folder = self.root / "versions" / version
        folder.mkdir(parents=True)
        for name, (content, mode) in version_files().items():
            (folder / name).write_bytes(content)
            (folder / name).chmod(mode)
        (folder / RELEASE_FILE).write_bytes(msgspec.json.encode(release(version, number)))
        (folder / ROOT_FILE).write_bytes(self.releases.trusted_root)
        (self.root / slot).symlink_to(f"versions/{version}")

    def offer(self, version: str, number: int, customised: str = "", min_release: int = 1) -> str:
        """Publish a version and offer it."""
        name = self.releases.add(release(version, number), version_files(customised), min_release)
        self.releases.publish()
        if isinstance(self.at, SimulatedGateway):
            self.at.offered = name
        return name

    def run_pass(self) -> UpdateOutcome:
        """Make one pass in this process."""
        return run_pass(self.host)

    def slot(self, name: str) -> str | None:
        """Return the version a slot leads to, and check that it is whole."""
        link = self.root / name
        if not link.is_symlink():
            return None
        found = read_release(link.resolve())
        assert found is not None, f"{name} leads to no whole version"
        assert (link / "openinspector-agent").is_file()
        return found.version

    @property
    def outcome(self) -> UpdateOutcome:
        found = load_outcome(self.state)
        assert found is not None
        return found

    @property
    def record(self) -> ReleaseRecord:
        return load_record(self.state)

    # Processes

    def start(self) -> None:
        """Start the stable agent with its init script and wait until it runs."""
        self.service("start")
        wait_for(lambda: is_running(self.state))

    def service(self, verb: str) -> None:
        subprocess.run([str(self.init), verb], env=self.environment, check=True, timeout=60)

    def driver(self, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the update script once, to its end."""
        return subprocess.run(
            [str(DRIVER)],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def command(self, slot: str, *arguments: str) -> list[str]:
        return [str(self.root / slot / "openinspector-agent"), *arguments]

    @property
    def is_running(self) -> bool:
        return is_running(self.state)

    def running_version(self) -> str | None:
        """Return the version whose process the init script started."""
        try:
            pid = int((self.state / "agent.pid").read_text())
            entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        name = b"OPENINSPECTOR_AGENT_VERSION_FOLDER="
        found = [entry.removeprefix(name) for entry in entries if entry.startswith(name)]
        return Path(found[0].decode()).name if found else None

    def close(self) -> None:
        """Stop whatever still runs, each by its id."""
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "environ").read_bytes()
            except OSError:
                continue
            if f"OPENINSPECTOR_ROOT={self.root}\0".encode() in words:
                os.kill(int(process.name), signal.SIGKILL)


def wait_for(what: Callable[[], object], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "the awaited condition did not occur"
        time.sleep(0.05)
