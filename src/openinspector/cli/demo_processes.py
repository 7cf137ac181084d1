"""The demo's processes: a service and an agent, started, remembered and stopped."""

import configparser
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from openinspector.model.errors import OpenInspectorError

if TYPE_CHECKING:
    from botocore.client import BaseClient

    from openinspector.service.assembly import Stores
    from openinspector.service.settings import Settings

_TIMEOUT_SECONDS: Final = 30.0
_USER: Final = "demo"
ANY_PORT: Final = "127.0.0.1:0"
QUICK_HEARTBEATS: Final[Mapping[str, str]] = {
    "OPENINSPECTOR_HEARTBEAT_SECONDS": "5",
    "OPENINSPECTOR_FEEDS_SYNC_HOURS": "0",
    "OPENINSPECTOR_COLLECTING_HEARTBEAT_SECONDS": "5",
}


class DemoError(OpenInspectorError):
    """A process of the demo did not start; its log has the reason."""


class DemoProcesses:
    """Starts the demo's processes in ``folder`` and finds them in a later process by their pid files."""

    def __init__(self, folder: Path, settings: Mapping[str, str] = QUICK_HEARTBEATS) -> None:
        self._folder = folder
        self._settings = settings
        self.data_dir = folder / "service"
        self.credentials_file = folder / "credentials"
        self.ca_file = self.data_dir / "tls" / "ca.pem"
        self._agent_dir = folder / "agent"

    def start_service(self) -> str:
        """Start the service and return its URL."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        endpoint = self.data_dir / "endpoint"
        endpoint.unlink(missing_ok=True)
        listen = self._settings.get("OPENINSPECTOR_LISTEN") or ("127.0.0.1:8443" if _is_free(8443) else ANY_PORT)
        arguments = ("-m", "openinspector.cli", "serve", "--data-dir", str(self.data_dir), "--listen", listen)
        process = self._start("service", arguments, self._settings)
        self._wait(process, "service", lambda: endpoint.is_file() and _answers(endpoint.read_text().strip()))
        return endpoint.read_text().strip()

    def access_key(self) -> tuple[str, str]:
        """Return the demo user's key id and secret, made and written to the credentials file once."""
        from openinspector.service.app.access_keys import FULL_ACCESS
        from openinspector.service.certificates import write_private
        from openinspector.service.store_access import open_access_keys

        known = configparser.ConfigParser()
        known.read(self.credentials_file)
        stores = self.stores()
        if "default" in known and stores.access_keys.get(known["default"]["aws_access_key_id"]):
            return known["default"]["aws_access_key_id"], known["default"]["aws_secret_access_key"]
        made = open_access_keys(stores).create(_USER, FULL_ACCESS)
        text = f"[default]\naws_access_key_id = {made.id}\naws_secret_access_key = {made.secret}\n"
        write_private(self.credentials_file, text.encode())
        return made.id, made.secret

    def settings(self) -> "Settings":
        """Return the service's settings, independent of this process's environment."""
        from openinspector.service.settings import read_settings

        return read_settings({**self._settings, "OPENINSPECTOR_DATA_DIR": str(self.data_dir)})

    def stores(self) -> "Stores":
        """Open the service's stores in this process."""
        from openinspector.service.store_access import open_stores

        return open_stores(self.settings())

    def start_agent(self, url: str) -> str:
        """Enrol this host, start its agent, and return its id. The same host key gets the same id again."""
        settings = {
            "OPENINSPECTOR_AGENT_STATE_DIRECTORY": str(self._agent_dir),
            "OPENINSPECTOR_AGENT_ENDPOINT": url,
            "OPENINSPECTOR_AGENT_PROXY": "",
        }
        enrolled = subprocess.run(  # noqa: S603 - our own module, by this very interpreter
            [sys.executable, "-m", "openinspector.agent", "enrol", "--ca", str(self.ca_file), "--token", "-"],
            input=self.join_token(),
            env=_environment(settings),
            capture_output=True,
            text=True,
            check=False,
        )
        if enrolled.returncode != 0:
            raise DemoError(f"this host was not enrolled: {enrolled.stderr.strip()}")
        agent_id = enrolled.stdout.strip()
        process = self._start("agent", ("-m", "openinspector.agent", "run"), settings)
        self._wait(process, "agent", self._heard_of(agent_id))
        return agent_id

    def _heard_of(self, agent_id: str) -> Callable[[], bool]:
        """Return a function that returns True once the agent has sent a heartbeat."""
        from openinspector.model.agent import AgentHealth, AgentId
        from openinspector.service.system_clock import SystemClock

        clock, store = SystemClock(), self.stores().agents
        began = clock.now()

        def is_heard_of() -> bool:
            for agent in store.agents_by_id([AgentId(agent_id)]):
                contact = agent.last_heartbeat_at
                return contact is not None and contact >= began and agent.health(clock.now()) is AgentHealth.HEALTHY
            return False

        return is_heard_of

    def join_token(self, uses: int = 1) -> str:
        """Return a fresh join token whose hosts carry the demo's tag."""
        from openinspector.model.asset import Tag
        from openinspector.service.app.enrolment import Grant, create_token
        from openinspector.service.system_clock import SystemClock

        now = SystemClock().now()
        grant = Grant(tags=(Tag(key="Demo", value="this host"),), uses=uses, expires_at=now + timedelta(hours=1))
        return create_token(self.stores().agents, grant, now, os.urandom)

    def console_link(self, url: str) -> str:
        """Return a link that signs the demo's user in to the console once."""
        from openinspector.cli.console_users import sign_in_link
        from openinspector.service.ports.user_store import ConsoleRole
        from openinspector.service.store_access import open_users

        stores = self.stores()
        users = open_users(stores)
        if stores.users.get(_USER) is None:
            users.create(_USER, ConsoleRole.ADMINISTRATOR)
        return sign_in_link(self.settings(), users, _USER, timedelta(hours=12), url)

    def client(self, url: str, key: tuple[str, str], service: str = "inspector") -> "BaseClient":
        """Return a boto3 client of the demo's service."""
        from openinspector.cli.client import make_session

        return make_session().client(
            service,
            endpoint_url=url,
            verify=str(self.ca_file),
            region_name="us-east-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
        )

    def service_pid(self) -> int:
        """Return the service's process id."""
        return int((self._folder / "service.pid").read_text())

    def stop_agent(self) -> None:
        """Stop only the agent."""
        self._stop("agent")

    def stop(self) -> tuple[str, ...]:
        """Stop the running processes, the agent first; return their names."""
        return tuple(name for name in ("agent", "service") if self._stop(name))

    def _start(self, name: str, arguments: Sequence[str], extra: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with (self._folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 - our own modules, by this very interpreter
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(extra),
                start_new_session=True,
            )
        (self._folder / f"{name}.pid").write_text(f"{process.pid}\n")
        return process

    def _wait(self, process: subprocess.Popen[bytes], name: str, is_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not is_up():
            if process.poll() is not None or time.monotonic() > deadline:
                log = self._folder / f"{name}.log"
                last = log.read_text(errors="replace").splitlines()[-5:]
                raise DemoError(f"the {name} did not start:\n" + "\n".join(last), advice=f"See {log}.")
            time.sleep(0.05)

    def _stop(self, name: str) -> bool:
        pid_file = self._folder / f"{name}.pid"
        if not pid_file.is_file():
            return False
        pid = int(pid_file.read_text())
        was_ours = _is_ours(pid)
        if was_ours:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _TIMEOUT_SECONDS
            while _is_ours(pid) and time.monotonic() < deadline:
                _reap(pid)
                time.sleep(0.05)
        pid_file.unlink()
        return was_ours


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment with its openinspector settings replaced by ``settings``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENINSPECTOR_")}
    return {**kept, **settings}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _answers(url: str) -> bool:
    host, _, port = url.removeprefix("https://").rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def _is_ours(pid: int) -> bool:
    """Return True if ``pid`` is a process of openinspector: pids are reused."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"openinspector" in command


def _reap(pid: int) -> None:
    """Reap a child of this process; do nothing for a process that is not a child."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
